"""The verbs of an ODE beside solving it: short methods, each of which calls its room, which loads then."""
