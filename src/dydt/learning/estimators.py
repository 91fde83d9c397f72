"""Networks of continuous depth as scikit-learn estimators: a classifier and a regressor."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dydt.errors import InputError, SolveWarning, listed
from dydt.learning.block import Block, Misfit, NetworkLoss, Shape, cross_entropy, half_squares, lift
from dydt.learning.choices import check_choices, check_count
from dydt.learning.continuous import Plan, Trained, gather_rows, sizes_of, train_block
from dydt.learning.views import Regions, Stream
from dydt.ode import ODE
from dydt.progress import Progress, is_watched

try:
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        ClassNamePrefixFeaturesOutMixin,
        RegressorMixin,
        TransformerMixin,
    )
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError:
    raise InputError("this needs scikit-learn: pip install 'dydt[learn]'") from None

Array = Any

_FEW = 1000  # samples up to which all of them are looked at at once
_IDENTITY = 16  # features up to which they are the state themselves, unless said otherwise
_LIFTED = 32  # dimensions of the state that more features are mapped to
_ROUNDS = {"lbfgs": 200, "adam": 50}
_CELLS = 120  # of the sides of a map of regions


class ContinuousNetwork(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What the classifier and the regressor share. Not to be used by itself."""

    shape_: Shape
    learned_: Array
    depth_: int
    loss_curve_: list[float]

    def __init__(
        self,
        hidden: Sequence[int] = (32,),
        *,
        activation: str = "tanh",
        dimensions: int | str | None = "auto",
        augment: int = 2,
        time_dependent: bool = True,
        tolerance: float = 1e-2,
        method: str = "bs3",
        precision: str = "double",
        solver: str = "auto",
        batch_size: int = 64,
        learning_rate: float = 5e-3,
        max_iter: int | None = None,
        tol: float = 1e-4,
        n_iter_no_change: int = 20,
        decay: float = 1e-3,
        energy: float = 1e-3,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        random_state: Any = None,
        progress: bool = True,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.dimensions = dimensions
        self.augment = augment
        self.time_dependent = time_dependent
        self.tolerance = tolerance
        self.method = method
        self.precision = precision
        self.solver = solver
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.decay = decay
        self.energy = energy
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.random_state = random_state
        self.progress = progress

    def _goes_on(self) -> bool:
        """Whether `fit` goes on from where the last one ended."""
        return bool(self.warm_start) and hasattr(self, "learned_")

    # -- training -------------------------------------------------------------------------------------------------

    def _train(
        self, features: Array, targets: Array, weights: Array, misfit: Misfit, strata: Array | None = None
    ) -> None:
        """Train on rows of features, targets and weights; held-out samples have the classes `strata` in proportion."""
        seeds = check_random_state(self.random_state)
        random = np.random.default_rng(seeds.randint(2**31 - 1))
        goes_on = self._goes_on()
        if not goes_on:
            self.centre_, self.width_ = sizes_of(features, weights)
        shape = self._shape(features.shape[1], targets.shape[1])
        if goes_on and shape != self.shape_:
            raise InputError(
                "warm_start goes on with the same features, outputs and layers, and these have changed: set "
                "warm_start=False to begin anew"
            )
        self.shape_ = shape
        block = Block(shape, self.method, self.tolerance, precision=self.precision)
        if goes_on:
            block.steps = self.depth_
        inputs = (features - self.centre_) / self.width_
        held = None
        if self.early_stopping:
            inputs, targets, weights, held = self._hold_out((inputs, targets, weights), strata, seeds)
        loss = NetworkLoss(block, misfit, inputs, targets, self.decay, self.energy, weights)
        start = self.learned_ if goes_on else shape.start(random)
        trained = self._run(loss, start, random, held)
        self.learned_, self.depth_ = trained.z, block.steps
        before = self.loss_curve_ if goes_on else []
        self.loss_curve_ = [*before, *trained.losses]
        self.n_iter_ = len(trained.losses)
        self.energy_ = loss.energy_of(trained.z)
        if held is not None:
            self.validation_curve_ = trained.held
        if trained.falls:
            warnings.warn(
                f"the network blew up {_times(trained.falls)} in training, which went on from the best so far "
                "with shorter steps; a smaller learning_rate may do better",
                SolveWarning,
                stacklevel=3,
            )

    def _run(
        self,
        loss: NetworkLoss,
        start: Array,
        random: np.random.Generator,
        held: tuple[Array, Array, Array] | None,
    ) -> Trained:
        solver = self.solver
        if solver == "auto":
            solver = "lbfgs" if len(loss.inputs) <= _FEW else "adam"
        plan = Plan(
            solver,
            self.max_iter or _ROUNDS[solver],
            self.batch_size,
            self.learning_rate,
            self.tol,
            self.n_iter_no_change,
        )
        bar = Progress("training", "rounds") if self.progress and is_watched() else None

        def watch(number: int, trained: Trained) -> None:
            if bar is not None:
                seen = f", held out {trained.held[-1]:.3g}" if trained.held else ""
                bar.say(f"loss {trained.losses[-1]:.3g}{seen}, {loss.block.steps} steps")
                bar((number + 1) / plan.rounds, number + 1)

        try:
            return train_block(loss, start, plan, random, held, watch)
        finally:
            if bar is not None:
                bar.close()

    def _shape(self, features: int, outputs: int) -> Shape:
        dimensions = self.dimensions
        if dimensions == "auto":
            dimensions = None if features <= _IDENTITY else _LIFTED
        hidden = tuple(int(size) for size in self.hidden)
        return Shape(
            features,
            outputs,
            dimensions,  # type: ignore[arg-type]
            self.augment,
            hidden,
            self.activation,
            bool(self.time_dependent),
        )

    def _hold_out(
        self, rows: tuple[Array, Array, Array], strata: Array | None, seeds: Any
    ) -> tuple[Array, Array, Array, tuple[Array, Array, Array]]:
        """Samples to train on, and samples that tell when to stop."""
        if strata is not None:
            held = math.ceil(self.validation_fraction * len(strata))
            counts = np.unique(strata, return_counts=True)[1]
            enough = counts.min() > 1 and min(held, len(strata) - held) >= len(counts)
            strata = strata if enough else None
        parts = train_test_split(
            *rows, test_size=self.validation_fraction, random_state=seeds, stratify=strata
        )
        return parts[0], parts[2], parts[4], (parts[1], parts[3], parts[5])

    # -- what it computes -----------------------------------------------------------------------------------------

    def _starts(self, X: Array) -> tuple[Block, Array, Mapping[str, Array]]:
        """The block, where the rows of X enter it, and what was learned."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        parts = self.shape_.split(self.learned_)
        block = Block(self.shape_, self.method, self.tolerance, self.depth_, precision=self.precision)
        return block, lift(self.shape_, parts, (X - self.centre_) / self.width_), parts

    def _outputs(self, X: Array) -> Array:
        """What is read out for the rows of X."""
        block, starts, parts = self._starts(X)
        ends, _, _ = block.solve(starts, parts["weights"])
        return ends @ parts["readout"] + parts["bias"]

    def transform(self, X: Array) -> Array:
        """Where the flow carries the rows of X: the state at t = 1, which the read-out sees."""
        block, starts, parts = self._starts(X)
        return block.solve(starts, parts["weights"])[0]

    @property
    def _n_features_out(self) -> int:
        return int(self.shape_.state)

    def depth(self, X: Array) -> Array:
        """How many steps each row of X takes from t = 0 to t = 1, for errors below the tolerance."""
        block, starts, parts = self._starts(X)
        return block.solve(starts, parts["weights"])[1]

    def flow(self, X: Array, y: Any = None, times: Any = None) -> Stream:
        """The points as they move through the block.

        Parameters
        ----------
        X : array_like, shape (points, features)
        y : array_like, optional
            What tells them apart in pictures; by default what is predicted for them.
        times : array_like or int, optional
            Between 0 and 1, ascending, or how many of them, evenly spread.

        Returns
        -------
        Stream
            With `t`, `states` (times, points, dimensions), ``.plot()`` and ``.animate(path)``.
        """
        block, starts, parts = self._starts(X)
        if np.ndim(times) == 0:
            times = 61 if times is None else times
            check_count("times", times, 2, "or the times themselves")
            times = np.linspace(0.0, 1.0, int(times))
        t = np.asarray(times, dtype=float)
        if t.ndim != 1 or not len(t) or not np.all((t >= 0) & (t <= 1)) or np.any(np.diff(t) <= 0):
            raise InputError("times ascend from 0, where the block begins, to 1, where it ends")
        labels = np.asarray(self.predict(X) if y is None else y)
        if len(labels) != len(starts):
            raise InputError(f"y has {len(labels)} entries, and there are {len(starts)} points")
        states = block.follow(starts, parts["weights"], t)
        return Stream(t, states, tuple(self.ode_.states), labels)

    @property
    def ode_(self) -> ODE:
        """The block as a law like any other: x' = network(x, t)."""
        check_is_fitted(self)
        weights = map(float, self.shape_.split(self.learned_)["weights"])
        return ODE(self.shape_.law(), values=dict(zip(self.shape_.network.weights, weights, strict=True)))

    def regions(self, X: Array, y: Any, cells: int = _CELLS) -> Regions:
        """What is predicted all over the plane of two features, around the points of X.

        Parameters
        ----------
        X : array_like, shape (points, 2)
        y : array_like
            Their classes or values.
        cells : int
            How many places along each side are asked for.

        Returns
        -------
        Regions
            With ``.plot()``.
        """
        check_is_fitted(self)
        points = validate_data(self, X, dtype=np.float64, reset=False)
        if points.shape[1] != 2:
            raise InputError(f"regions are drawn for two features, and there are {points.shape[1]}")
        labels, classes = np.asarray(y), getattr(self, "classes_", None)
        if len(labels) != len(points):
            raise InputError(f"y has {len(labels)} entries, and there are {len(points)} points")
        if classes is not None and not np.all(known := np.isin(labels, classes)):
            raise InputError(
                f"y holds `{labels[~known][0]}`, which is no class of the network: {listed(map(str, classes))}"
            )
        check_count("cells", cells, 2)
        low, high = points.min(axis=0), points.max(axis=0)
        margin = 0.12 * np.where(high > low, high - low, 1.0)
        first, second = (np.linspace(a, b, cells) for a, b in zip(low - margin, high + margin, strict=True))
        grid = np.stack(np.meshgrid(first, second), axis=-1)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "X does not have valid feature names")  # the grid has none
            values = self._map(grid.reshape(-1, 2)).reshape(cells, cells, -1)
        names = tuple(map(str, getattr(self, "feature_names_in_", ("u1", "u2"))))
        return Regions(first, second, values, points, labels, names, classes)


