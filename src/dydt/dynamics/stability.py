"""What kind of equilibrium a point is: by the linear part, and where that does not decide, by what lies beyond it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dydt.dynamics.flow import Flow

Array = Any

_ROUNDING = 1e-13  # of the Jacobian, relative to its size
_DEFECTIVE = 1e-6  # the most that rounding moves eigenvalues that are nearly one
_EQUAL = 1e-6  # eigenvalues this near each other are one
_RADII = (1e-2, 3e-3)  # around an equilibrium, in sizes of its surroundings


@dataclass(frozen=True)
class Kind:
    """What an equilibrium is.

    Attributes
    ----------
    name : str
        As textbooks call it: ``"stable node"``, ``"saddle"``, ``"centre"`` …
    stability : str
        ``"attractor"``, ``"repulsor"``, ``"saddle"``, ``"neither"`` or ``"undecided"``.
    decided_by : str
        What decides.
    """

    name: str
    stability: str
    decided_by: str = "linear part"


@dataclass(frozen=True, eq=False)
class Place:
    """An equilibrium with its linear part, to be classified.

    Attributes
    ----------
    flow : Flow
    point : ndarray, shape (n,)
    size : ndarray, shape (n,)
        How large its surroundings are along each state.
    jacobian : ndarray, shape (n, n)
    eigenvalues : ndarray, shape (n,), complex
        Largest real part first.
    eigenvectors : ndarray, shape (n, n), complex
        Columns.
    blur : float
        How exactly the Jacobian is known, relative to its size.
    invariant : callable
        Gives a conserved quantity of the law, a function of points, or None; asked only where it matters.
    """

    flow: Flow
    point: Array
    size: Array
    jacobian: Array
    eigenvalues: Array
    eigenvectors: Array
    blur: float = _ROUNDING
    invariant: Callable[[], Callable[[Array], Array] | None] = lambda: None

    @cached_property
    def real_parts(self) -> Array:
        """Real parts, those that are 0 but for rounding made so."""
        real = self.eigenvalues.real.copy()
        real[np.abs(real) <= self.tiny] = 0.0
        return real

    @cached_property
    def turns(self) -> Array:
        """Which eigenvalues have an imaginary part that is more than rounding."""
        return np.abs(self.eigenvalues.imag) > self.tiny

    @cached_property
    def tiny(self) -> Array:
        """How far rounding may have moved each eigenvalue: farther, the more parallel the eigenvectors are."""
        size = max(float(np.abs(self.jacobian).max()), 1e-300)
        try:
            across = np.linalg.norm(np.linalg.inv(self.eigenvectors), axis=-1)
        except np.linalg.LinAlgError:
            across = np.full(len(self.eigenvalues), np.inf)
        return size * np.clip(self.blur * across, self.blur, max(_DEFECTIVE, self.blur))


def place(
    flow: Flow, point: Array, size: Array, blur: float = _ROUNDING, invariant: Any = lambda: None
) -> Place:
    """The linear part at a point."""
    jacobian = flow.jacobian(point)
    values, vectors = _spectrum(jacobian)
    order = np.lexsort([-values.imag, -values.real])
    return Place(flow, point, size, jacobian, values[order], vectors[:, order], blur, invariant)


def _spectrum(jacobian: Array) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors; none where the Jacobian is not finite."""
    n = len(jacobian)
    if not np.all(np.isfinite(jacobian)):
        return np.zeros(0, dtype=complex), np.zeros((n, 0), dtype=complex)
    values, vectors = np.linalg.eig(jacobian)
    return values.astype(complex), vectors.astype(complex)


