"""The paper's four findings, tested on any board's rows.

Each has the sizes of its effects, with 90 % intervals, and a verdict from tests: that a finding holds, or
does not, is said wrongly in at most 5 % of the boards on which the opposite is so
(`tests/benchmarks/findings.py`); where the rows are too few or too noisy for either, it is undecided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from advisor.paper.effects import TAIL, Effect, mean_effect, rank_effect, slope_effect
from advisor.paper.evidence import (
    ABOVE_BOUND,
    GROSS,
    NET,
    PER_IMAGE,
    Evidence,
    explained,
    held_out_errors,
)
from advisor.paper.layout import Layout
from advisor.prediction.bound import least_line_above

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

Verdict: TypeAlias = Literal["holds", "does not hold", "undecided"]
HOLDS: Verdict = "holds"
NOT: Verdict = "does not hold"
UNDECIDED: Verdict = "undecided"

TITLES = {
    1: "power does not depend on the network or the batch size",
    2: "the best accuracy is hyperbolic in time",
    3: "an energy limit bounds accuracy and operations",
    4: "operations estimate the time per image",
}
"""What the paper found, by its number in the paper's summary."""

LEAST_NETWORKS = 5
EQUIVALENT = 0.10
"""Powers that differ by less than this share are as good as equal."""

RELATED = 0.5
"""A rank correlation below this bounds and estimates nothing."""


