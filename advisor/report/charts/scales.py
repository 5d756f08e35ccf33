"""Scales: from the units of an axis to pixels and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 720.0
"""Of the part of a picture that has axes, in pixels."""
ENOUGH = 5
"""Fewer figures than these leave an axis hard to read."""


@dataclass(frozen=True)
class Scale:
    """An axis of so many pixels.

    Attributes:
        low, high: what its ends stand for.
        length: how long it is, in pixels.
        logarithmic: whether equal ratios are equally far apart.
        downwards: whether pixels are counted from the high end, as those of a y axis are.
    """

    low: float
    high: float
    length: float
    logarithmic: bool = False
    downwards: bool = False

    def pixel(self, value: float) -> float:
        """Where a value stands."""
        low, high = self._on(self.low), self._on(self.high)
        share = (self._on(value) - low) / (high - low)
        return self.length * (1 - share if self.downwards else share)

    def value(self, pixel: float) -> float:
        """What stands at a pixel."""
        share = pixel / self.length
        share = 1 - share if self.downwards else share
        low, high = self._on(self.low), self._on(self.high)
        on = low + share * (high - low)
        return math.exp(on) if self.logarithmic else on

    def _on(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value

    def ticks(self) -> list[float]:
        """Round numbers between the ends of a logarithmic axis, neither too few nor too many."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for digits in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), range(1, 10)):
            marks = [digit * 10.0**power for power in range(first, last + 1) for digit in digits]
            within = [mark for mark in marks if self.low <= mark <= self.high]
            if len(within) >= ENOUGH:
                return within
        step = next(
            digit * 10.0**power
            for power in range(first - 4, last + 1)
            for digit in (1, 2, 5)
            if digit * 10.0**power * (ENOUGH + 1) >= self.high - self.low
        )
        return [step * n for n in range(math.ceil(self.low / step), int(self.high / step) + 1)]


def scale_for(
    values: Sequence[float],
    length: float,
    *,
    logarithmic: bool = False,
    downwards: bool = False,
    margin: float = 14,
) -> Scale:
    """A scale on which all values lie, `margin` pixels or more from its ends.

    A linear one begins at zero unless all values are far from it.
    """
    least, most = min(values), max(values)
    if logarithmic:
        spare = max(math.log(most / least), math.log(1.5)) * margin / max(length - 2 * margin, 1)
        middle = 0.0 if most > least else math.log(1.5) / 2
        low, high = least / math.exp(spare + middle), most * math.exp(spare + middle)
        return Scale(low, high, length, logarithmic=True, downwards=downwards)
    extent = max(most - least, 0.1 * abs(most), 1e-12)
    spare = extent * margin / max(length - 2 * margin, 1)
    middle = (extent - (most - least)) / 2
    low, high = least - spare - middle, most + spare + middle
    if 0 <= least < 0.4 * most:
        high = most * length / max(length - margin, 1)
        low = 0.0 if least * length / high >= margin else min(low, 0.0)
    return Scale(low, high, length, downwards=downwards)
