"""What the paper states in numbers (arXiv:1605.07678), held against a board's rows.

Where text and data disagree, both are shown; nothing is bent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from advisor.prediction.findings import accuracy_bound, frontier, linear_in_operations
from advisor.prediction.measured_rows import MeasuredRows

AGREES, PARTLY, DISAGREES = "agrees", "agrees in part", "disagrees"


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        paper: what the paper states.
        found: what the board's rows give.
        verdict: `AGREES`, `PARTLY` or `DISAGREES`.
    """

    paper: str
    found: str
    verdict: str


def statements(evidence: MeasuredRows) -> tuple[Statement, ...]:
    """Every statement of which the board's rows can tell something, in the paper's order."""
    told = (each for tell in TELLERS for each in tell(evidence))
    return tuple(each for each in told if not re.search(r"\bnan\b", each.found))


def _of(paper: str, found: str, agrees: bool | None) -> Statement:
    verdict = PARTLY if agrees is None else AGREES if agrees else DISAGREES
    return Statement(paper, found, verdict)


def _power(evidence: MeasuredRows) -> Iterator[Statement]:
    power = evidence.power_w[~np.isnan(evidence.power_w)]
    if len(power) > 1:
        mean, deviation = float(np.mean(power)), float(np.std(power, ddof=1))
        yield _of(
            "net power 11.8 W, standard deviation 0.7 W",
            f"{mean:.2f} W and {deviation:.2f} W over {len(power)} points",
            abs(mean - 11.8) < 0.05 and abs(deviation - 0.7) < 0.05,
        )
    if evidence.board.idle_power_w:
        idle = evidence.board.idle_power_w.value
        yield _of("idle power 1.30 W", f"{idle:.2f} W", abs(idle - 1.30) < 0.005)
    alexnet = evidence.value("power_w", ("alexnet", 1))
    vgg = [evidence.value("power_w", (name, 2)) for name in ("vgg-16", "vgg-19")]
    slower = evidence.value("time_ms", ("vgg-16", 2)) / evidence.value("time_ms", ("vgg-16", 1))
    yield _of(
        "power is low where the forward pass is slow: AlexNet at batch 1, VGG at batch 2",
        f"{alexnet:.2f} W; {vgg[0]:.2f} and {vgg[1]:.2f} W, with VGG-16's time {slower - 1:+.0%}",
        max(alexnet, *vgg) < float(np.mean(power)) and slower > 1 if len(power) else False,
    )


def _time(evidence: MeasuredRows) -> Iterator[Statement]:
    time = {pair: evidence.value("time_ms", pair) for pair in (("alexnet", 1), ("alexnet", 64))}
    gain = time["alexnet", 1] / time["alexnet", 64]
    yield _of(
        "AlexNet is about 3 times faster per image at batch 64 than at batch 1",
        f"{gain:.2f} times",
        2.5 <= gain <= 3.5,
    )
    gains = [
        evidence.value("rate_fps", (name, 16)) - evidence.value("rate_fps", (name, 1))
        for name in ("alexnet", "bn-alexnet")
    ]
    yield _of(
        "both AlexNets gain 80 images/s from batch 1 to 16",
        f"{gains[0]:.1f} and {gains[1]:.1f}",
        all(abs(each - 80) < 2 for each in gains),
    )
    vgg = [evidence.value("time_ms", (name, 1)) for name in ("vgg-16", "vgg-19")]
    yield _of(
        "VGG takes a fifth of a second per image",
        f"{vgg[0]:.0f} and {vgg[1]:.0f} ms at batch 1",
        all(150 <= each <= 250 for each in vgg),
    )
    at16 = evidence.at(16)
    at16 = at16.where(~np.isnan(at16.operations))
    if len(at16) > 2:
        r2, error, by_name = linear_in_operations(at16)
        worst = sorted(by_name, key=lambda name: -abs(by_name[name]))[:2]
        told = ", ".join(f"{name} {by_name[name]:+.0%}" for name in worst)
        yield _of(
            "time per image is linear in operations at batch 16",
            f"R2 {r2:.3f}, but a mean relative error of {error:.0%} ({told})",
            None if r2 >= 0.9 else False,
        )


