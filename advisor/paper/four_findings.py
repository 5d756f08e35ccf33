"""The paper's four findings, tested on any board's rows.

A finding holds, holds in part, does not hold, or is unknown from what was measured; the numbers that
decide stand beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from advisor.paper.evidence import NET, Evidence, explained, held_out_errors, rank_correlation
from advisor.prediction.bound import least_line_above

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

Verdict: TypeAlias = Literal["holds", "holds in part", "does not hold", "unknown"]
HOLDS: Verdict = "holds"
IN_PART: Verdict = "holds in part"
NOT: Verdict = "does not hold"
UNKNOWN: Verdict = "unknown"

TITLES = {
    1: "power does not depend on the network or the batch size",
    2: "the best accuracy is hyperbolic in time",
    3: "an energy limit bounds accuracy and operations",
    4: "operations estimate the time per image",
}
"""What the paper found, by its number in the paper's summary."""

LEAST_NETWORKS = 5
EQUIVALENT = 0.10
"""Powers that differ from the mean by less than this share are as good as equal."""


@dataclass(frozen=True)
class Finding:
    """One of the paper's findings, tested on a board.

    Attributes:
        number: its number in the paper's summary.
        title: what the paper found.
        verdict: whether it holds on the board.
        said: why, in a sentence.
        numbers: what the verdict rests on; units stand in the names.
    """

    number: int
    title: str
    verdict: Verdict
    said: str
    numbers: Mapping[str, float]


def four_findings(evidence: Evidence) -> tuple[Finding, ...]:
    """All four, in the paper's order."""
    return (
        power_is_constant(evidence),
        accuracy_is_hyperbolic(evidence),
        energy_bounds(evidence),
        operations_estimate_time(evidence),
    )


def _finding(number: int, verdict: Verdict, said: str, numbers: Mapping[str, float]) -> Finding:
    """A finding whose sentence takes its figures from the numbers."""
    return Finding(number, TITLES[number], verdict, said.format_map(numbers), numbers)


def power_is_constant(evidence: Evidence) -> Finding:
    """Whether net power depends on neither the network nor the batch size.

    Equivalence is tested for each network and each batch size: the 90 % interval of its mean must lie
    within +-10 % of the mean of all. A mean alone could not show it: it may hide opposite errors.
    """
    known = evidence.where(~np.isnan(evidence.power_w))
    if len(set(known.names.tolist())) < LEAST_NETWORKS:
        return _finding(1, UNKNOWN, "fewer than 5 networks have a measured power", {})
    power = known.power_w
    mean = float(np.mean(power))
    if not any(np.unique(known.names, return_counts=True)[1] > 1):
        said = (
            "{mean_w:.1f} W on average, standard deviation {standard_deviation_w:.2f} W over {rows} "
            "networks; every one has one row, which says nothing of its own spread"
        )
        deviation = float(np.std(power, ddof=1))
        numbers = {"mean_w": mean, "standard_deviation_w": deviation, "rows": len(power)}
        return _finding(1, UNKNOWN, _kind(evidence) + said, numbers)
    near = float(np.mean(np.abs(power / mean - 1) <= EQUIVALENT))
    equal_networks, networks = _equivalent(power, known.names)
    equal_sizes, sizes = _equivalent(power, known.batch)
    all_equal = (equal_networks, equal_sizes) == (networks, sizes)
    numbers = {
        "mean_w": mean,
        "standard_deviation_w": float(np.std(power, ddof=1)),
        "rows": len(power),
        "share_of_rows_within_10_percent": near,
        "networks": networks,
        "networks_equivalent": equal_networks,
        "batch_sizes": sizes,
        "batch_sizes_equivalent": equal_sizes,
        "variance_share_of_networks": explained(power, known.names),
        "variance_share_of_batch_sizes": explained(power, known.batch),
    }
    said = (
        "{mean_w:.1f} W on average, standard deviation {standard_deviation_w:.2f} W; shown to be within "
        "10 % of it: {networks_equivalent} of {networks} networks, {batch_sizes_equivalent} of "
        "{batch_sizes} batch sizes; {share_of_rows_within_10_percent:.0%} of all rows lie there; networks "
        "explain {variance_share_of_networks:.0%} of the variance, batch sizes "
        "{variance_share_of_batch_sizes:.0%}"
    )
    verdict = HOLDS if all_equal else IN_PART if near >= 0.8 else NOT
    return _finding(1, verdict, _kind(evidence) + said, numbers)


def _kind(evidence: Evidence) -> str:
    """What stands for net power, before what is said of it."""
    return "" if evidence.power_kind == NET else f"{evidence.power_kind}: "


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


