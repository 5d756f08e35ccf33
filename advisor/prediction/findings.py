"""The paper's four findings, tested on any board's rows.

A finding holds, holds in part, does not hold, or cannot be told from what was measured; the numbers
that say so stand beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.prediction.bound import Bound, least_line_above
from advisor.prediction.measured_rows import MeasuredRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

HOLDS, IN_PART, NOT, UNTOLD = "holds", "holds in part", "does not hold", "cannot be told"
LEAST_NETWORKS = 5
EQUIVALENT = 0.10
"""Powers that differ from the mean by less than this share are as good as equal."""


@dataclass(frozen=True)
class Finding:
    """One finding on one board.

    Attributes:
        number: its number in the paper's summary.
        title: what the paper found.
        verdict: `HOLDS`, `IN_PART`, `NOT` or `UNTOLD`.
        said: why, in a sentence.
        numbers: what that rests on; units stand in the names.
    """

    number: int
    title: str
    verdict: str
    said: str
    numbers: Mapping[str, float]


def findings(evidence: MeasuredRows) -> tuple[Finding, ...]:
    """All four, in the paper's order."""
    return (
        power_is_constant(evidence),
        accuracy_is_hyperbolic(evidence),
        energy_bounds(evidence),
        operations_tell_time(evidence),
    )


def power_is_constant(evidence: MeasuredRows) -> Finding:
    """Whether net power depends on neither the network nor the batch size.

    Equivalence is tested for each network and each batch size: the 90 % interval of its mean must lie
    within +-10 % of the mean of all. A mean alone could not tell: it may hide opposite errors.
    """
    title = "power does not depend on the network or the batch size"
    known = evidence.where(~np.isnan(evidence.power_w))
    if len(set(known.names.tolist())) < LEAST_NETWORKS:
        return Finding(1, title, UNTOLD, "fewer than 5 networks have a measured power", {})
    power = known.power_w
    mean = float(np.mean(power))
    near = float(np.mean(np.abs(power / mean - 1) <= EQUIVALENT))
    groups = {"networks": known.names, "batch sizes": known.batch}
    equivalent = {what: _equivalent(power, labels) for what, labels in groups.items()}
    if not any(np.unique(known.names, return_counts=True)[1] > 1):
        said = "every network has one row, which tells nothing of its own spread"
        return Finding(1, title, UNTOLD, said, {"mean_w": mean, "rows": float(len(power))})
    all_equal = all(count == of for count, of in equivalent.values())
    verdict = HOLDS if all_equal else IN_PART if near >= 0.8 else NOT
    told = ", ".join(f"{count} of {of} {what}" for what, (count, of) in equivalent.items())
    said = (
        f"{mean:.1f} W on average, standard deviation {np.std(power, ddof=1):.2f} W; shown to be within "
        f"10 % of it: {told}; {near:.0%} of all rows lie there; networks explain "
        f"{explained(power, known.names):.0%} of the variance, batch sizes "
        f"{explained(power, known.batch):.0%}"
    )
    numbers = {
        "mean_w": mean,
        "standard_deviation_w": float(np.std(power, ddof=1)),
        "rows": float(len(power)),
        "share_of_rows_within_10_percent": near,
        "networks": float(equivalent["networks"][1]),
        "networks_equivalent": float(equivalent["networks"][0]),
        "batch_sizes": float(equivalent["batch sizes"][1]),
        "batch_sizes_equivalent": float(equivalent["batch sizes"][0]),
        "variance_share_of_networks": explained(power, known.names),
        "variance_share_of_batch_sizes": explained(power, known.batch),
    }
    return Finding(1, title, verdict, said, numbers)


def _equivalent(values: Floats, labels: NDArray[np.generic]) -> tuple[int, int]:
    """How many groups are shown to lie within the margin of the mean of all, and how many there are.

    Each by two one-sided tests at 5 %; a group of one value shows nothing.
    """
    from scipy.special import stdtrit

    mean = float(np.mean(values))
    groups = [values[labels == label] for label in np.unique(labels)]
    shown = 0
    for group in groups:
        if len(group) > 1:
            error = float(np.std(group, ddof=1)) / math.sqrt(len(group))
            half = float(stdtrit(len(group) - 1, 0.95)) * error
            shown += abs(float(np.mean(group)) - mean) + half <= EQUIVALENT * mean
    return shown, len(groups)


