"""The continuous network: scikit-learn's handwritten digits, beside scikit-learn's own layers in the same run.

Both see the same four fifths of the 1797 digits and are asked about the same last fifth, once for each seed, which also
deals the parts. Seconds are those of `fit`, machine code from the cache included.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

import dydt
from benchmarks.tables import grid

SEEDS = 5
NAMES = {
    "dydt": "dydt.ContinuousClassifier()",
    "dydt short": "dydt.ContinuousClassifier(max_iter=20)",
    "sklearn": "MLPClassifier(), features standardised",
    "sklearn same": 'MLPClassifier((32, 32), activation="tanh", max_iter=50), the same',
}


def _networks(seed: int) -> dict[str, Any]:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def layers(**options: Any) -> Any:
        return make_pipeline(StandardScaler(), MLPClassifier(random_state=seed, **options))

    return {
        "dydt": dydt.ContinuousClassifier(random_state=seed),
        "dydt short": dydt.ContinuousClassifier(max_iter=20, random_state=seed),
        "sklearn": layers(),
        "sklearn same": layers(hidden_layer_sizes=(32, 32), activation="tanh", max_iter=50),
    }


def run(quick: bool = False) -> dict[str, Any]:
    """Train each on the digits, once a seed."""
    from sklearn.datasets import load_digits
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import train_test_split

    X, y = load_digits(return_X_y=True)
    rows: dict[str, dict[str, list[float]]] = {name: {"seconds": [], "accuracy": []} for name in NAMES}
    dydt.ContinuousClassifier(max_iter=1).fit(X[:200], y[:200])  # compiled before the clock runs
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    for seed in range(2 if quick else SEEDS):
        seen, asked, classes, right = train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)
        for name, network in _networks(seed).items():
            began = time.perf_counter()
            network.fit(seen, classes)
            seconds = time.perf_counter() - began
            rows[name]["seconds"].append(seconds)
            rows[name]["accuracy"].append(float(network.score(asked, right)))
            print(f"{NAMES[name]:70} {seconds:6.2f} s  {rows[name]['accuracy'][-1]:.1%}")
    return {"digits": rows}


def text(results: dict) -> str:
    """As Markdown."""
    rows = []
    for name, row in results["digits"].items():
        accuracy = row["accuracy"]
        rows.append(
            [
                NAMES[name],
                f"{np.median(row['seconds']):.2f} s",
                f"{np.median(accuracy):.1%}",
                f"{min(accuracy):.1%} to {max(accuracy):.1%}",
            ]
        )
    head = ["network", "time of fit", "right, of 360 new digits", "over the seeds"]
    return f"scikit-learn's digits: medians over {len(accuracy)} seeds.\n\n{grid(head, rows)}"