def classify(at: Place) -> Kind:
    """The kind of an equilibrium (Strogatz, Nonlinear Dynamics and Chaos, 2nd ed., sections 5.2 and 6.3–6.6)."""
    real = at.real_parts
    if len(at.point) == 1 and (not len(real) or real[0] == 0):
        return on_a_line(at)
    if not len(real):
        return Kind("degenerate point", "undecided", "nothing: the law has no linear part there")
    if np.all(real != 0):
        return hyperbolic(at)
    still = np.flatnonzero(real == 0)
    turning = still[at.turns[still]]
    others = np.delete(real, still)
    if np.any(others > 0) and np.any(others < 0):
        return saddle(at)  # whatever happens slowly, it is left along one direction and reached along another
    if len(still) == 2 and len(turning) == 2:
        return turning_slowly(at, others)
    if len(still) == 1:
        return along_centre_manifold(at, others)
    if len(still) == len(turning) == len(real):
        return by_what_surrounds(at, "elliptic point")
    return by_what_surrounds(at, "degenerate point")


def hyperbolic(at: Place) -> Kind:
    """All real parts differ from zero: the linear part decides (Hartman and Grobman)."""
    real, n = at.real_parts, len(at.eigenvalues)
    if np.any(real > 0) and np.any(real < 0):
        return saddle(at)
    word, stability = ("unstable", "repulsor") if real[0] > 0 else ("stable", "attractor")
    if np.any(at.turns):
        return Kind(f"{word} spiral", stability)
    if n == 2 and abs(at.eigenvalues[0] - at.eigenvalues[1]) <= _EQUAL * abs(at.eigenvalues[0]):
        rest = at.jacobian - np.eye(2) * at.eigenvalues.real.mean()
        star = np.abs(rest).max() <= _EQUAL * abs(at.eigenvalues[0])
        return Kind(f"{word} star" if star else f"{word} degenerate node", stability)
    return Kind(f"{word} node", stability)


def saddle(at: Place) -> Kind:
    """Reached along some directions, left along others."""
    return Kind("spiral saddle" if np.any(at.turns & (at.real_parts != 0)) else "saddle", "saddle")


# -- beyond the linear part -----------------------------------------------------------------------------------------


def on_a_line(at: Place) -> Kind:
    """One state: the signs of its change on both sides."""
    ahead, behind = (sign_beside(at, np.ones(1), side) for side in (1.0, -1.0))
    return by_sides(ahead, behind, "sign of the change on both sides")


def by_sides(ahead: int, behind: int, reason: str) -> Kind:
    """What a line does on both sides of a point: 1 leads up it, -1 down."""
    if ahead == 0 or behind == 0:
        return Kind("degenerate point", "undecided", "nothing: what is left is below rounding")
    if ahead == behind:
        return Kind("half-stable point", "neither", reason)
    return (
        Kind("stable node", "attractor", reason) if ahead < 0 else Kind("unstable node", "repulsor", reason)
    )


def sign_beside(at: Place, direction: Array, side: float) -> int:
    """Which way the change points just beside an equilibrium, along a direction; 0 if that is below rounding."""
    for radius in _RADII:
        put = at.point + side * radius * at.size * direction
        change = float(at.flow(put) @ direction)
        with np.errstate(all="ignore"):
            steep = float(np.nan_to_num(np.abs(at.flow.jacobian(put)).max(), posinf=0.0))
        if abs(change) > 1e-12 * steep * radius * float(np.max(at.size)) + 1e-300:
            return int(np.sign(np.nan_to_num(change)))
    return 0


def along_centre_manifold(at: Place, others: Array) -> Kind:
    """One eigenvalue 0: the change along the curve where the change in the other directions vanishes.

    In the plane this decides the kind (Andronov et al.; Perko, Differential Equations and Dynamical Systems,
    3rd ed., section 2.11, theorem 1), in more dimensions the stability (Carr, Applications of Centre Manifold
    Theory, 1981).
    """
    place = int(np.argmin(np.abs(at.eigenvalues)))
    right = at.eigenvectors[:, place].real
    right = right / np.max(np.abs(right) / at.size)
    values, left_vectors = np.linalg.eig(at.jacobian.T)
    left = left_vectors[:, int(np.argmin(np.abs(values)))].real
    left = left / (left @ right)
    ahead, behind = (_slow_change(at, right, left, side) for side in (1.0, -1.0))
    reason = "centre manifold"
    if ahead == 0 or behind == 0:
        return by_what_surrounds(at, "degenerate point")
    if ahead == behind:
        return Kind("saddle-node", "neither", reason)
    if len(others) == 0:
        return by_sides(ahead, behind, reason)
    if (ahead > 0) == bool(np.all(others > 0)):
        word, stability = ("unstable", "repulsor") if ahead > 0 else ("stable", "attractor")
        return Kind(f"{word} node", stability, reason)
    return Kind("saddle", "saddle", reason)


