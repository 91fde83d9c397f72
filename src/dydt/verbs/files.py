"""The verbs that carry a law elsewhere: to a file, to C and Python, to JAX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dydt.errors import InputError
from dydt.expr.write import latex_law
from dydt.verbs.unconstrained import unconstrained

if TYPE_CHECKING:
    from dydt.expr.equations import Equations
    from dydt.ode import ODE


class FileVerbs:
    """A law in files and other libraries."""

    def __reduce__(self) -> Any:
        """Copies, also for other processes, say the same law and compile it again."""
        law = cast("ODE", self)
        return (
            _copied,
            (law.equations, law.parameters, law.text),
            {"training": law.training, "seen": law.seen},
        )

    def to_latex(self) -> str:
        r"""The equations in LaTeX.

        Examples
        --------
        >>> import dydt
        >>> print(dydt.ODE("x' = -alpha*x").to_latex())
        \begin{aligned}x' &= -\alpha x\end{aligned}
        """
        return latex_law(cast("ODE", self).equations)

    def _repr_latex_(self) -> str:
        return f"$${self.to_latex()}$$"

    def save(self, path: str | Path) -> Path:
        """Write the law, the weights of its networks included, to a ``.npz`` file; `dydt.load` reads it back.

        The file is data: the text of the law and arrays of numbers. Loading it runs no code.

        Raises
        ------
        InputError
            For another suffix or a folder that does not exist.
        """
        from dydt.storage import save

        return save(cast("ODE", self), path)

    def export(self, path: str | Path) -> Path:
        """Write the law as source text that runs without dydt: ``.c`` (C99) or ``.py`` (NumPy).

        Raises
        ------
        InputError
            For another suffix, a folder that does not exist, or a law with constraints.

        Examples
        --------
        >>> import dydt, pathlib, tempfile
        >>> path = dydt.ODE("x' = -k*x; k = 2").export(pathlib.Path(tempfile.mkdtemp()) / "law.c")
        >>> "void law(double t, const double *y, const double *p, double *dydt)" in path.read_text()
        True
        """
        from dydt.export import export

        return export(cast("ODE", self), path)

    def to_jax(self) -> tuple[Callable[[Any, Any, Any], Any], dict[str, Any]]:
        """The law as a JAX function ``f(t, y, p)``, and its parameters as that takes them (extra `jax`).

        `y` has the states on its last axis; `p` is a dict of the parameters by name, with one array for the weights of
        each network. JAX can differentiate, vectorise and compile it, and run it on a GPU. It computes in single
        precision, unless told otherwise by ``jax.config.update("jax_enable_x64", True)``.

        Raises
        ------
        InputError
            If JAX is not installed, or a parameter has no value.
        """
        from dydt.kernels.jax import jax_function, parameters_of

        ode = _trained(unconstrained(self, "the JAX function"))
        return jax_function(ode.equations), parameters_of(ode.equations, ode.parameters)

    def to_equinox(self) -> Any:
        """The law as an Equinox module with trainable leaves, as diffrax takes it: ``f(t, y, args)`` (extra `jax`).

        Raises
        ------
        InputError
            If JAX or Equinox is not installed, or a parameter has no value.
        """
        from dydt.kernels.jax import equinox_module

        ode = _trained(unconstrained(self, "the JAX module"))
        return equinox_module(ode.equations, ode.parameters)


def _copied(equations: Equations, parameters: dict[str, float | None], text: str) -> ODE:
    """A law as it was, with nothing compiled."""
    from dydt.ode import ODE

    made = ODE(equations)
    made.parameters, made.text = dict(parameters), text
    return made


def _trained(ode: ODE) -> ODE:
    """The law, if its networks have weights."""
    for name, weights in ode.weights.items():
        if np.isnan(weights).any():
            raise InputError(f"the network `{name}` has no weights yet: law.fit(data) finds them")
    return ode