SHAPES: Mapping[str, Callable[[Floats], Floats]] = {
    "hyperbolic": lambda time_ms: 1000 / time_ms,
    "logarithmic": np.log,
    "linear": lambda time_ms: time_ms,
}
"""What accuracy may be linear in, by the name of its shape in time."""


def accuracy_is_hyperbolic(evidence: Evidence) -> Finding:
    """Whether the best accuracy is a hyperbola in time, rather than logarithmic or linear in it.

    Tested on the networks that no faster one equals in accuracy, at the batch size that most ran, each
    held out in turn.
    """
    batch = evidence.commonest_batch
    best = evidence.at(batch).frontier()
    if len(best) < LEAST_NETWORKS:
        said = f"only {{networks}} networks are on the frontier at batch {batch}"
        return _finding(2, UNKNOWN, said, {"networks": len(best)})
    errors = {
        name: float(np.sqrt(np.mean(held_out_errors(shape(best.time_ms), best.top1) ** 2)))
        for name, shape in SHAPES.items()
    }
    least = min(errors.values())
    verdict: Verdict = NOT
    if errors["hyperbolic"] == least:
        verdict = HOLDS
    elif errors["hyperbolic"] <= 1.25 * least:
        verdict = IN_PART
    numbers = {f"{name}_error_percent_points": error for name, error in errors.items()}
    numbers |= {"networks": len(best), "batch": batch}
    for size in sorted({1, batch} & set(evidence.batch.tolist())):
        bound = evidence.at(size).accuracy_bound()
        if bound is not None:
            numbers[f"bound_intercept_percent_batch_{size}"] = bound.intercept
            numbers[f"bound_slope_percent_per_fps_batch_{size}"] = bound.slope
    compared = ", ".join(f"{name} {{{name}_error_percent_points:.1f}}" for name in SHAPES)
    said = (
        "held-out error in points of accuracy, of {networks} networks at batch {batch}: " + compared
    )
    return _finding(2, verdict, said, numbers)


def energy_bounds(evidence: Evidence) -> Finding:
    """Whether a limit on energy bounds both accuracy and operations.

    It does if the least line above all (images per joule, accuracy), and (images per joule,
    operations), falls: then what fits the limit reaches no further.
    """
    batch = evidence.commonest_batch
    rows = evidence.at(batch)
    known = rows.where(~np.isnan(rows.power_w) & ~np.isnan(rows.top1) & ~np.isnan(rows.operations))
    if len(known) < LEAST_NETWORKS:
        said = f"fewer than {LEAST_NETWORKS} networks have a measured energy at batch {batch}"
        return _finding(3, UNKNOWN, said, {})
    per_joule = 1 / known.energy_j
    accuracy = least_line_above(per_joule, known.top1)
    operations = least_line_above(per_joule, known.operations / 1e9)
    together = rank_correlation(known.energy_j, known.operations)
    falls = [accuracy.slope > 0, operations.slope > 0 and together > 0.5]
    numbers = {
        "batch": batch,
        "accuracy_intercept_percent": accuracy.intercept,
        "accuracy_slope_percent_joule": accuracy.slope,
        "operations_intercept_g": operations.intercept,
        "operations_slope_g_joule": operations.slope,
        "rank_correlation": together,
    }
    said = (
        "at batch {batch}: top-1 <= {accuracy_intercept_percent:.1f} - "
        "{accuracy_slope_percent_joule:.2f} x images/J, operations <= {operations_intercept_g:.1f} - "
        "{operations_slope_g_joule:.2f} x images/J (G); energy and operations rank alike to "
        "{rank_correlation:.2f}"
    )
    return _finding(3, _verdict(falls), said, numbers)


def operations_estimate_time(evidence: Evidence) -> Finding:
    """Whether time per image is linear in operations: by R2, relative error and rank correlation."""
    batch = evidence.commonest_batch
    rows = evidence.at(batch)
    known = rows.where(~np.isnan(rows.operations))
    if len(known) < LEAST_NETWORKS:
        said = f"fewer than {LEAST_NETWORKS} networks at batch {batch}"
        return _finding(4, UNKNOWN, said, {})
    line = known.time_in_operations()
    ranks = rank_correlation(known.operations, known.time_ms)
    numbers = {
        "batch": batch,
        "r2": line.r2,
        "mean_relative_error": line.mean_error,
        "rank_correlation": ranks,
    }
    said = (
        "at batch {batch}: R2 {r2:.3f}, but a mean relative error of {mean_relative_error:.0%}; ranks "
        "agree to {rank_correlation:.2f}"
    )
    good = [line.r2 >= 0.9, line.mean_error <= 0.25, ranks >= 0.9]
    return _finding(4, _verdict(good), said, numbers)


def _verdict(criteria: list[bool]) -> Verdict:
    return HOLDS if all(criteria) else IN_PART if any(criteria) else NOT