def _slow_change(at: Place, right: Array, left: Array, side: float) -> int:
    """The sign of the slow change on one side, on the curve where all fast change vanishes."""
    fast = np.eye(len(at.point)) - np.outer(right, left)
    for radius in _RADII:
        put = at.point + side * radius * right
        for _ in range(12):
            slopes = np.vstack([fast @ at.flow.jacobian(put), left])
            miss = np.append(fast @ at.flow(put), left @ (put - at.point) - side * radius)
            put = put - np.linalg.lstsq(slopes, miss, rcond=None)[0]
        change = float(left @ at.flow(put))
        noise = 1e-14 * float(np.abs(left) @ np.abs(at.flow.jacobian(put)) @ np.abs(put - at.point))
        if np.isfinite(change) and abs(change) > 10 * noise + 1e-300:
            return int(np.sign(change))
    return 0


def turning_slowly(at: Place, others: Array) -> Kind:
    """A pair ±iω, the rest hyperbolic: the first Lyapunov coefficient, else symmetry or what is conserved."""
    first, size = lyapunov_coefficient(at)
    rest = np.sign(others[0]) if len(others) else 0.0
    if abs(first) > 1e-9 * size:
        sign, reason = np.sign(first), "first Lyapunov coefficient"
        if rest and rest != sign:
            return Kind("spiral saddle", "saddle", reason)
        stable = sign < 0
        return Kind(
            "stable spiral" if stable else "unstable spiral", "attractor" if stable else "repulsor", reason
        )
    if len(others):
        return Kind("degenerate spiral", "undecided", "nothing: the first Lyapunov coefficient is 0")
    if is_linear(at):
        return Kind("centre", "neither", "the law is linear")
    if has_extremum(at):
        return Kind("centre", "neither", "conserved quantity")
    if is_reversible(at):
        return Kind("centre", "neither", "reversibility")
    return by_return_map(at)


def lyapunov_coefficient(at: Place) -> tuple[float, float]:
    """The first Lyapunov coefficient of a pair ±iω, and how large its terms are.

    l₁ = Re(⟨p, C(q, q, q̄)⟩ − 2⟨p, B(q, A⁻¹B(q, q̄))⟩ + ⟨p, B(q̄, (2iω − A)⁻¹B(q, q))⟩) / 2ω, Kuznetsov, Elements of
    Applied Bifurcation Theory, 3rd ed., equation 5.34. Negative: orbits are drawn in.
    """
    stretch = at.size  # lengths are measured in sizes of the surroundings
    a = at.jacobian * stretch / stretch[:, None]
    second, third = at.flow.curvatures(at.point)
    b = second * stretch[:, None] * stretch / stretch[:, None, None]
    c = third * stretch[:, None, None] * stretch[:, None] * stretch / stretch[:, None, None, None]
    values, vectors = np.linalg.eig(a)
    turning = int(np.argmax(np.where(np.abs(values.real) <= 2 * at.tiny.max(), values.imag, -np.inf)))
    omega = float(values[turning].imag)
    q = vectors[:, turning]
    left_values, left_vectors = np.linalg.eig(a.T)
    p = left_vectors[:, int(np.argmin(np.abs(left_values + 1j * omega)))]
    p = p / np.conj(np.vdot(p, q))

    def bend(u: Array, v: Array) -> Array:
        return np.einsum("ijk,j,k->i", b, u, v)

    still = np.linalg.solve(a.astype(complex), bend(q, q.conj()))
    double = np.linalg.solve(2j * omega * np.eye(len(a)) - a, bend(q, q))
    terms = [
        np.vdot(p, np.einsum("ijkl,j,k,l->i", c, q, q, q.conj())),
        -2 * np.vdot(p, bend(q, still)),
        np.vdot(p, bend(q.conj(), double)),
    ]
    size = sum(float(np.abs(term)) for term in terms)
    return float(sum(terms).real) / (2 * omega), max(size / (2 * omega), 1e-300)


