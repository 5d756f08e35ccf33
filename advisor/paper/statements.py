"""What the paper states in numbers (arXiv:1605.07678), held against a board's rows.

Where text and data disagree, both are shown; nothing is bent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from advisor.paper.evidence import NET, Evidence, published_memory

Agreement: TypeAlias = Literal["agrees", "agrees in part", "disagrees"]
AGREES: Agreement = "agrees"
PARTLY: Agreement = "agrees in part"
DISAGREES: Agreement = "disagrees"

Numbers: TypeAlias = Mapping[str, float]


@dataclass(frozen=True)
class Statement:
    """What the paper states in numbers, beside what a board's rows give.

    Attributes:
        paper: what the paper states.
        found: what the board's rows give, in words.
        verdict: whether they agree.
        numbers: what the words and the verdict rest on; units stand in the names.
    """

    paper: str
    found: str
    verdict: Agreement
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Claim:
    """How a statement is tested.

    Attributes:
        paper: what the paper states.
        numbers: what a board's rows give; none, or NaN, where they do not have it.
        words: says the numbers.
        agrees: whether they agree with the paper; `None` where they do in part.
    """

    paper: str
    numbers: Callable[[Evidence], Numbers]
    words: Callable[[Numbers], str]
    agrees: Callable[[Numbers], bool | None]


def statements(evidence: Evidence) -> tuple[Statement, ...]:
    """Every statement on which the board's rows have figures, in the paper's order."""
    if evidence.power_kind != NET:
        evidence = replace(evidence, power_w=np.full(len(evidence), np.nan))
    found = []
    for claim in CLAIMS:
        numbers = claim.numbers(evidence)
        if numbers and not any(map(math.isnan, numbers.values())):
            agrees = claim.agrees(numbers)
            verdict = PARTLY if agrees is None else AGREES if agrees else DISAGREES
            found.append(Statement(claim.paper, claim.words(numbers), verdict, numbers))
    return tuple(found)


def _power(evidence: Evidence) -> Numbers:
    power = evidence.power_w[~np.isnan(evidence.power_w)]
    if len(power) < 2:
        return {}
    return {
        "mean_w": float(np.mean(power)),
        "standard_deviation_w": float(np.std(power, ddof=1)),
        "points": len(power),
    }


def _idle(evidence: Evidence) -> Numbers:
    idle = evidence.board.idle_power_w
    return {"idle_w": idle.value} if idle and not evidence.board.idle_is_bound else {}


def _slow_passes(evidence: Evidence) -> Numbers:
    power = evidence.power_w[~np.isnan(evidence.power_w)]
    one, two = (evidence.value("per_image_ms", ("vgg-16", batch)) for batch in (1, 2))
    return {
        "alexnet_batch_1_w": evidence.value("power_w", ("alexnet", 1)),
        "vgg-16_batch_2_w": evidence.value("power_w", ("vgg-16", 2)),
        "vgg-19_batch_2_w": evidence.value("power_w", ("vgg-19", 2)),
        "mean_w": float(np.mean(power)) if len(power) else math.nan,
        "vgg-16_relative_change_of_time": two / one - 1,
    }


def _slow_passes_agree(numbers: Numbers) -> bool:
    *watts, mean, slower = numbers.values()
    return max(watts) < mean and slower > 0


def _alexnet(evidence: Evidence) -> Numbers:
    one, many = (evidence.value("per_image_ms", ("alexnet", batch)) for batch in (1, 64))
    return {"batch_1_ms": one, "batch_64_ms": many, "speedup": one / many}


def _both_alexnets(evidence: Evidence) -> Numbers:
    return {
        f"{name}_fps": evidence.value("rate_fps", (name, 16))
        - evidence.value("rate_fps", (name, 1))
        for name in ("alexnet", "bn-alexnet")
    }


def _vgg(evidence: Evidence) -> Numbers:
    return {
        f"{name}_batch_1_ms": evidence.value("per_image_ms", (name, 1))
        for name in ("vgg-16", "vgg-19")
    }


def _time_in_operations(evidence: Evidence) -> Numbers:
    rows = evidence.at(16)
    rows = rows.where(~np.isnan(rows.operations) & ~np.isnan(rows.per_image_ms))
    if len(rows) < 3:
        return {}
    line = rows.time_in_operations()
    errors = zip(rows.names.tolist(), line.errors.tolist(), strict=True)
    numbers = {"networks": len(rows), "r2": line.r2, "mean_relative_error": line.mean_error}
    return numbers | {f"relative_error_{name}": error for name, error in errors}


def _time_in_operations_words(numbers: Numbers) -> str:
    errors = _part(numbers, "relative_error_")
    worst = sorted(errors, key=lambda name: -abs(errors[name]))[:2]
    named = ", ".join(f"{name} {errors[name]:+.0%}" for name in worst)
    fit = "R2 {r2:.3f}, but a mean relative error of {mean_relative_error:.0%}".format_map(numbers)
    return f"{fit} ({named})"


def _memory_floor(evidence: Evidence) -> Numbers:
    small = evidence.at(1)
    light = small.memory_mb[~np.isnan(small.memory_mb) & (4e-6 * small.params < 100)]
    if not len(light):
        return {}
    return {
        "networks": len(light),
        "least_mb": float(np.min(light)),
        "most_mb": float(np.max(light)),
    }


READINGS = {1: "max(200, 1.30 x size)", 2: "200 + 1.30 x (size - 100)"}


def _memory_slope(evidence: Evidence) -> Numbers:
    """How far the paper's line is off each heavy network, in both readings, relative to it."""
    rows = evidence.at(1)
    size_mb = 4e-6 * rows.params
    heavy = ~np.isnan(rows.memory_mb) & (size_mb >= 100)
    if not np.any(heavy):
        return {}
    return {
        f"reading_{reading}_relative_error_{name}": error
        for reading in READINGS
        for name, error in zip(
            rows.names[heavy].tolist(),
            (published_memory(size_mb, reading) / rows.memory_mb - 1)[heavy].tolist(),
            strict=True,
        )
    }


