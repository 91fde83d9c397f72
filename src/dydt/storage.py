"""Laws on disk: the text of the law and the weights of its networks, as data. Loading a file runs no code."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.errors import DydtError, InputError
from dydt.expr.network import networks

if TYPE_CHECKING:
    from dydt.ode import ODE

_VERSION = 1


def save(ode: ODE, path: str | Path) -> Path:
    """Write the law to a ``.npz`` file, as a whole or not at all.

    Raises
    ------
    InputError
        For another suffix or a folder that does not exist.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise InputError(
            f"a law is saved as .npz, and `{path.name}` is not; a law without networks is text: str(law)"
        )
    if not path.parent.is_dir():
        raise InputError(f"`{path.name}` can't be written: there is no folder `{path.parent}`; make it first")
    arrays: dict[str, Any] = {
        "dydt": np.array(_VERSION),
        "law": np.array(str(ode)),
        "independent": np.array(ode.independent),
    }
    arrays |= {f"weights {name}": weights for name, weights in ode.weights.items()}
    if ode.seen is not None:
        arrays["seen"] = ode.seen
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
        np.savez(file, **arrays)
    os.replace(file.name, path)
    return path


def load(path: str | Path) -> ODE:
    """The law that was saved to a file.

    Parameters
    ----------
    path : str or Path
        What `ODE.save` wrote.

    Raises
    ------
    InputError
        If there is no such file, or it is none of ours.

    Examples
    --------
    >>> import dydt, tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "law.npz"
    >>> _ = dydt.ODE("x' = -k*x; k = 2; x(0) = 1").save(path)
    >>> dydt.load(path).parameters
    {'k': 2.0}
    """
    from dydt.ode import ODE

    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file `{path}`")
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            kept = {name: file[name] for name in file.files}
        law, independent = str(kept["law"]), str(kept["independent"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"`{path.name}` is no law saved by dydt: {error}") from None
    if int(kept["dydt"]) > _VERSION:
        raise InputError(f"`{path.name}` was saved by a later version of dydt")
    try:
        ode = ODE(law, independent=independent)
    except DydtError as error:
        raise InputError(f"the law in `{path.name}` can't be read: {error}") from None
    for network in networks(ode.equations.derivatives):
        weights = kept.get(f"weights {network.name}")
        if weights is None and ode.parameters[network.weights[0]] is None:
            continue
        if weights is None or weights.shape != (network.count,) or weights.dtype.kind != "f":
            raise InputError(f"`{path.name}` does not hold the {network.count} weights of `{network.name}`")
        ode.parameters |= dict(zip(network.weights, map(float, weights), strict=True))
    seen = kept.get("seen", np.empty(0))
    if seen.ndim == 2 and seen.shape[1] == len(ode.states) and seen.dtype.kind == "f":
        ode.seen = seen
    return ode
