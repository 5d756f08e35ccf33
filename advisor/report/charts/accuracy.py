"""Figures 1, 2 and 10: what networks are worth and what they cost on paper."""

from __future__ import annotations

from dataclasses import replace

from advisor.catalog.records import Estimate
from advisor.report.charts.board_data import BoardData
from advisor.report.charts.figure import (
    Axis,
    Dot,
    Figure,
    Panel,
    accuracy_clause,
    exact,
    said_of,
    share_clause,
)

MOST_BARS = 60
"""More bars than these nobody reads."""
TOP1 = Axis("top-1 accuracy, %")
OPERATIONS = Axis("operations per image, G (multiply and add count as two)")
PARAMETERS = "parameters, M"


def top1(data: BoardData) -> Figure:
    """Figure 1: top-1 accuracy by network, the most accurate first."""
    dots = tuple(
        Dot(network, network.top1_percent, exact(0))
        for network in data.networks
        if network.top1_percent
    )
    return Figure(
        number=1,
        slug="top1",
        title="Top-1 accuracy by network",
        said=said_of(
            data,
            "ImageNet-1k validation, single central crop",
            *_which(data, dots, "accuracy is unknown"),
            _fewer(dots),
            dots=dots[:MOST_BARS],
        ),
        form="bars",
        x=TOP1,
        y=Axis(""),
        panels=(Panel(dots=dots[:MOST_BARS], words="" if dots else _no_accuracy(data)),),
    )


def top1_against_operations(data: BoardData) -> Figure:
    """Figure 2, the ball chart: top-1 accuracy against operations, area by parameters."""
    dots = tuple(
        Dot(network, network.operations_g, network.top1_percent, area=network.params_m.value)
        for network in data.networks
        if network.top1_percent and network.operations_g and network.params_m
    )
    return Figure(
        number=2,
        slug="top1-against-operations",
        title="Top-1 accuracy against operations",
        said=said_of(
            data,
            f"{data.board.cost} costs, one image",
            "area of a ball: parameters",
            *_which(data, dots, "accuracy or cost is unknown"),
            dots=dots,
        ),
        form="scatter",
        x=OPERATIONS,
        y=TOP1,
        panels=(Panel(dots=dots, words="" if dots else _no_accuracy(data)),),
        area=PARAMETERS,
    )


def accuracy_per_parameter(data: BoardData) -> Figure:
    """Figure 10: information density, the densest first."""
    found = [
        Dot(network, density(network.top1_percent, network.params_m), exact(0))
        for network in data.networks
        if network.top1_percent and network.params_m
    ]
    dots = tuple(sorted(found, key=lambda dot: -dot.x.value))
    return Figure(
        number=10,
        slug="accuracy-per-parameter",
        title="Accuracy per parameter",
        said=said_of(
            data,
            f"{data.board.cost} parameters",
            *_which(data, dots, "accuracy or cost is unknown"),
            _fewer(dots),
            dots=dots[:MOST_BARS],
        ),
        form="bars",
        x=Axis("top-1 accuracy per million parameters, %/M"),
        y=Axis(""),
        panels=(Panel(dots=dots[:MOST_BARS], words="" if dots else _no_accuracy(data)),),
    )


def density(top1_percent: Estimate, params_m: Estimate) -> Estimate:
    """Accuracy per million parameters, in %/M, with the interval of both together at worst."""
    bounds = (top1_percent.low, top1_percent.high, params_m.low, params_m.high)
    low = high = None
    if all(bounds):
        low, high = bounds[0] / bounds[3], bounds[1] / bounds[2]  # type: ignore[operator]
    return replace(top1_percent, value=top1_percent.value / params_m.value, low=low, high=high)


def _which(data: BoardData, dots: tuple[Dot, ...], why: str) -> tuple[str, ...]:
    """Whose accuracy is shown, and of how many networks."""
    if not dots:
        return ()
    return accuracy_clause(data), share_clause(len(dots), len(data.networks), why)


def _fewer(dots: tuple[Dot, ...]) -> str:
    """What is said where there are too many bars."""
    return f"the first {MOST_BARS} of {len(dots)}" if len(dots) > MOST_BARS else ""


def _no_accuracy(data: BoardData) -> str:
    return data.no_rows or (
        f"Of no network on board {data.board.name} are both cost and accuracy known. "
        "Accuracies stand in weights.csv, and `weights:` in board.yaml names the set."
    )
