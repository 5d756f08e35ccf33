"""How decisions turn out that rest on predictions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Calibration:
    """How decisions turned out on reference boards, each taken as new and predicted from the others.

    Attributes:
        margin: how many times as wide errors count in decisions, so that of the picks that are 90 % sure at
            most 10 % break their limit; 1 where that is so anyway.
        decisions: how many picks there were.
        boards: on how many devices.
        broken: the share that broke their limit, with this margin; the mean over the devices' ways of running
            networks, of which the standard error counts, too, in what is at most 10 %.
    """

    margin: float
    decisions: int
    boards: int
    broken: float
