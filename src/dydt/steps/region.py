"""The stability of a method: where in the complex plane a step makes y' = λy smaller, and where a law's λ lie."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dydt.brief import brief
from dydt.errors import InputError
from dydt.expr.derive import jacobian
from dydt.kernels.numpy import evaluate
from dydt.solvers.tableaus import Tableau, tableau

if TYPE_CHECKING:
    from dydt.ode import ODE

Array = Any

_FINE = 1e-12  # |R| may exceed 1 by this, for the rounding of coefficients
_FARTHEST = 200.0  # along a ray, where a bounded region surely has ended


@dataclass(frozen=True)
class StabilityRegion:
    """A method on y' = λy: one step multiplies y by R(z), z = hλ.

    Attributes
    ----------
    method, title : str
    coefficients : tuple of float
        Of R(z) = 1 + c₁ z + c₂ z² + …, the lowest first.
    real, imaginary : float
        The method is stable for real z from -`real` to 0, and for imaginary z up to ±i·`imaginary`.
    eigenvalues : tuple of complex
        Of the Jacobian of the law, where it was asked.
    t : float
        Where that was; and the state:
    state : dict
    h : float or None
    largest_h : float or None
        The largest step with which no decaying or steady part of the law grows; 0 if every step lets one grow,
        None if no eigenvalue has anything against large steps.
    """

    method: str
    title: str
    coefficients: tuple[float, ...]
    real: float
    imaginary: float
    eigenvalues: tuple[complex, ...] = ()
    t: float = 0.0
    state: dict[str, float] | None = None
    h: float | None = None
    largest_h: float | None = None

    __repr__ = brief

    def __call__(self, z: Any) -> Any:
        """R(z), for numbers and arrays.

        >>> stability_of("euler")(-2.0)
        -1.0
        """
        total: Any = 0.0
        for coefficient in reversed(self.coefficients):
            total = total * z + coefficient
        return total

    def contains(self, z: Any) -> Any:
        """Whether |R(z)| ≤ 1."""
        return np.abs(self(z)) <= 1 + _FINE

    @property
    def points(self) -> tuple[complex, ...]:
        """h λ of every eigenvalue; none without a step."""
        return () if self.h is None else tuple(self.h * value for value in self.eigenvalues)

    @property
    def is_stable(self) -> bool | None:
        """Whether, at this step, nothing grows that the law itself does not let grow; None without a step."""
        if self.h is None:
            return None
        return all(bool(self.contains(z)) for z in self.points if z.real <= _steady(z))

    @property
    def formula(self) -> str:
        """R(z) in words of the language.

        >>> stability_of("heun").formula
        '1 + z + z^2/2'
        """
        return " + ".join(_term(value, power) for power, value in enumerate(self.coefficients) if value)

    def __str__(self) -> str:
        lines = [f"{self.title}: one step makes y of y' = λy  R(z) y, with z = hλ"]
        formula = f"R(z) = {self.formula}"
        lines.append(formula if len(formula) <= 100 else f"R(z) of degree {len(self.coefficients) - 1}")
        sideways = (
            f"for imaginary z up to ±{self.imaginary:.6g}i" if self.imaginary else "for no imaginary z but 0"
        )
        lines.append(f"|R| ≤ 1 for real z from {-self.real:.6g} to 0, and {sideways}")
        if self.eigenvalues:
            where = ", ".join(f"{name} = {value:.6g}" for name, value in (self.state or {}).items())
            lines.append(f"eigenvalues of the law at {where or f't = {self.t:g}'}:")
        for value in self.eigenvalues:
            z = "" if self.h is None else f"   hλ = {_complex(self.h * value)}"
            size = "" if self.h is None else f"   |R| = {abs(self(self.h * value)):.4g}"
            lines.append(f"  λ = {_complex(value)}{z}{size}")
        if self.largest_h is not None:
            lines.append(
                f"steps are stable up to h = {self.largest_h:.6g}"
                if self.largest_h
                else "no step is stable: what should neither grow nor shrink grows a little with each"
            )
            if self.h is not None:
                word = "stable" if self.is_stable else "not stable: errors grow with each step"
                lines.append(f"h = {self.h:g} is {word}")
        elif self.eigenvalues:
            lines.append("nothing in the law shrinks here, so stability sets no limit to h")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """As plain data; complex numbers are pairs."""
        pairs = [[value.real, value.imag] for value in self.eigenvalues]
        return {
            "method": self.method,
            "coefficients": list(self.coefficients),
            "real": self.real,
            "imaginary": self.imaginary,
            "eigenvalues": pairs,
            "h": self.h,
            "largest h": self.largest_h,
            "stable": self.is_stable,
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def _repr_latex_(self) -> str:
        terms = [_term(value, power, True) for power, value in enumerate(self.coefficients) if value]
        return "$$R(z) = " + " + ".join(terms) + "$$"

    def plot(self, path: Any = None, **options: Any) -> Any:
        """The region |R(z)| ≤ 1, with hλ in it; see `dydt.plotting.stability_region.region`."""
        from dydt.plotting.stability_region import region

        return region(self, path=path, **options)


def stability_of(method: str) -> StabilityRegion:
    """The stability of an explicit method alone.

    R(z) = 1 + Σₖ (bᵀ Aᵏ⁻¹ 1) zᵏ (Hairer, Wanner, Solving ODEs II, 2nd ed., IV.2, eq. 2.10).

    >>> round(stability_of("rk4").real, 3), round(stability_of("rk4").imaginary, 3)
    (2.785, 2.828)
    """
    return _bare(tableau(method))


def stability_region(
    ode: ODE, method: str, h: float | None, t: float | None, named: Mapping[str, float]
) -> StabilityRegion:
    """The stability of a method on a law; see `ODE.stability_region`."""
    if h is not None and not (np.isfinite(h) and h > 0):
        raise InputError(f"h must be a positive number, and is {h!r}")
    bare = stability_of(method)
    law = ode.equations
    start = law.start if law.start is not None else law.span[0] if law.span else 0.0
    parameters = ode.parameter_values(named)
    state = ode.initial_state(named, parameters, start)
    inputs = dict(zip(ode.parameters, parameters, strict=True)) | {ode.independent: start if t is None else t}
    inputs |= dict(zip(ode.states, state, strict=True))
    matrix = np.zeros((len(state), len(state)))
    entries = jacobian(law)
    for (i, j), value in zip(entries, evaluate(list(entries.values()), inputs), strict=True):
        matrix[i, j] = value
    if not np.isfinite(matrix).all():
        raise InputError("the Jacobian of the law is not finite there: choose another state or time")
    eigenvalues = tuple(complex(value) for value in np.linalg.eigvals(matrix))
    return StabilityRegion(
        bare.method,
        bare.title,
        bare.coefficients,
        bare.real,
        bare.imaginary,
        eigenvalues,
        start if t is None else t,
        dict(zip(ode.states, map(float, state), strict=True)),
        h,
        _largest_step(bare, eigenvalues),
    )


def _bare(method: Tableau) -> StabilityRegion:
    a = np.zeros((method.stages, method.stages))
    for i, row in enumerate(method.a):
        a[i, :i] = row
    coefficients = [1.0]
    vector = np.ones(method.stages)
    for power in range(1, method.stages + 1):
        value = float(np.dot(method.b, vector))
        coefficients.append(1 / float(_factorial(power)) if power <= method.order else value)
        vector = a @ vector
    while abs(coefficients[-1]) < 1e-16:
        coefficients.pop()
    found = StabilityRegion(method.name, method.title, tuple(coefficients), 0.0, 0.0)
    return StabilityRegion(
        method.name, method.title, found.coefficients, reach(found, -1.0 + 0j), reach(found, 1j)
    )


def _factorial(n: int) -> int:
    return n * _factorial(n - 1) if n else 1


def reach(method: StabilityRegion, direction: complex) -> float:
    """How far the region of stability goes from 0 along a ray.

    >>> round(reach(stability_of("euler"), -1), 9), reach(stability_of("euler"), 1j)
    (2.0, 0.0)
    """
    direction = direction / abs(direction)
    # Near 0 the first coefficient of |R(s d)|² - 1 that is not zero decides; further on, the first sign change.
    powers = np.array([c * direction**k for k, c in enumerate(method.coefficients)])
    square = np.real(np.convolve(powers, np.conj(powers)))
    square[0] = 0.0
    leading = square[np.abs(square) > _FINE]
    if not len(leading) or leading[0] > 0:
        return 0.0

    def excess(s: Any) -> Any:
        return np.abs(method(s * direction)) - 1.0

    along = np.linspace(0.0, _FARTHEST, 40_001)
    beyond = np.flatnonzero(excess(along) > 1e-11)
    if not len(beyond):
        return _FARTHEST
    low, high = float(along[beyond[0] - 1]), float(along[beyond[0]])
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if excess(middle) > 0 else (middle, high)
    return high


def _largest_step(method: StabilityRegion, eigenvalues: tuple[complex, ...]) -> float | None:
    limits = [
        reach(method, value) / abs(value) for value in eigenvalues if value.real <= _steady(value) and value
    ]
    return min(limits) if limits else None


def _steady(value: complex) -> float:
    """How large a real part may be that is zero but for rounding."""
    return 1e-12 * abs(value)


def _complex(value: complex) -> str:
    if abs(value.imag) <= 1e-14 * abs(value.real):
        return f"{value.real:.6g}"
    sign = "+" if value.imag > 0 else "-"
    real = "" if value.real == 0 else f"{value.real:.6g} {sign} "
    return f"{real or ('-' if sign == '-' else '')}{abs(value.imag):.6g}i"


def _term(value: float, power: int, latex: bool = False) -> str:
    """A term of R(z), with 1/k as a fraction where it is one."""
    letter = "" if power == 0 else "z" if power == 1 else f"z^{{{power}}}" if latex else f"z^{power}"
    inverse = 1 / value
    if abs(inverse - round(inverse)) < 1e-9 * abs(inverse) and abs(inverse) >= 1:
        below = round(inverse)
        if below == 1:
            return letter or "1"
        return rf"\frac{{{letter or 1}}}{{{below}}}" if latex else f"{letter or 1}/{below}"
    return f"{value:.6g}{' ' if latex else '*'}{letter}"