class ContinuousClassifier(ClassifierMixin, ContinuousNetwork):
    """A classifier of continuous depth: a flow that carries points to where a plane can tell them apart.

        x(0) = (A u + a, 0),   x' = network(x, t) for 0 ≤ t ≤ 1,   scores = C x(1) + c,

    with the features u standardised. As many steps are taken as the accuracy asks for, in training and for each point
    that is asked about. It is trained on the exact gradient of the discrete solution, in lanes and threads.

    Parameters
    ----------
    hidden : sequence of int
        Neurons of the network's hidden layers.
    activation : str
        tanh, softplus, sigmoid, swish, relu or sin.
    dimensions : int, None or "auto"
        Of the state that a learned linear map takes the features to; None: the features are the state. By default
        up to 16 features are the state, and more are mapped to 32 dimensions.
    augment : int
        Further dimensions, which start at zero, so that paths have room to pass each other.
    time_dependent : bool
        Whether the network is told the time.
    tolerance : float
        Of the error of a step, for states of a size near one.
    method : str
        An explicit Runge–Kutta method with an error estimate.
    precision : "double" or "single"
        Of the numbers in the flow and its gradient. Large networks are trained up to twice as fast in single precision.
    solver : "auto", "lbfgs" or "adam"
        By default L-BFGS on all samples for up to 1000 of them, else Adam on a few at a time.
    batch_size, learning_rate
        Of Adam; the steps of its last passes are shorter, down to zero.
    max_iter : int, optional
        Most iterations of L-BFGS, or passes of Adam over the samples; by default 200, or 50.
    tol, n_iter_no_change
        Training stops when a loss has not gained this part of itself in so many rounds.
    decay : float
        Weight decay: ½ decay |matrices|² is added to the mean loss. Noisy samples want more of it (0.01), or
        `early_stopping`.
    energy : float
        Kinetic energy: energy ∫ |x'|² dt is added to the mean loss, which keeps paths straight and steps few.
    early_stopping : bool
        Whether to hold out `validation_fraction` of the samples, and to keep what is best for them.
    warm_start : bool
        Whether `fit` goes on from where the last one ended.
    random_state : int, RandomState or None
    progress : bool
        Show a bar if training takes more than a second and somebody is watching.

    Attributes
    ----------
    classes_ : ndarray
    depth_ : int
        Steps that training ended with.
    energy_ : float
        Mean kinetic energy of the training points.
    n_iter_ : int
    loss_curve_ : list of float
    validation_curve_ : list of float
        The misfit of held-out samples, with `early_stopping`.
    ode_ : ODE
        The block as a law like any other: solve it, draw its portrait, save it.

    Raises
    ------
    InputError
        If an option can't be used.

    Notes
    -----
    R. T. Q. Chen et al., Neural ordinary differential equations, NeurIPS 2018, arXiv:1806.07366; augmented dimensions:
    E. Dupont et al., arXiv:1904.01681; energy: C. Finlay et al., arXiv:2002.02798.

    Examples
    --------
    >>> import dydt, numpy as np
    >>> angle = np.arange(40)
    >>> X = np.where(angle % 2, 1.0, 2.0)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    >>> rings = dydt.ContinuousClassifier(augment=1, random_state=0).fit(X, angle % 2)
    >>> rings.score(X, angle % 2)
    1.0
    >>> rings.flow(X).states.shape  # 61 times, 40 points, two features and one further dimension
    (61, 40, 3)
    """

    classes_: Array

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None) -> ContinuousClassifier:
        """Train on rows of features and their classes; `sample_weight` says how much each row counts."""
        X, y = validate_data(self, X, y, dtype=np.float64, reset=not self._goes_on())
        check_choices(self)
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        codes = np.asarray(codes)
        if self._goes_on():
            if not np.all(np.isin(classes, self.classes_)):
                raise InputError("warm_start goes on with the classes it knows, and there are new ones in y")
            classes, codes = self.classes_, np.asarray(np.searchsorted(self.classes_, y))
        self.classes_ = classes
        rows = gather_rows(X, np.eye(len(classes))[codes], _weights(sample_weight, X))
        self._train(*rows, cross_entropy, rows[1].argmax(axis=1))
        return self

    def decision_function(self, X: Array) -> Array:
        """Scores of the classes; for two classes, how much the second one's is above the first one's."""
        scores = self._outputs(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_proba(self, X: Array) -> Array:
        """Probabilities of the classes."""
        scores = self._outputs(X)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X: Array) -> Array:
        """Their logarithms."""
        scores = self._outputs(X)
        scores = scores - scores.max(axis=1, keepdims=True)
        return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))

    def predict(self, X: Array) -> Array:
        """The most probable classes."""
        outputs = self._outputs(X)
        return self.classes_[np.argmax(outputs, axis=1)]

    _map = predict_proba


