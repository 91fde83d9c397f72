"""dydt: write down how things change; see what happens."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public names and where they live. They load on first use, so that importing dydt costs next to nothing.
_HOMES = {
    "ODE": "dydt.ode",
    "Solution": "dydt.solution",
    "Ensemble": "dydt.ensemble",
    "Check": "dydt.trust",
    "Event": "dydt.expr.happen",
    "load": "dydt.storage",
    "learn": "dydt.learning.learn",
    "ContinuousClassifier": "dydt.learning.estimators",
    "ContinuousRegressor": "dydt.learning.estimators",
    "METHODS": "dydt.solvers.methods",
    "DydtError": "dydt.errors",
    "LawError": "dydt.errors",
    "InputError": "dydt.errors",
    "SolveError": "dydt.errors",
    "SolveWarning": "dydt.errors",
    "where": "dydt.expr.graph",
    "minimum": "dydt.expr.graph",
    "maximum": "dydt.expr.graph",
    "gallery": "dydt.gallery",
    "figures": "dydt.album",
    "derivative": "dydt.calculus.derivative",
    "integral": "dydt.calculus.integral",
    "motion": "dydt.calculus.motion",
    "read_data": "dydt.learning.data",
    "Data": "dydt.learning.data",
}

__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from dydt import gallery as gallery
    from dydt.album import figures as figures
    from dydt.calculus.derivative import derivative as derivative
    from dydt.calculus.integral import integral as integral
    from dydt.calculus.motion import motion as motion
    from dydt.ensemble import Ensemble as Ensemble
    from dydt.errors import DydtError as DydtError
    from dydt.errors import InputError as InputError
    from dydt.errors import LawError as LawError
    from dydt.errors import SolveError as SolveError
    from dydt.errors import SolveWarning as SolveWarning
    from dydt.expr.graph import maximum as maximum
    from dydt.expr.graph import minimum as minimum
    from dydt.expr.graph import where as where
    from dydt.expr.happen import Event as Event
    from dydt.learning.data import Data as Data
    from dydt.learning.data import read_data as read_data
    from dydt.learning.estimators import ContinuousClassifier as ContinuousClassifier
    from dydt.learning.estimators import ContinuousRegressor as ContinuousRegressor
    from dydt.learning.learn import learn as learn
    from dydt.ode import ODE as ODE
    from dydt.solution import Solution as Solution
    from dydt.solvers.methods import METHODS as METHODS
    from dydt.storage import load as load
    from dydt.trust import Check as Check


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'dydt' has no attribute {name!r}")
    module = importlib.import_module(home)
    value = getattr(module, name, module)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
