"""How far a transfer is off networks that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats


@dataclass(frozen=True)
class HeldOutErrors:
    """How far transfer was off networks that it had not seen.

    Attributes:
        networks: how many were left out in turn.
        mean: mean relative error.
        density: the mean logarithm of the probability density of what was found.
    """

    networks: int
    mean: float
    density: float


def errors_of(off: Floats, expected: Floats) -> HeldOutErrors:
    """What residuals and expected deviations of networks held out say together."""
    density = -0.5 * (off / expected) ** 2 - np.log(expected * np.sqrt(2 * np.pi))
    return HeldOutErrors(
        len(off), float(np.mean(np.abs(np.exp(-off) - 1))), float(np.mean(density))
    )


def bare_names(names: Sequence[str]) -> NDArray[np.str_]:
    """Names without input sizes: one architecture at two sizes is left out together."""
    return np.array([name.partition("@")[0] for name in names], dtype=np.str_)
