"""What another frame rate does to a candidate's figures: batches fill slower, the board rests longer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.shared_latency import average_w
from advisor.solve.candidates.spread import spread
from advisor.solve.question.limits import Constraint
from advisor.solve.question.metrics import (
    average_power_w,
    battery_hours,
    board_energy_j,
    response_ms,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Booleans = NDArray[np.bool_]

AT_RATE = ("latency", "power", "hours", "board-energy")
"""Limits on figures that change with the frame rate."""

_EASIER_SLOWER = {
    ("latency", "min"),
    ("power", "max"),
    ("hours", "min"),
    ("board-energy", "min"),
}


def easier_slower(constraint: Constraint) -> bool:
    """Whether a lower frame rate makes a limit of `AT_RATE` easier to meet, or else harder."""
    return (constraint.name, constraint.sense) in _EASIER_SLOWER


class AtRate:
    """Figures of candidates at other frame rates, each such that a limit on it is met by itself.

    Where there is a confidence, a figure stands where it lies, with that probability, on the good side:
    a limit on it is met with the confidence exactly if this figure meets it.

    Args:
        candidates: the candidates.
        constraints: the limits.
        confidence: the probability; figures are taken as they are up to one half, since a candidate's
            figures are to meet the limits in any case.
    """

    def __init__(
        self, candidates: Candidates, constraints: Sequence[Constraint], confidence: float
    ) -> None:
        from statistics import NormalDist  # which only those need for whom nothing fits

        self.z = NormalDist().inv_cdf(confidence) if confidence > 0.5 else 0.0
        self.candidates = candidates
        self.constraints = [each for each in constraints if each.name in AT_RATE]
        self._at_rest = replace(candidates, fps=None)
        self._inputs = {each.key: self._inputs_of(each) for each in self.constraints}

    def figure(self, candidates: Candidates, key: str, *, upwards: bool) -> Floats:
        """A metric, moved to its worse side as far as the confidence asks."""
        value, below, above = spread(candidates, key)
        with np.errstate(over="ignore", invalid="ignore"):
            width = self.z * above if upwards else -self.z * below
            figure: Floats = value * np.exp(np.where(np.isnan(width), 0.0, width))
        return figure

    def needed(self, constraint: Constraint) -> Floats:
        """The figure that a limit is held against, at the required frame rate."""
        return self.figure(self.candidates, constraint.metric, upwards=constraint.sense == "max")

    def _inputs_of(self, constraint: Constraint) -> tuple[Floats, ...]:
        upwards = (constraint.sense == "max") != (constraint.name == "hours")
        if constraint.name == "latency":
            return (self.figure(self._at_rest, constraint.metric, upwards=upwards),)
        energy_j = self.figure(self.candidates, "energy_j", upwards=upwards)
        power_w = self.figure(self.candidates, "net_power_w", upwards=upwards)
        return energy_j, power_w, self.candidates.idle_figure_w()

    def at(self, constraint: Constraint, fps: Floats) -> Floats:
        """The figure that a limit of `AT_RATE` is held against, at each candidate's own frame rate."""
        if constraint.name == "latency":
            (run_ms,) = self._inputs[constraint.key]
            return response_ms(run_ms, self.candidates.batch, fps, 0.0)
        energy_j, power_w, idle_w = self._inputs[constraint.key]
        average = average_power_w(energy_j, power_w, idle_w, fps)
        if constraint.name == "hours":
            return battery_hours(average, self.candidates.battery_j)
        return average if constraint.name == "power" else board_energy_j(average, fps)

    def window(self) -> tuple[Floats, Floats]:
        """Between which frame rates each candidate meets all limits of `AT_RATE`, each by itself.

        Returns:
            The lowest and the highest; the lowest is infinite where no rate will do.
        """
        lowest = np.zeros(len(self.candidates))
        highest = np.full(len(self.candidates), np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            for each in self.constraints:
                edge, never = self._edge(each)
                if easier_slower(each):
                    highest = np.minimum(highest, edge)
                else:
                    lowest = np.maximum(lowest, edge)
                lowest = np.where(never | np.isnan(edge), np.inf, lowest)
        return lowest, highest

    def _edge(self, constraint: Constraint) -> tuple[Floats, Booleans]:
        """The frame rate at which a limit is met exactly, and where no rate meets it."""
        limit, slower = constraint.limit, easier_slower(constraint)
        if constraint.name == "latency":
            (run_ms,) = self._inputs[constraint.key]
            left_ms, fill_ms = limit - run_ms, (self.candidates.batch - 1) * 1000.0
            edge = np.where(fill_ms == 0, np.inf if slower else 0.0, fill_ms / left_ms)
            if slower:  # a least response
                return np.where(left_ms <= 0, np.inf, edge), (left_ms > 0) & (fill_ms == 0)
            return edge, left_ms < 0
        energy_j, power_w, idle_w = self._inputs[constraint.key]
        if constraint.name == "board-energy":
            resting, flat_out = idle_w / (limit - energy_j), (idle_w + power_w) / limit
            rests = (limit > energy_j) & (energy_j * resting <= power_w)
            return np.where(rests, resting, flat_out), np.isnan(flat_out)
        running_w = average_w(self.candidates, constraint) - idle_w
        edge = running_w / energy_j
        if slower:
            return np.where(power_w <= running_w, np.inf, edge), running_w < 0
        return np.maximum(edge, 0.0), power_w < running_w