def explained(values: Floats, labels: NDArray[np.generic]) -> float:
    """The share of the variance that lies between groups (eta squared)."""
    groups = [values[labels == label] for label in np.unique(labels)]
    mean = float(np.mean(values))
    between = sum(len(group) * (float(np.mean(group)) - mean) ** 2 for group in groups)
    total = float(np.sum((values - mean) ** 2))
    return between / total if total else 0.0


SHAPES: Mapping[str, Callable[[Floats], Floats]] = {
    "hyperbolic": lambda time_ms: 1000 / time_ms,
    "logarithmic": np.log,
    "linear": lambda time_ms: time_ms,
}
"""What accuracy may be linear in, by the name of the law in time."""


def accuracy_is_hyperbolic(evidence: MeasuredRows) -> Finding:
    """Whether the best accuracy is a hyperbola in time, rather than logarithmic or linear in it.

    Tested on the networks that no faster one equals in accuracy, at the batch size that most ran, each
    held out in turn.
    """
    title = "the best accuracy is hyperbolic in time"
    batch = evidence.commonest_batch
    best = frontier(evidence.at(batch))
    if len(best) < LEAST_NETWORKS:
        said = f"only {len(best)} networks are on the frontier at batch {batch}"
        return Finding(2, title, UNTOLD, said, {"networks": float(len(best))})
    errors = {
        name: _held_out_rmse(shape(best.time_ms), best.top1) for name, shape in SHAPES.items()
    }
    least = min(errors.values())
    verdict = NOT
    if errors["hyperbolic"] == least:
        verdict = HOLDS
    elif errors["hyperbolic"] <= 1.25 * least:
        verdict = IN_PART
    told = ", ".join(f"{name} {error:.1f}" for name, error in errors.items())
    said = f"held-out error in points of accuracy, of {len(best)} networks at batch {batch}: {told}"
    numbers = {f"{name}_error_percent_points": error for name, error in errors.items()}
    numbers |= {"networks": float(len(best)), "batch": float(batch)}
    for size in sorted({1, batch} & set(evidence.batch.tolist())):
        bound = accuracy_bound(evidence.at(size))
        if bound is not None:
            numbers[f"bound_intercept_percent_batch_{size}"] = bound.intercept
            numbers[f"bound_slope_percent_per_fps_batch_{size}"] = bound.slope
    return Finding(2, title, verdict, said, numbers)


def accuracy_bound(evidence: MeasuredRows) -> Bound | None:
    """The least line above all (images/s, top-1); `None` where no accuracy is known."""
    known = evidence.where(~np.isnan(evidence.top1))
    return least_line_above(known.rate_fps, known.top1) if len(known) else None


def frontier(evidence: MeasuredRows) -> MeasuredRows:
    """The networks that no network as fast equals in accuracy."""
    known = evidence.where(~np.isnan(evidence.top1))
    better = []
    for time, top1 in zip(known.time_ms.tolist(), known.top1.tolist(), strict=True):
        as_good = (known.time_ms <= time) & (known.top1 >= top1)
        differs = (known.time_ms < time) | (known.top1 > top1)
        better.append(bool(np.any(as_good & differs)))
    return known.where(~np.array(better, dtype=np.bool_))


def _held_out_rmse(x: Floats, y: Floats) -> float:
    """Error of a line through all points but one, at that one."""
    off = []
    for place in range(len(x)):
        others = np.arange(len(x)) != place
        slope, intercept = np.polyfit(x[others], y[others], 1)
        off.append(intercept + slope * x[place] - y[place])
    return float(np.sqrt(np.mean(np.square(off))))