def is_linear(at: Place) -> bool:
    """Whether the law has no curvature at all near the point."""
    ring = at.point + around(at, 0.3)
    straight = (ring - at.point) @ at.jacobian.T
    return bool(np.allclose(at.flow(ring), straight, rtol=0, atol=1e-12 * np.abs(straight).max()))


def around(at: Place, radius: float, count: int = 64) -> Array:
    """Steps to points all around: a circle in the plane, else scattered on a sphere."""
    n = len(at.point)
    if n == 2:
        angle = 2 * np.pi * (np.arange(count) + 0.37) / count
        directions = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    else:
        directions = np.random.default_rng(1).normal(size=(8 * count, n))
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    return radius * at.size * directions


def has_extremum(at: Place) -> bool:
    """Whether a conserved quantity of the law has a strict least or largest value there: orbits go around it."""
    conserved = at.invariant()
    if conserved is None:
        return False
    here = conserved(at.point)
    for radius in (1e-2, 1e-3):
        there = conserved(at.point + around(at, radius)) - here
        noise = 1e-13 * max(abs(float(here)), 1.0)
        if not (np.all(there > noise) or np.all(there < -noise)):
            return False
    return True


def is_reversible(at: Place) -> bool:
    """Whether a mirror through the point turns time around: f(Ru) = −R f(u), u measured from it."""
    steps = np.random.default_rng(2).uniform(-0.3, 0.3, (40, 2)) * at.size
    with np.errstate(all="ignore"):
        here = at.flow(at.point + steps)
    if not np.all(np.isfinite(here)):
        return False
    mirrors = [np.diag([1.0, -1.0]), np.diag([-1.0, 1.0])]
    mirrors += [np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, -1.0], [-1.0, 0.0]])]
    for mirror in mirrors:
        with np.errstate(all="ignore"):
            there = at.flow(at.point + steps @ mirror.T)
        if np.allclose(there, -here @ mirror.T, rtol=1e-10, atol=1e-12 * np.abs(here).max()):
            return True
    return False


def by_return_map(at: Place) -> Kind:
    """How much nearer or farther an orbit comes back after a turn, from two distances, solved tightly."""
    from dydt.dynamics.turns import drift_of_a_turn

    grows = [drift_of_a_turn(at, radius) for radius in (0.1, 0.05)]
    clear = [np.sign(g) if abs(g) > 1e-8 else 0.0 for g in grows]
    if clear[0] and clear[0] == clear[1]:
        reason = "return map, computed"
        if clear[0] < 0:
            return Kind("stable spiral", "attractor", reason)
        return Kind("unstable spiral", "repulsor", reason)
    return Kind(
        "centre or spiral", "undecided", "nothing: orbits come back to where they were, as far as computed"
    )


def by_what_surrounds(at: Place, name: str) -> Kind:
    """The linear part says little: a conserved quantity, or a field that points inwards or outwards all around."""
    if has_extremum(at):
        return Kind("centre", "neither", "conserved quantity")
    signs = []
    for radius in _RADII:
        steps = around(at, radius)
        field = at.flow(at.point + steps)
        outward = np.sum(field / at.size * steps / at.size, axis=-1)
        noise = 1e-12 * np.linalg.norm(field / at.size, axis=-1) * radius
        signs.append(1 if np.all(outward > noise) else -1 if np.all(outward < -noise) else 0)
    if signs[0] and signs[0] == signs[1]:
        reason = (
            "the field points inwards all around" if signs[0] < 0 else "the field points outwards all around"
        )
        return Kind(name, "attractor" if signs[0] < 0 else "repulsor", reason)
    return Kind(name, "undecided", "nothing: the linear part is too degenerate")
