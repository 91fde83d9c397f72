"""The verbs of an ODE that look at a law in other ways than solving it: each calls its room, which loads then."""

from __future__ import annotations


class Verbs:
    """What can be asked of a law besides its solution."""