def _memory(evidence: MeasuredRows) -> Iterator[Statement]:
    small = evidence.at(1)
    small = small.where(~np.isnan(small.memory_mb))
    size_mb = 4e-6 * small.params
    light = small.memory_mb[size_mb < 100]
    if len(light):
        yield _of(
            "memory at small batches has a floor of 200 MB for networks below 100 MB",
            f"{np.min(light):.0f} to {np.max(light):.0f} MB",
            bool(np.all((light >= 190) & (light <= 220))),
        )
    heavy = size_mb >= 100
    if np.any(heavy):
        from advisor.prediction.training import published_memory

        readings = {
            "max(200, 1.30 x size)": published_memory(size_mb, 1),
            "200 + 1.30 x (size - 100)": published_memory(size_mb, 2),
        }
        fits = {
            what: np.abs(told / small.memory_mb - 1)[heavy] <= 0.05
            for what, told in readings.items()
        }
        names = small.names[heavy]
        told = "; ".join(
            f"{what} fits {', '.join(names[good].tolist()) or 'none'}"
            for what, good in fits.items()
        )
        everywhere = any(np.all(good) for good in fits.values())
        anywhere = any(np.any(good) for good in fits.values())
        yield _of(
            "then it is linear in the parameters' size with slope 1.30 (two readings)",
            told,
            True if everywhere else None if anywhere else False,
        )
    resnet = [evidence.value("memory_mb", ("resnet-18", batch)) for batch in (1, 8, 16, 32, 64)]
    first, flat, *_, last = resnet
    yield _of(
        "memory against batch has a knee: flat, then proportional",
        "resnet-18 at batch 1, 8, 16, 32, 64: "
        + ", ".join(f"{each:.0f}" for each in resnet)
        + " MB",
        flat / first < 1.05 and last / resnet[-2] > 1.8,
    )
    largest = evidence.shared_batch
    if evidence.ends_early and 0 < largest < np.max(evidence.batch):
        yield _of("batch 16 is the largest that all can run", f"batch {largest}", largest == 16)


def _accuracy(evidence: MeasuredRows) -> Iterator[Statement]:
    best = dict(zip(evidence.names.tolist(), evidence.top1.tolist(), strict=True))
    params = dict(zip(evidence.names.tolist(), evidence.params.tolist(), strict=True))
    newest = [name for name in best if name.startswith(("resnet-50", "resnet-1", "inception"))]
    newest = [name for name in newest if name != "resnet-18"]
    others = [best[name] for name in best if name not in newest and not name.startswith("resnet")]
    if newest and others:
        lead = min(best[name] for name in newest) - max(others)
        yield _of(
            "the newest ResNets and Inceptions lead all others by at least 7 points",
            f"{lead:.2f} points",
            lead >= 7,
        )
    if {"enet", "alexnet", "vgg-19"} <= set(best):
        density = {name: best[name] / params[name] for name in ("enet", "alexnet", "vgg-19")}
        ratios = density["enet"] / density["alexnet"], density["enet"] / density["vgg-19"]
        yield _of(
            "ENet has 13 times the accuracy per parameter of AlexNet, 24 times that of VGG-19",
            f"{ratios[0]:.2f} and {ratios[1]:.1f} times",
            abs(ratios[0] - 13) < 0.5 and abs(ratios[1] - 24) < 0.5,
        )
    bounds = {
        f"batch {batch}": accuracy_bound(evidence.at(batch))
        for batch in (1, 16)
        if batch in evidence.batch
    }
    bounds["all batches"] = accuracy_bound(evidence)
    told = [
        f"{bound(np.array([30.0]))[0]:.1f} % ({what})"
        for what, bound in bounds.items()
        if bound is not None and bound.holds_at(30)
    ]
    if told:
        yield _of(
            "the highest accuracy falls linearly with the frame rate",
            f"at 30 fps none lies above {', '.join(told)}",
            all(bound.slope > 0 for bound in bounds.values() if bound is not None),
        )
    by_operations = frontier(evidence.at(evidence.commonest_batch))
    by_operations = by_operations.where(~np.isnan(by_operations.operations))
    if len(by_operations) > 4:
        inverse = np.corrcoef(1e9 / by_operations.operations, by_operations.top1)[0, 1] ** 2
        straight = np.corrcoef(by_operations.operations, by_operations.top1)[0, 1] ** 2
        yield _of(
            "accuracy depends hyperbolically on operations, too",
            f"on the frontier R2 {inverse:.2f} with 1 / operations, {straight:.2f} with operations",
            inverse > straight,
        )


NAMED = ("resnet-18", "inception-v4")
"""Networks whose energy is told beside that of the fastest and the slowest."""


def _energy(evidence: MeasuredRows) -> Iterator[Statement]:
    idle = evidence.board.idle_power_w
    at1 = evidence.at(1)
    able = at1.where((at1.rate_fps >= 5) & ~np.isnan(at1.power_w))
    if len(able) > 1 and idle:
        average = idle.value + able.power_w * 5 * able.time_ms / 1000
        order = np.argsort(able.time_ms)
        least = able.names[int(np.argmin(average))]
        shown = [i for i in order.tolist() if i in (order[0], order[-1]) or able.names[i] in NAMED]
        told = ", ".join(f"{able.names[i]} {average[i]:.1f}" for i in shown)
        yield _of(
            "if energy is a concern, choose the slowest architecture that satisfies the requirements",
            f"average power in W at 5 fps, batch 1, the fastest first: {told}; {least} takes the "
            "least energy: with constant power, energy goes with time",
            bool(np.argmin(average) == order[-1]),
        )


TELLERS: tuple[Callable[[MeasuredRows], Iterator[Statement]], ...] = (
    _power,
    _time,
    _memory,
    _accuracy,
    _energy,
)
