"""Draw the pictures of the README and of these pages: ``python docs/make_pictures.py [NAME …]``.

Each is what one call draws. They are then made small: 1200 pixels wide at most, and few colours.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import make_moons

import dydt
from dydt.learning.experiment import hudson_bay

FOLDER = Path(__file__).parent / "pictures"
WIDTH = 1200
COLOURS = 128
LARGEST = 150_000


def figure(name: str) -> Callable[[Path], object]:
    """One of the figures of the article."""

    def draw(path: Path) -> None:
        drawn = dydt.figures(path.parent, only=[name])
        drawn.files[0].replace(path)

    return draw


def car(path: Path) -> None:
    dydt.motion("-t^2 + 10*t", on=(0, 10)).plot(path=path)


def field(path: Path) -> None:
    dydt.ODE("y' = 3*y").field(t=(0, 1), y=(-2, 4)).plot(path=path)


def spring(path: Path) -> None:
    dydt.ODE("x'' = -x - 0.1*x'").solve(t=(0, 40), values={"x": 2, "x'": 0}).plot(path=path)


def foxes(path: Path) -> None:
    dydt.gallery.lotka_volterra().solve(t=(0, 18), x=2, y=1).plot(path=path, title="Rabbits and foxes")


def closed_form(path: Path) -> None:
    dydt.ODE("y' = 2*y*t + t").explain(y=0).plot(path=path)


def steps(path: Path) -> None:
    tripling = dydt.ODE("y' = 3*y")
    tripling.steps(["euler", "heun", "rk4"], h=[0.5, 0.2, 0.1], t=(0, 2), y=1).plot(path=path)


def errors(path: Path) -> None:
    tripling = dydt.ODE("y' = 3*y")
    made = tripling.steps(["euler", "heun", "rk4"], h=[0.5, 0.2, 0.1, 0.05, 0.02], t=(0, 2), y=1)
    made.plot_errors(path=path)


def stability(path: Path) -> None:
    dydt.gallery.damped_oscillator().stability_region("rk4", h=1.2).plot(path=path)


def butterfly(path: Path) -> None:
    dydt.gallery.lorenz().butterfly().plot(path=path)


def pendulum(path: Path) -> None:
    law = dydt.ODE("x'' = -sin(x) - 0.2*x'")
    law.portrait({"x": (-4, 8), "x'": (-4, 4)}).plot(path=path, title="A pendulum with friction")


def fan(path: Path) -> None:
    runs = dydt.gallery.lorenz().sweep(t=(0, 4), x=1, y=0, z=0, r=np.linspace(12, 28, 49), saveat=0.01)
    runs.plot("x", "z", path=path)


def forecast(path: Path) -> None:
    random = np.random.default_rng(0)
    foxes = dydt.gallery.lotka_volterra()
    t = np.sort(random.uniform(0, 12, 350))
    truth = foxes.solve(t=(0, 18), x=2, y=1)
    measured = truth(t) + 0.01 * random.normal(size=(350, 2))
    law = dydt.learn({"t": t, "x": measured[:, 0], "y": measured[:, 1]}, hidden=(16, 32))
    picture = law.solve(t=(t[0], 18)).plot(title="Learned up to t = 12, forecast to t = 18")
    axes = picture.axes[0]
    for k, line in enumerate(axes.lines[:2]):
        axes.plot(t, measured[:, k], ".", color=line.get_color(), markersize=4, alpha=0.45, zorder=1)
        later = np.linspace(0, 18, 400)
        axes.plot(later, truth(later)[:, k], "--", color=picture.theme.ink, linewidth=0.9, zorder=3)
    picture.savefig(path)


def moons_flow(path: Path) -> None:
    X, y = make_moons(400, noise=0.15, random_state=0)
    network = dydt.ContinuousClassifier(random_state=0).fit(X, y)
    network.flow(X, y).plot(path, title="Two moons on their way")


def moons_regions(path: Path) -> None:
    X, y = make_moons(400, noise=0.15, random_state=0)
    network = dydt.ContinuousClassifier(random_state=0).fit(X, y)
    network.regions(X, y).plot(path, title="Two moons")


def fit(path: Path) -> None:
    law = dydt.ODE("hare' = a*hare - b*hare*lynx; lynx' = d*hare*lynx - g*lynx")
    law.fit(hudson_bay(), hare=30, lynx=4).plot(path=path, title="Hares and lynxes of the Hudson Bay")


PICTURES: dict[str, Callable[[Path], object]] = {
    **{
        name: figure(name)
        for name in (
            "secant-to-tangent",
            "rising-falling-flat",
            "infinitesimal-rectangle",
            "partition",
            "lotka-volterra",
            "lorenz",
            "repulsor",
        )
    },
    "car": car,
    "field": field,
    "spring": spring,
    "foxes": foxes,
    "closed-form": closed_form,
    "steps": steps,
    "errors": errors,
    "stability": stability,
    "butterfly": butterfly,
    "pendulum": pendulum,
    "fan": fan,
    "forecast": forecast,
    "moons-flow": moons_flow,
    "moons-regions": moons_regions,
    "fit": fit,
}


def shrink(path: Path, target: Path) -> int:
    """Write a picture smaller, with as many colours as its size allows; gives how many bytes it has."""
    picture = Image.open(path).convert("RGB")
    width = WIDTH
    while True:
        height = round(picture.height * min(1.0, width / picture.width))
        small = picture.resize((min(width, picture.width), height), Image.Resampling.LANCZOS)
        colours = COLOURS
        while colours >= 32:
            small.quantize(colours, dither=Image.Dither.NONE).save(target, optimize=True)
            if target.stat().st_size <= LARGEST:
                return target.stat().st_size
            colours //= 2
        width = round(0.85 * width)


def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        for name in names or PICTURES:
            path = Path(temporary) / f"{name}.png"
            PICTURES[name](path)
            size = shrink(path, FOLDER / f"{name}.png")
            print(f"{name}.png  {size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
