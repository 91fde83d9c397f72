"""A law as a file that runs without dydt: C99 or Python with NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dydt.errors import InputError, nearest
from dydt.expr.network import Network
from dydt.kernels.source import PYTHON, C, activation, all_networks, body, identifier

if TYPE_CHECKING:
    from dydt.ode import ODE

# What C99 lacks, by name. NaN goes through; the remainder has the sign of b.
_HELPERS = {
    "least": "double least(double a, double b) { return a < b || a != a ? a : b; }",
    "greatest": "double greatest(double a, double b) { return a > b || a != a ? a : b; }",
    "remainder_of": """double remainder_of(double a, double b) {
    double r = fmod(a, b);
    return r != 0.0 && (r < 0.0) != (b < 0.0) ? r + b : r;
}""",
    "sign_of": "double sign_of(double a) { return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : a; }",
    "step_of": "double step_of(double a) { return a >= 0.0 ? 1.0 : a < 0.0 ? 0.0 : a; }",
}


def export(ode: ODE, path: str | Path) -> Path:
    """Write the law as ``.c`` or ``.py``.

    Raises
    ------
    InputError
        For another suffix, a folder that does not exist, or a law that can't be said there.
    """
    path = Path(path)
    writers = {".c": as_c, ".py": as_python}
    if path.suffix not in writers:
        seen = f"`{path.suffix}`" if path.suffix else "no suffix"
        raise InputError(
            f"a law is exported as .c or .py, and `{path.name}` has {seen}{nearest(path.suffix, writers)}"
        )
    if not path.parent.is_dir():
        raise InputError(f"`{path.name}` can't be written: there is no folder `{path.parent}`; make it first")
    if ode.equations.mass is not None:
        raise InputError("a law with constraints is not one of the form y' = f(t, y), and can't be exported")
    path.write_text(writers[path.suffix](ode), encoding="utf-8")
    return path


def _about(ode: ODE) -> list[str]:
    from dydt.expr.write import write_law

    return [
        "A law of change, exported by dydt:",
        "",
        *("    " + line for line in write_law(ode.equations).split("\n")),
    ]


def _values(ode: ODE) -> list[str]:
    return ["NAN" if value is None else repr(float(value)) for value in ode.parameters.values()]


def _wrapped(items: Sequence[str], width: int = 100) -> str:
    """Items with commas between them, over several lines."""
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) > width:
            lines.append(line)
            line = ""
        line += item + ", "
    return "\n    ".join([*lines, line.rstrip(", ")])


# -- C ------------------------------------------------------------------------------------------------------------


def as_c(ode: ODE) -> str:
    """The law as C99: ``void law(double t, const double *y, const double *p, double *dydt)``.

    >>> import dydt
    >>> "dydt[0] = " in as_c(dydt.ODE("x' = -k*x", k=2))
    True
    """
    law = ode.equations
    known = {law.independent: "t"}
    known |= {name: f"y[{i}]" for i, name in enumerate(law.states)}
    known |= {name: f"p[{i}]" for i, name in enumerate(law.parameters)}
    lines, results = body(C, law.derivatives, known)
    lines += [f"dydt[{i}] = {result};" for i, result in enumerate(results)]
    called = [_network_in_c(network, list(law.parameters)) for network in all_networks(law)]
    said = "\n".join([*lines, *called])
    about = "\n".join(" * " + line if line else " *" for line in _about(ode))
    parts = [
        f"/*\n{about}\n */",
        "#include <math.h>\n",
        f"enum {{ STATES = {len(law.states)}, PARAMETERS = {len(law.parameters)} }};\n",
        f"const char *const state_names[] = {{{_quoted(law.states)}}};",
        f"const char *const parameter_names[] = {{{_quoted(law.parameters) or 'NULL_NAME'}}};",
        f"const double parameter_values[] = {{\n    {_wrapped(_values(ode) or ['0.0'])}}};",
        "\n".join(f"static {text}" for name, text in _HELPERS.items() if f"{name}(" in said),
        *called,
        "void law(double t, const double *y, const double *p, double *dydt)\n{",
        "    (void)t;",
        "    (void)p;",
        *("    " + line for line in lines),
        "}\n",
    ]
    return "\n".join(parts).replace("NULL_NAME", '""')


def _quoted(names: Sequence[str] | dict[str, float | None]) -> str:
    return _wrapped([f'"{name}"' for name in names])


def _network_in_c(network: Network, parameters: list[str]) -> str:
    """``static void v_nn(const double *in, const double *p, double *out)``."""
    first = parameters.index(network.weights[0])
    lines = [f"static void {identifier(network.name)}(const double *in, const double *p, double *out)", "{"]
    source = "in"
    assignments, result = activation(C, network)
    for number, layer in enumerate(network.layers):
        last = layer is network.layers[-1]
        target = "out" if last else f"a{number}"
        if not last:
            lines.append(f"    double {target}[{layer.outputs}];")
        lines += [
            f"    for (int j = 0; j < {layer.outputs}; ++j) {{",
            f"        double z = p[{first + layer.biases} + j];",
            f"        for (int i = 0; i < {layer.inputs}; ++i)",
            f"            z += p[{first + layer.first} + i * {layer.outputs} + j] * {source}[i];",
            *([] if last else ["        " + line for line in assignments]),
            f"        {target}[j] = {'z' if last else result};",
            "    }",
        ]
        source = target
    return "\n".join([*lines, "}\n"])


# -- Python -------------------------------------------------------------------------------------------------------


def as_python(ode: ODE) -> str:
    """The law as a Python module with NumPy: ``law(t, y, p=PARAMETERS)``, as `scipy.integrate.solve_ivp` takes it.

    >>> import dydt
    >>> "def law(t, y, p=PARAMETERS):" in as_python(dydt.ODE("x' = -k*x", k=2))
    True
    """
    law = ode.equations
    known = {law.independent: "t"}
    known |= {name: f"y[{i}]" for i, name in enumerate(law.states)}
    known |= {name: f"p[{i}]" for i, name in enumerate(law.parameters)}
    lines, results = body(PYTHON, law.derivatives, known)
    has_special = any("special." in line for line in lines)
    values = [value.replace("NAN", "np.nan") for value in _values(ode)]
    weights = {name for network in all_networks(law) for name in network.weights}
    names = [name for name in law.parameters if name not in weights]
    parts = [
        '"""' + "\n".join(_about(ode)).replace("\\", "\\\\") + '\n"""\n',
        "import numpy as np" + ("\nfrom scipy import special" if has_special else "") + "\n",
        f"STATES = {list(law.states)!r}",
        f"PARAMETER_NAMES = {names!r}",
        f"PARAMETERS = np.array([\n    {_wrapped(values)}\n])\n",
        *(_network_in_python(network, list(law.parameters)) for network in all_networks(law)),
        "",
        "def law(t, y, p=PARAMETERS):",
        '    """The derivatives of the states."""',
        *("    " + line for line in lines),
        f"    return np.array([{', '.join(results)}])",
        "",
    ]
    return "\n".join(parts)


def _network_in_python(network: Network, parameters: list[str]) -> str:
    first = parameters.index(network.weights[0])
    lines = ["", f"def {identifier(network.name)}(x, p):", "    a = np.array(x)"]
    assignments, result = activation(PYTHON, network)
    for layer in network.layers:
        start, middle, end = (first + at for at in (layer.first, layer.biases, layer.end))
        lines.append(
            f"    z = a @ p[{start}:{middle}].reshape({layer.inputs}, {layer.outputs}) + p[{middle}:{end}]"
        )
        if layer is not network.layers[-1]:
            lines += ["    " + line for line in assignments]
            lines.append(f"    a = {result}")
    return "\n".join([*lines, "    return z", ""])
