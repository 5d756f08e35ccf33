"""An axis of a drawing made of characters: which cell a figure falls in, and its round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_LARGEST_PLAIN = 1e5
_ALIKE = 1e-9
"""Figures that differ by less than this share of themselves are drawn as one."""


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, both above zero where it is logarithmic."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, figures: Floats, *, log: bool = False) -> Scale:
        """From the least to the greatest of the figures; around it where there is but one.

        Args:
            figures: at least one, all finite, all above zero where `log`.
            log: whether equal ratios are to be equally long.
        """
        low, high = float(figures.min()), float(figures.max())
        if high - low > _ALIKE * max(abs(low), abs(high)):
            return cls(low, high, log)
        around = abs(high) / 10 or 1.0
        return cls(low - around, high + around, log)

    def cells(self, figures: Floats, count: int) -> Integers:
        """The cell of each figure: `low` is in the middle of the first, `high` of the last."""
        low, high, at = self.low, self.high, figures
        if self.log:
            low, high, at = math.log(low), math.log(high), np.log(at)
        found: Integers = np.rint((at - low) / (high - low) * (count - 1)).astype(np.int64)
        return found

    def ticks(self, most: int) -> list[float]:
        """Round numbers on the axis, ascending, about as many as `most` and not more."""
        if self.log:
            for digits in ((1, 2, 5), (1, 3), (1,)):
                found = self._decades(digits)
                if len(found) <= most:
                    break
            if len(found) > 1:
                return found[:: math.ceil(len(found) / most)]
        return self._multiples(most)

    def _decades(self, digits: tuple[int, ...]) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.floor(math.log10(self.high))
        numbers = (
            float(f"{digit}e{power}") for power in range(first, last + 1) for digit in digits
        )
        return [number for number in numbers if self.low <= number <= self.high]

    def _multiples(self, most: int) -> list[float]:
        """Multiples of the finest step of 1, 2 or 5 at which there are not more than `most`."""
        power = math.floor(math.log10((self.high - self.low) / most))
        steps = (float(f"{digit}e{power + more}") for more in range(3) for digit in (1, 2, 5))
        for step in steps:
            first, last = math.ceil(self.low / step), math.floor(self.high / step)
            if last - first < most:
                break
        return [round(number * step, 1 - power) for number in range(first, last + 1)]


def tick_texts(ticks: list[float]) -> list[str]:
    """Ticks as short as they can be read: "0.05", "20", "25M"; large ones all with a prefix."""
    plain = max(map(abs, ticks), default=0.0) < _LARGEST_PLAIN
    return [f"{tick:.12g}" if plain else _with_prefix(tick) for tick in ticks]


def _with_prefix(tick: float) -> str:
    factor, prefix = next((each for each in _PREFIXES if abs(tick) >= each[0]), (1.0, ""))
    return f"{tick / factor:.12g}{prefix}"