@dataclass(frozen=True)
class Finding:
    """One of the paper's findings, tested on a board.

    Attributes:
        number: its number in the paper's summary.
        title: what the paper found.
        verdict: whether it holds on the board.
        said: how large its effects are, in a sentence.
        numbers: the same, and what else the verdict rests on; units stand in the names, and the ends of a
            90 % interval are named as its figure, with "_low" and "_high".
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


def _verdict(shown: Sequence[bool], refuted: Sequence[bool]) -> Verdict:
    """What tests of the parts of a finding say: it holds if all do, and not if one of them does not."""
    return NOT if any(refuted) else HOLDS if all(shown) else UNDECIDED


def _ends(**effects: Effect) -> dict[str, float]:
    """Effects as numbers, with the ends of their intervals."""
    found: dict[str, float] = {}
    for name, each in effects.items():
        found |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
    return found


def _with_ends(name: str, form: str) -> str:
    """An effect with its interval, for `str.format_map`."""
    return f"{{{name}:{form}}} ({{{name}_low:{form}}} to {{{name}_high:{form}}})"


def power_is_constant(evidence: Evidence) -> Finding:
    """Whether net power depends on neither the network nor the batch size.

    Equivalence is tested, by two one-sided tests each: that networks differ by less than 10 %, as the
    relative standard deviation of their means, and that no batch size is 10 % off the mean of all. With one
    batch size of each network the difference of networks and that of rows cannot be told apart; then power
    can be shown to depend on the network only as it follows the operations.
    """
    known = evidence.where(~np.isnan(evidence.power_w))
    if len(set(known.names.tolist())) < LEAST_NETWORKS:
        return _finding(
            1, UNDECIDED, f"the power of fewer than {LEAST_NETWORKS} networks is known", {}
        )
    power = known.power_w
    numbers = {
        "mean_w": float(np.mean(power)),
        "standard_deviation_w": float(np.std(power, ddof=1)),
        "rows": len(power),
        "networks": len(set(known.names.tolist())),
        "batch_sizes": len(set(known.batch.tolist())),
        "share_of_rows_within_10_percent": float(
            np.mean(np.abs(power / np.mean(power) - 1) <= EQUIVALENT)
        ),
        "variance_share_of_networks": explained(power, known.names),
        "variance_share_of_batch_sizes": explained(power, known.batch),
    }
    of_rows = "{mean_w:.1f} W on average, standard deviation {standard_deviation_w:.2f} W over {rows} rows"
    layout = Layout.of(power, known.names, known.batch)
    if layout is None:
        trend = _power_trend(known)
        said = of_rows + ", too few a network to separate how networks differ from chance"
        if trend is None:
            return _finding(1, UNDECIDED, _kind(evidence) + said, numbers)
        numbers |= _ends(spread_with_operations=trend)
        said = (
            f"networks differ by {_with_ends('spread_with_operations', '.0%')} as their operations do; "
            + said
        )
        verdict = _verdict([False], [trend.low > EQUIVALENT])
        return _finding(1, verdict, _kind(evidence) + said, numbers)
    networks, batches = layout.network_spread(), layout.farthest_batch()
    numbers |= _ends(spread_of_networks=networks, farthest_batch_size=batches.map(math.expm1))
    shown = [
        networks.high < EQUIVALENT,
        math.expm1(batches.high) < EQUIVALENT,
        known.power_kind != GROSS,  # whose idle part is alike in all
    ]
    said = (
        f"networks differ by {_with_ends('spread_of_networks', '.0%')}, batch sizes by at most "
        f"{_with_ends('farthest_batch_size', '.0%')}, as good as equal below {EQUIVALENT:.0%}; "
        f"{of_rows}, of which "
        "{share_of_rows_within_10_percent:.0%} are within 10% of it"
    )
    verdict = _verdict(shown, _power_differs(known))
    return _finding(1, verdict, _kind(evidence) + said, numbers)


def _kind(evidence: Evidence) -> str:
    """What stands for net power, before what is said of it."""
    return "" if evidence.power_kind == NET else f"{evidence.power_kind}: "


def _timed(evidence: Evidence) -> str:
    """What stands for time per image, likewise."""
    return "" if evidence.time_kind == PER_IMAGE else f"time is {evidence.time_kind}: "


def _least_differing(evidence: Evidence) -> Floats:
    """Power that differs, relatively, no more than net power does; of a bound, idle power is left in."""
    idle = evidence.board.idle_power_w
    if evidence.power_kind != ABOVE_BOUND or idle is None:
        return evidence.power_w
    return evidence.power_w + idle.value


def _power_differs(known: Evidence) -> list[bool]:
    """Whether power is shown to differ by more than is equivalent: over networks, over batch sizes."""
    layout = Layout.of(_least_differing(known), known.names, known.batch)
    if layout is None:
        return [False, False]
    networks = layout.network_spread(TAIL / 2)
    batches = layout.farthest_batch(TAIL / 2, together=True)
    return [networks.low > EQUIVALENT, math.expm1(batches.low) > EQUIVALENT]


def _power_trend(known: Evidence) -> Effect | None:
    """The relative standard deviation of power that goes with operations; `None` where these are unknown."""
    rows = known.at(known.commonest_batch)
    rows = rows.where(~np.isnan(rows.operations))
    if not _differ(rows.operations):
        return None
    logs = np.log(rows.operations)
    spread = float(np.std(logs, ddof=1))
    found = slope_effect(logs, np.log(_least_differing(rows))).map(lambda slope: slope * spread)
    if found.value < 0:
        found = Effect(-found.value, -found.high, -found.low)
    return replace(found, low=max(0.0, found.low))


def _differ(*columns: Floats) -> bool:
    """Whether enough networks differ in each column that it can be related to others."""
    return all(len(np.unique(column)) >= LEAST_NETWORKS for column in columns)


SHAPES: Mapping[str, Callable[[Floats], Floats]] = {
    "hyperbolic": lambda time_ms: 1000 / time_ms,
    "logarithmic": np.log,
    "linear": lambda time_ms: time_ms,
}
"""What accuracy may be linear in, by the name of its shape in time."""


def accuracy_is_hyperbolic(evidence: Evidence) -> Finding:
    """Whether the best accuracy is a hyperbola in time, rather than logarithmic or linear in it.

    Tested on the networks that no faster one equals in accuracy, at the batch size that most ran, each held
    out in turn: by how much more another shape is off the same networks, in the mean.
    """
    batch = evidence.commonest_batch
    best = evidence.at(batch).frontier()
    if len(best) < LEAST_NETWORKS:
        said = f"only {{networks}} networks are on the frontier at batch {batch}"
        return _finding(2, UNDECIDED, said, {"networks": len(best)})
    errors = {
        name: held_out_errors(shape(best.time_ms), best.top1) for name, shape in SHAPES.items()
    }
    numbers = {
        f"{name}_error_percent_points": float(np.sqrt(np.mean(each**2)))
        for name, each in errors.items()
    }
    numbers |= {"networks": len(best), "batch": batch}
    nearest = np.abs(errors.pop("hyperbolic"))
    gains = {name: np.abs(each) - nearest for name, each in errors.items()}
    for name, gain in gains.items():
        numbers |= _ends(**{f"gain_over_{name}_percent_points": mean_effect(gain)})
    for size in sorted({1, batch} & set(evidence.batch.tolist())):
        bound = evidence.at(size).accuracy_bound()
        if bound is not None:
            numbers[f"bound_intercept_percent_batch_{size}"] = bound.intercept
            numbers[f"bound_slope_percent_per_fps_batch_{size}"] = bound.slope
    less = " and ".join(
        f"{_less(mean_effect(gain))} than a {name} one" for name, gain in gains.items()
    )
    compared = ", ".join(f"{name} {{{name}_error_percent_points:.1f}}" for name in SHAPES)
    said = (
        f"{_timed(evidence)}a hyperbolic curve is off the {{networks}} best networks at batch {batch}, each "
        f"held out, by {less}; root mean square errors in points of accuracy: {compared}"
    )
    shown = [mean_effect(gain).low > 0 for gain in gains.values()]
    refuted = [mean_effect(gain, TAIL / 2).high < 0 for gain in gains.values()]
    return _finding(2, _verdict(shown, refuted), said, numbers)


def _less(gain: Effect) -> str:
    """By how many points one shape is off less than another."""
    if gain.value >= 0:
        return f"{gain.value:.1f} ({gain.low:.1f} to {gain.high:.1f}) points less"
    return f"{-gain.value:.1f} ({-gain.high:.1f} to {-gain.low:.1f}) points more"


def energy_bounds(evidence: Evidence) -> Finding:
    """Whether a limit on energy bounds both accuracy and operations.

    Tested by ranks: whether the relation of energy with both is shown to be strong enough to bound anything,
    or that with one of them too weak. The least lines above all (images per joule, accuracy), and (images per
    joule, operations), say where the bounds are.
    """
    batch = evidence.commonest_batch
    rows = evidence.at(batch)
    known = rows.where(~np.isnan(rows.power_w) & ~np.isnan(rows.top1) & ~np.isnan(rows.operations))
    if not _differ(known.energy_j, known.top1, known.operations):
        said = f"the energy of fewer than {LEAST_NETWORKS} networks is known at batch {batch}"
        return _finding(3, UNDECIDED, said, {})
    per_joule = 1 / known.energy_j
    accuracy = least_line_above(per_joule, known.top1)
    operations = least_line_above(per_joule, known.operations / 1e9)
    numbers = {
        "batch": batch,
        "networks": len(known),
        "accuracy_intercept_percent": accuracy.intercept,
        "accuracy_slope_percent_joule": accuracy.slope,
        "operations_intercept_g": operations.intercept,
        "operations_slope_g_joule": operations.slope,
        **_ends(
            rank_correlation=rank_effect(known.energy_j, known.operations),
            accuracy_rank_correlation=rank_effect(known.energy_j, known.top1),
        ),
    }
    said = (
        f"{_timed(evidence)}energy has the rank correlation "
        f"{_with_ends('accuracy_rank_correlation', '.2f')} with accuracy and "
        f"{_with_ends('rank_correlation', '.2f')} with operations, over {{networks}} networks at batch "
        f"{batch} (too weak below {RELATED}); top-1 <= "
        "{accuracy_intercept_percent:.1f} - {accuracy_slope_percent_joule:.2f} x images/J, operations <= "
        "{operations_intercept_g:.1f} - {operations_slope_g_joule:.2f} x images/J (G)"
    )
    verdict = _related([(known.energy_j, known.top1), (known.energy_j, known.operations)])
    return _finding(3, verdict, said, numbers)


def operations_estimate_time(evidence: Evidence) -> Finding:
    """Whether operations estimate the time per image: by ranks, whether the relation is strong enough.

    How far a straight line is off says how well.
    """
    batch = evidence.commonest_batch
    rows = evidence.at(batch)
    known = rows.where(~np.isnan(rows.operations))
    if not _differ(known.operations, known.time_ms):
        said = f"fewer than {LEAST_NETWORKS} networks at batch {batch}"
        return _finding(4, UNDECIDED, said, {})
    line = known.time_in_operations()
    off = np.abs(held_out_errors(known.operations, known.time_ms)) / known.time_ms
    numbers = {
        "batch": batch,
        "networks": len(known),
        "r2": line.r2,
        "mean_relative_error": line.mean_error,
        **_ends(
            rank_correlation=rank_effect(known.operations, known.time_ms),
            held_out_relative_error=mean_effect(off),
        ),
    }
    said = (
        f"{_timed(evidence)}time and operations have the rank correlation "
        f"{_with_ends('rank_correlation', '.2f')}, over {{networks}} networks at batch {batch} (too weak "
        f"below {RELATED}); a straight line has R2 "
        "{r2:.3f}, but is off networks held out by "
        f"{_with_ends('held_out_relative_error', '.0%')} on average"
    )
    return _finding(4, _related([(known.operations, known.time_ms)]), said, numbers)


def _related(pairs: Sequence[tuple[Floats, Floats]]) -> Verdict:
    """Whether all these pairs of columns are shown to rank alike, or one of them to do so too weakly."""
    shown = [rank_effect(*pair).low > RELATED for pair in pairs]
    refuted = [rank_effect(*pair, TAIL / 2).high < RELATED for pair in pairs]  # of at most two
    return _verdict(shown, refuted)
