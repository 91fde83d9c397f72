"""Networks of continuous depth: two moons, a disc in a ring, handwritten digits.

Run as ``python examples/continuous_network.py out``; pictures and films are written to the folder ``out``. Needs
scikit-learn: ``pip install 'dydt[learn]'``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, make_moons
from sklearn.model_selection import train_test_split

import dydt


def disc_in_ring(count: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points of a disc (class 0) and of a ring around it (class 1): the concentric circles of Dupont et al. (2019)."""
    random = np.random.default_rng(seed)
    outside = np.arange(count) % 2
    low, high = np.where(outside, 1.0, 0.0), np.where(outside, 1.5, 0.5)
    radius = np.sqrt(random.uniform(low**2, high**2))
    angle = random.uniform(0.0, 2.0 * np.pi, count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), outside


def moons(folder: Path) -> None:
    X, y = make_moons(400, noise=0.15, random_state=0)
    X, asked, y, right = train_test_split(X, y, random_state=0)
    network = dydt.ContinuousClassifier(augment=0, random_state=0).fit(X, y)
    print(f"two moons: {network.score(asked, right):.1%} of new points are right, in {network.depth_} steps")
    for name, dark in (("", False), ("-dark", True)):
        network.regions(X, y).plot(folder / f"moons{name}.png", dark=dark, title="Two moons")
        network.flow(X, y).plot(folder / f"moons-flow{name}.png", dark=dark, title="Two moons, on their way")
    network.flow(X, y).animate(folder / "moons.gif", title="Two moons, on their way")


def rings(folder: Path) -> None:
    """Paths in the plane can't cross: what is inside stays inside. One further dimension is a way out.

    In the plane the network can only pull the disc out between two samples of the ring, and so gets a part of every
    circle round the disc wrong.
    """
    X, y = disc_in_ring()
    angle = np.linspace(0.0, 2.0 * np.pi, 2000)
    circle = 1.25 * np.column_stack([np.cos(angle), np.sin(angle)])
    for augment, title in (
        (0, "In the plane, the ring holds the disc"),
        (1, "With a third dimension it does not"),
    ):
        network = dydt.ContinuousClassifier(augment=augment, energy=1e-3, max_iter=300, random_state=0).fit(
            X, y
        )
        lost = np.count_nonzero(network.predict(circle) != 1)
        print(
            f"disc in a ring, {2 + augment} dimensions: {network.score(X, y):.1%} of the points are right, "
            f"{lost} of {len(circle)} places on a circle round the disc are wrong, energy {network.energy_:.3g}"
        )
        stream = network.flow(X, y)
        name = "rings-augmented" if augment else "rings-plain"
        along = ("x1", "x3") if augment else None
        stream.plot(folder / f"{name}.png", title=title, along=along)
        stream.plot(folder / f"{name}-dark.png", title=title, along=along, dark=True)
        stream.animate(folder / f"{name}.gif", title=title, along=along)
        network.regions(X, y).plot(folder / f"{name}-regions.png", title=title)


def digits(folder: Path) -> None:
    X, y = load_digits(return_X_y=True)
    X, asked, y, right = train_test_split(X, y, test_size=0.2, random_state=0, stratify=y)
    began = time.perf_counter()
    network = dydt.ContinuousClassifier(energy=1e-4, random_state=0).fit(X, y)
    seconds = time.perf_counter() - began
    print(
        f"digits: {network.score(asked, right):.1%} of new ones are right, after {seconds:.1f} s of training"
    )
    stream = network.flow(asked, right)
    stream.plot(folder / "digits.png", title="Handwritten digits, from 64 pixels to their classes")
    stream.plot(
        folder / "digits-dark.png", dark=True, title="Handwritten digits, from 64 pixels to their classes"
    )


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    moons(folder)
    rings(folder)
    digits(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