def _memory_slope_fits(numbers: Numbers, reading: int) -> dict[str, bool]:
    errors = _part(numbers, f"reading_{reading}_relative_error_")
    return {name: abs(error) <= 0.05 for name, error in errors.items()}


def _memory_slope_words(numbers: Numbers) -> str:
    said = []
    for reading, formula in READINGS.items():
        fits = [name for name, good in _memory_slope_fits(numbers, reading).items() if good]
        said.append(f"{formula} fits {', '.join(fits) or 'none'}")
    return "; ".join(said)


def _memory_slope_agrees(numbers: Numbers) -> bool | None:
    fits = [_memory_slope_fits(numbers, reading).values() for reading in READINGS]
    return True if any(map(all, fits)) else None if any(map(any, fits)) else False


def _memory_knee(evidence: Evidence) -> Numbers:
    return {
        f"batch_{batch}_mb": evidence.value("memory_mb", ("resnet-18", batch))
        for batch in (1, 8, 16, 32, 64)
    }


def _memory_knee_words(numbers: Numbers) -> str:
    memory = ", ".join(f"{each:.0f}" for each in numbers.values())
    return f"resnet-18 at batch 1, 8, 16, 32, 64: {memory} MB"


def _memory_knee_agrees(numbers: Numbers) -> bool:
    one, eight, _, half, last = numbers.values()
    return eight / one < 1.05 and last / half > 1.8


def _shared_batch(evidence: Evidence) -> Numbers:
    largest = evidence.shared_batch
    if evidence.ends_early and 0 < largest < np.max(evidence.batch):
        return {"largest_batch": largest}
    return {}


def _newest(evidence: Evidence) -> Numbers:
    best = dict(zip(evidence.names.tolist(), evidence.top1.tolist(), strict=True))
    newest = [name for name in best if name.startswith(("resnet-50", "resnet-1", "inception"))]
    newest = [name for name in newest if name != "resnet-18"]
    others = [best[name] for name in best if name not in newest and not name.startswith("resnet")]
    if not newest or not others:
        return {}
    return {"lead_percent_points": min(best[name] for name in newest) - max(others)}


