"""Solutions that the tests of pictures look at."""

import functools
from pathlib import Path

import dydt

GALLERY = Path(dydt.__file__).parent / "gallery"


@functools.cache
def solved(name, **options):
    """A law of the gallery, solved from its own text."""
    return dydt.ODE((GALLERY / f"{name}.ode").read_text(encoding="utf-8")).solve(**options)
