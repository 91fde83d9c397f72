"""The verbs that carry a law elsewhere: to a file, to C and Python, to JAX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dydt.verbs.unconstrained import unconstrained

if TYPE_CHECKING:
    from dydt.ode import ODE


class FileVerbs:
    """A law in files and other libraries."""

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
        each network. JAX can differentiate, vectorise and compile it, and run it on a GPU.

        Raises
        ------
        InputError
            If JAX is not installed, or a parameter has no value.
        """
        from dydt.kernels.jax import jax_function, parameters_of

        ode = unconstrained(self, "the JAX function")
        return jax_function(ode.equations), parameters_of(ode.equations, ode.parameters)

    def to_equinox(self) -> Any:
        """The law as an Equinox module with trainable leaves, as diffrax takes it: ``f(t, y, args)`` (extra `jax`).

        Raises
        ------
        InputError
            If JAX or Equinox is not installed, or a parameter has no value.
        """
        from dydt.kernels.jax import equinox_module

        ode = unconstrained(self, "the JAX module")
        return equinox_module(ode.equations, ode.parameters)