def _density(evidence: Evidence) -> Numbers:
    best = dict(zip(evidence.names.tolist(), evidence.top1.tolist(), strict=True))
    params = dict(zip(evidence.names.tolist(), evidence.params.tolist(), strict=True))
    if not {"enet", "alexnet", "vgg-19"} <= set(best):
        return {}
    density = {name: best[name] / params[name] for name in ("enet", "alexnet", "vgg-19")}
    return {f"ratio_to_{name}": density["enet"] / density[name] for name in ("alexnet", "vgg-19")}


AT_30_FPS = "percent_at_30_fps_"


def _bounds(evidence: Evidence) -> Numbers:
    """The highest accuracy at 30 fps, where some networks are faster and some slower, and its slopes."""
    bounds = {
        f"batch_{batch}": evidence.at(batch).accuracy_bound()
        for batch in (1, 16)
        if batch in evidence.batch
    }
    if len(np.unique(evidence.batch)) > 1 or not bounds:
        bounds["all_batches"] = evidence.accuracy_bound()
    highest = {
        AT_30_FPS + what: float(bound(np.array([30.0]))[0])
        for what, bound in bounds.items()
        if bound is not None and bound.holds_at(30)
    }
    slopes = {
        f"slope_percent_per_fps_{what}": bound.slope
        for what, bound in bounds.items()
        if bound is not None
    }
    return highest | slopes if highest else {}


def _bounds_words(numbers: Numbers) -> str:
    highest = [
        f"{percent:.1f} % ({what.replace('_', ' ')})"
        for what, percent in _part(numbers, AT_30_FPS).items()
    ]
    return f"at 30 fps none lies above {', '.join(highest)}"


def _accuracy_in_operations(evidence: Evidence) -> Numbers:
    best = evidence.at(evidence.commonest_batch).frontier()
    best = best.where(~np.isnan(best.operations))
    if len(best) < 5:
        return {}
    inverse = np.corrcoef(1e9 / best.operations, best.top1)[0, 1] ** 2
    straight = np.corrcoef(best.operations, best.top1)[0, 1] ** 2
    return {
        "networks": len(best),
        "r2_with_inverse_of_operations": float(inverse),
        "r2_with_operations": float(straight),
    }


NAMED = ("resnet-18", "inception-v4")
"""Networks whose power is said beside that of the fastest and the slowest."""


def _average_power(evidence: Evidence) -> Numbers:
    """Average power at 5 fps and batch 1, by network, the fastest first."""
    idle, rows = evidence.board.idle_power_w, evidence.at(1)
    able = rows.where((rows.rate_fps >= 5) & ~np.isnan(rows.power_w))
    if len(able) < 2 or not idle:
        return {}
    average = idle.value + 5 * able.energy_j
    return {
        f"average_power_w_{able.names[row]}": float(average[row])
        for row in np.argsort(able.time_ms).tolist()
    }


def _average_power_words(numbers: Numbers) -> str:
    average = _part(numbers, "average_power_w_")
    fastest, *_, slowest = average
    said = ", ".join(
        f"{name} {watts:.1f}"
        for name, watts in average.items()
        if name in (fastest, slowest, *NAMED)
    )
    return (
        f"average power in W at 5 fps, batch 1, the fastest first: {said}; "
        f"{min(average, key=average.__getitem__)} takes the least energy: with constant power, energy "
        "goes with time"
    )


def _slowest_takes_least(numbers: Numbers) -> bool:
    watts = list(numbers.values())
    return watts[-1] < min(watts[:-1])


def _part(numbers: Numbers, prefix: str) -> dict[str, float]:
    """Those of the numbers whose names begin so, by the rest of their names."""
    return {
        name.removeprefix(prefix): number
        for name, number in numbers.items()
        if name.startswith(prefix)
    }