class ContinuousRegressor(RegressorMixin, ContinuousNetwork):
    """A regressor of continuous depth: a flow that carries points to where what is sought is linear.

    Parameters, attributes and sources are those of `ContinuousClassifier`; `y` may have several columns.

    Examples
    --------
    >>> import dydt, numpy as np
    >>> X = np.linspace(-3, 3, 100)[:, None]
    >>> curve = dydt.ContinuousRegressor(random_state=0).fit(X, np.sin(X[:, 0]))
    >>> curve.score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None) -> ContinuousRegressor:
        """Train on rows of features and of what belongs to them; `sample_weight` says how much each row counts."""
        check_choices(self)
        X, y = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, reset=not self._goes_on()
        )
        targets = np.asarray(y, dtype=float).reshape(len(X), -1)
        features, targets, weights = gather_rows(X, targets, _weights(sample_weight, X))
        if not self._goes_on():
            self.target_centre_, self.target_width_ = sizes_of(targets, weights)
            self._is_flat = np.ndim(y) == 1
        targets = (targets - self.target_centre_) / self.target_width_
        self._train(features, targets, weights, half_squares)
        return self

    def predict(self, X: Array) -> Array:
        """What belongs to rows of features."""
        found = self._map(X)
        return found[:, 0] if self._is_flat else found

    def _map(self, X: Array) -> Array:
        return self._outputs(X) * self.target_width_ + self.target_centre_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags


def _weights(given: Array | None, X: Array) -> Array:
    """How much each row counts."""
    weights = _check_sample_weight(given, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.sum() > 0.0:
        raise InputError("sample_weight is zero for all samples: at least one of them must count")
    return weights


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