def energy_bounds(evidence: MeasuredRows) -> Finding:
    """Whether a limit on energy bounds both accuracy and operations.

    It does if the least line above all (images per joule, accuracy), and (images per joule,
    operations), falls: then what fits the limit reaches no further.
    """
    title = "an energy limit bounds accuracy and operations"
    batch = evidence.commonest_batch
    known = evidence.at(batch)
    told = ~np.isnan(known.power_w) & ~np.isnan(known.top1) & ~np.isnan(known.operations)
    known = known.where(told)
    if len(known) < LEAST_NETWORKS:
        said = f"fewer than {LEAST_NETWORKS} networks have a measured energy at batch {batch}"
        return Finding(3, title, UNTOLD, said, {})
    per_joule = 1 / known.energy_j
    accuracy = least_line_above(per_joule, known.top1)
    operations = least_line_above(per_joule, known.operations / 1e9)
    together = rank_correlation(known.energy_j, known.operations)
    falls = [accuracy.slope > 0, operations.slope > 0 and together > 0.5]
    verdict = HOLDS if all(falls) else IN_PART if any(falls) else NOT
    said = (
        f"at batch {batch}: top-1 <= {accuracy.intercept:.1f} - {accuracy.slope:.2f} x images/J, "
        f"operations <= {operations.intercept:.1f} - {operations.slope:.2f} x images/J (G); "
        f"energy and operations rank alike to {together:.2f}"
    )
    numbers = {
        "batch": float(batch),
        "accuracy_intercept_percent": accuracy.intercept,
        "accuracy_slope_percent_joule": accuracy.slope,
        "operations_intercept_g": operations.intercept,
        "operations_slope_g_joule": operations.slope,
        "rank_correlation": together,
    }
    return Finding(3, title, verdict, said, numbers)


def operations_tell_time(evidence: MeasuredRows) -> Finding:
    """Whether time per image is linear in operations: by R2, relative error and rank correlation."""
    title = "operations estimate the time per image"
    batch = evidence.commonest_batch
    known = evidence.at(batch)
    known = known.where(~np.isnan(known.operations))
    if len(known) < LEAST_NETWORKS:
        return Finding(
            4, title, UNTOLD, f"fewer than {LEAST_NETWORKS} networks at batch {batch}", {}
        )
    r2, error, _ = linear_in_operations(known)
    ranks = rank_correlation(known.operations, known.time_ms)
    good = [r2 >= 0.9, error <= 0.25, ranks >= 0.9]
    verdict = HOLDS if all(good) else IN_PART if any(good) else NOT
    said = (
        f"at batch {batch}: R2 {r2:.3f}, but a mean relative error of {error:.0%}; ranks agree to "
        f"{ranks:.2f}"
    )
    numbers = {
        "batch": float(batch),
        "r2": r2,
        "mean_relative_error": error,
        "rank_correlation": ranks,
    }
    return Finding(4, title, verdict, said, numbers)


def linear_in_operations(evidence: MeasuredRows) -> tuple[float, float, dict[str, float]]:
    """Ordinary least squares of time per image on operations: R2, mean relative error, and by network."""
    line = straight_line(evidence.operations, evidence.time_ms)
    by_name = dict(zip(evidence.names.tolist(), line.errors.tolist(), strict=True))
    return line.r2, line.mean_error, by_name


@dataclass(frozen=True)
class StraightLine:
    """y = intercept + slope * x by ordinary least squares.

    Attributes:
        intercept: in the unit of y.
        slope: unit of y per unit of x.
        r2: the share of the variance that it explains.
        errors: how far it is off each point, relative to it; shape (points,).
    """

    intercept: float
    slope: float
    r2: float
    errors: Floats

    @property
    def mean_error(self) -> float:
        """The mean size of the relative errors."""
        return float(np.mean(np.abs(self.errors)))


def straight_line(x: Floats, y: Floats) -> StraightLine:
    """The line of least squared distance in y; the x must differ, and so must the y."""
    slope, intercept = np.polyfit(x, y, 1)
    fitted = intercept + slope * x
    total = np.sum((y - np.mean(y)) ** 2)
    r2 = 1 - float(np.sum((y - fitted) ** 2) / total)
    return StraightLine(float(intercept), float(slope), r2, fitted / y - 1)


def rank_correlation(x: Floats, y: Floats) -> float:
    """Spearman's; equal values share their mean rank."""
    return float(np.corrcoef(_ranks(x), _ranks(y))[0, 1])


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[inverse]
    return ranks