CLAIMS = (
    Claim(
        "net power 11.8 W, standard deviation 0.7 W",
        _power,
        "{mean_w:.2f} W and {standard_deviation_w:.2f} W over {points} points".format_map,
        lambda numbers: (
            abs(numbers["mean_w"] - 11.8) < 0.05
            and abs(numbers["standard_deviation_w"] - 0.7) < 0.05
        ),
    ),
    Claim(
        "idle power 1.30 W",
        _idle,
        "{idle_w:.2f} W".format_map,
        lambda numbers: abs(numbers["idle_w"] - 1.30) < 0.005,
    ),
    Claim(
        "power is low where the forward pass is slow: AlexNet at batch 1, VGG at batch 2",
        _slow_passes,
        (
            "{alexnet_batch_1_w:.2f} W; {vgg-16_batch_2_w:.2f} and {vgg-19_batch_2_w:.2f} W, with "
            "VGG-16's time {vgg-16_relative_change_of_time:+.0%}"
        ).format_map,
        _slow_passes_agree,
    ),
    Claim(
        "AlexNet is about 3 times faster per image at batch 64 than at batch 1",
        _alexnet,
        "{speedup:.2f} times".format_map,
        lambda numbers: 2.5 <= numbers["speedup"] <= 3.5,
    ),
    Claim(
        "both AlexNets gain 80 images/s from batch 1 to 16",
        _both_alexnets,
        "{alexnet_fps:.1f} and {bn-alexnet_fps:.1f}".format_map,
        lambda numbers: all(abs(each - 80) < 2 for each in numbers.values()),
    ),
    Claim(
        "VGG takes a fifth of a second per image",
        _vgg,
        "{vgg-16_batch_1_ms:.0f} and {vgg-19_batch_1_ms:.0f} ms at batch 1".format_map,
        lambda numbers: all(150 <= each <= 250 for each in numbers.values()),
    ),
    Claim(
        "time per image is linear in operations at batch 16",
        _time_in_operations,
        _time_in_operations_words,
        lambda numbers: None if numbers["r2"] >= 0.9 else False,
    ),
    Claim(
        "memory at small batches has a floor of 200 MB for networks below 100 MB",
        _memory_floor,
        "{least_mb:.0f} to {most_mb:.0f} MB".format_map,
        lambda numbers: numbers["least_mb"] >= 190 and numbers["most_mb"] <= 220,
    ),
    Claim(
        "then it is linear in the parameters' size with slope 1.30 (two readings)",
        _memory_slope,
        _memory_slope_words,
        _memory_slope_agrees,
    ),
    Claim(
        "memory against batch has a knee: flat, then proportional",
        _memory_knee,
        _memory_knee_words,
        _memory_knee_agrees,
    ),
    Claim(
        "batch 16 is the largest that all can run",
        _shared_batch,
        "batch {largest_batch}".format_map,
        lambda numbers: numbers["largest_batch"] == 16,
    ),
    Claim(
        "the newest ResNets and Inceptions lead all others by at least 7 points",
        _newest,
        "{lead_percent_points:.2f} points".format_map,
        lambda numbers: numbers["lead_percent_points"] >= 7,
    ),
    Claim(
        "ENet has 13 times the accuracy per parameter of AlexNet, 24 times that of VGG-19",
        _density,
        "{ratio_to_alexnet:.2f} and {ratio_to_vgg-19:.1f} times".format_map,
        lambda numbers: (
            abs(numbers["ratio_to_alexnet"] - 13) < 0.5
            and abs(numbers["ratio_to_vgg-19"] - 24) < 0.5
        ),
    ),
    Claim(
        "the highest accuracy falls linearly with the frame rate",
        _bounds,
        _bounds_words,
        lambda numbers: all(slope > 0 for slope in _part(numbers, "slope_").values()),
    ),
    Claim(
        "accuracy depends hyperbolically on operations, too",
        _accuracy_in_operations,
        (
            "on the frontier R2 {r2_with_inverse_of_operations:.2f} with 1 / operations, "
            "{r2_with_operations:.2f} with operations"
        ).format_map,
        lambda numbers: numbers["r2_with_inverse_of_operations"] > numbers["r2_with_operations"],
    ),
    Claim(
        "if energy is a concern, choose the slowest architecture that satisfies the requirements",
        _average_power,
        _average_power_words,
        _slowest_takes_least,
    ),
)
"""In the paper's order."""
