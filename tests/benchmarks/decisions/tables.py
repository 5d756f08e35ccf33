"""timm's tables as boards: the new one, of which the truth is known, and its references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.importers.accuracies import read_accuracies
from advisor.catalog.importers.timm import Benchmark, read_benchmark, variant_of
from advisor.catalog.records import Architecture
from advisor.catalog.tables import Reported
from advisor.prediction.transfer.networks import Evidence, costs_of, family_of

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers


@dataclass(frozen=True)
class Boards:
    """Networks that the new board and all of its references have run.

    Attributes:
        names: the networks; shape (networks,), like the first axis of all that follow.
        time_ms: time per image on the new board, each network at its own batch size.
        references: likewise on each reference.
        top1: the accuracy of the best published weights at that input size; NaN where unknown.
        architectures: what they cost, by name.
        left_out: how many networks of the new board a reference lacks.
    """

    names: tuple[str, ...]
    time_ms: Floats
    references: Mapping[str, Floats]
    top1: Floats
    architectures: Mapping[str, Architecture]
    left_out: int

    @cached_property
    def evidence(self) -> Evidence:
        """What is known before the new board has run any."""
        costs = costs_of(self.names, self.architectures, "reported")
        return Evidence.of(
            self.names,
            np.log(np.array(list(self.references.values()))),
            None if np.isnan(costs).any() else costs,
            [family_of(self.architectures, name) for name in self.names],
        )

    @property
    def rated(self) -> Integers:
        """The places of the networks of known accuracy: those that may be chosen."""
        return np.flatnonzero(~np.isnan(self.top1))


def read_boards(target: Path, references: Sequence[Path], accuracies: Path) -> Boards:
    """Read the tables.

    Raises:
        AdvisorError: a table cannot be read.
    """
    tables = [_read(path) for path in (target, *references)]
    times = [_times(each) for each in tables]
    names = sorted(set.intersection(*(set(each) for each in times)))
    best: dict[str, float] = {}
    for name, _, top1, _ in read_accuracies(accuracies).rows:
        best[name] = max(float(top1), best.get(name, 0.0))
    return Boards(
        names=tuple(names),
        time_ms=_column(times[0], names),
        references={
            path.stem: _column(each, names)
            for path, each in zip(references, times[1:], strict=True)
        },
        top1=_column(best, names),
        architectures={
            name: _architecture([each.networks[name] for each in tables]) for name in names
        },
        left_out=len(times[0]) - len(names),
    )


def _read(path: Path) -> Benchmark:
    return read_benchmark(path, variant_of(path, None, None), path.stem)


def _architecture(reports: Sequence[Reported]) -> Architecture:
    """A network as the first table has it that knows its cost."""
    report = next((each for each in reports if each.cost), reports[0])
    return Architecture(
        report.architecture,
        report.family,
        report.input_shape,
        "",
        report.cost,
        counted=None,
        note="",
    )


def _times(benchmark: Benchmark) -> dict[str, float]:
    """Time per image by network."""
    return {
        name: each.latency_ms / batch
        for (name, batch), each in benchmark.timed.items()
        if each.latency_ms is not None
    }


def _column(values: Mapping[str, float], names: Sequence[str]) -> Floats:
    return np.array([values.get(name, np.nan) for name in names], dtype=np.float64)
