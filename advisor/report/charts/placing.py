"""Where names stand among balls, so that none covers another. All lengths are in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.report.charts.geometry import Ball, Box, distance, overlap, side
from advisor.report.charts.labels import text_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Placed:
    """Where a name stands.

    Attributes:
        x, y: the middle of the text.
        leader: from the ball's centre to the text, as (x, y, x, y); `None` where it is plain whose the
            name is.
    """

    x: float
    y: float
    leader: Leader | None


Leader = tuple[float, float, float, float]

DISTANCES = (4.0, 10.0, 18.0, 30.0, 44.0, 60.0, 80.0)
FURTHER = (105.0, 135.0, 170.0, 210.0)
"""How far a name may stand from its ball, in pixels; the further places are for crowds alone."""
ANGLES = tuple(math.tau * step / 24 for step in range(24))
SWEEPS, SHUFFLES, FEW = 8, 6, 20
"""How often names are moved; how many orders are tried, and up to how many names."""
_TOO_MUCH = 1500.0
_OUTSIDE, _ON_NAME, _ON_BALL = 1e6, 400.0, 60.0
_ON_LEADER, _ACROSS_LEADER, _POINTED, _THROUGH = 300.0, 120.0, 25.0, 8.0
_UNSURE, _LEFT = 6.0, 3.0
_NEAR = 9.0
"""A name that is further away from its ball, in pixels, needs a leader."""
ROOMY = 16.0
"""How much wider a ball's radius must be than half the name for that to stand within it."""


@dataclass(frozen=True)
class _Spots:
    """The places that one name can take.

    Attributes:
        boxes: shape (places, 4).
        costs: of each, whatever the other names do; shape (places,).
        leaders: from the ball's centre to each; shape (places, 4).
        pointed: which of them need a leader; shape (places,).
    """

    boxes: Floats
    costs: Floats
    leaders: Floats
    pointed: Booleans


def place(
    balls: Sequence[Ball],
    frame: tuple[float, float],
    size: float,
    obstacles: Sequence[Box] = (),
    others: Sequence[Ball] = (),
) -> list[Placed | None]:
    """A place for the name of every ball; `None` for those for which there is no room.

    Each name takes the cheapest of some places around its ball, given the places of all others, until
    nothing moves any more: away from its ball costs, covering a ball costs more, a name most.

    Args:
        balls: those that want names, the most important first.
        frame: width and height of the picture, in which all names must lie.
        size: of the letters.
        obstacles: boxes that no name may touch.
        others: what else names should not cover.
    """
    everyone = np.array([(ball.x, ball.y, ball.radius) for ball in (*balls, *others)])
    taken = np.array(obstacles).reshape(-1, 4)
    spots = [
        _spots(ball, index, everyone[: len(balls)], everyone, frame, size, taken)
        for index, ball in enumerate(balls)
    ]
    forwards = list(range(len(spots)))
    orders = [forwards, forwards[::-1]] + (_shuffled(len(spots)) if len(spots) <= FEW else [])
    found = [_settled(spots, order) for order in orders]
    return _kept(spots, min(found, key=lambda chosen: _total(spots, chosen)))


def _shuffled(count: int) -> list[list[int]]:
    """Some orders, the same every time."""
    random = np.random.default_rng(0)
    return [random.permutation(count).tolist() for _ in range(SHUFFLES)]


def _settled(spots: Sequence[_Spots], order: Sequence[int]) -> list[int]:
    """A place for each, in which none has a cheaper one; the order decides which such state it is."""
    chosen = [int(np.argmin(each.costs)) for each in spots]
    for _ in range(SWEEPS):
        before = list(chosen)
        for index in order:
            chosen[index] = int(np.argmin(_costs(spots, chosen, index)))
        if chosen == before:
            break
    return chosen


def _total(spots: Sequence[_Spots], chosen: Sequence[int]) -> float:
    """What all the places cost together."""
    return float(sum(_costs(spots, chosen, index)[at] for index, at in enumerate(chosen)))


def _costs(spots: Sequence[_Spots], chosen: Sequence[int], index: int) -> Floats:
    """What each place of one name costs, given where the others stand."""
    own = spots[index]
    rest = [(each, at) for each, at in zip(spots, chosen, strict=True) if each is not own]
    names = np.array([each.boxes[at] for each, at in rest]).reshape(-1, 4)
    drawn = np.array([each.leaders[at] for each, at in rest if each.pointed[at]]).reshape(-1, 4)
    costs: Floats = own.costs + _ON_NAME * overlap(own.boxes, names) + _crossings(own, drawn)
    return costs


def _kept(spots: Sequence[_Spots], chosen: Sequence[int]) -> list[Placed | None]:
    """The places that were found, without those on too much else or on a name that is kept."""
    kept: list[Floats] = []
    placed: list[Placed | None] = []
    for own, at in zip(spots, chosen, strict=True):
        box = own.boxes[at]
        covered = overlap(box[None, :], np.array(kept).reshape(-1, 4))[0] > 0
        if covered or own.costs[at] >= _TOO_MUCH:
            placed.append(None)
            continue
        kept.append(box)
        x, y = ((box[:2] + box[2:]) / 2).tolist()
        x0, y0, x1, y1 = own.leaders[at].tolist()
        placed.append(Placed(x, y, (x0, y0, x1, y1) if own.pointed[at] else None))
    return placed


def _spots(
    ball: Ball,
    index: int,
    named: Floats,
    everyone: Floats,
    frame: tuple[float, float],
    size: float,
    obstacles: Floats,
) -> _Spots:
    """The places of a name, and what each costs whatever the other names do.

    Args:
        ball: whose name it is.
        index: its place among all.
        named: x, y and radius of the balls with names; shape (balls, 3).
        everyone: likewise of all that should not be covered.
        frame: as for `place`.
        size: likewise.
        obstacles: likewise; shape (obstacles, 4).
    """
    own = _candidates(ball, size, DISTANCES if len(named) <= FEW else (*DISTANCES, *FURTHER))
    outside = np.any(own < 0, axis=1) | (own[:, 2] > frame[0]) | (own[:, 3] > frame[1])
    blocked = outside | (overlap(own, obstacles) > 0)
    depth = np.maximum(everyone[:, 2] + 1 - distance(own, everyone), 0)
    depth[:, index] = 0  # its own ball: it stands beside it, or within
    gaps = distance(own, named) - named[:, 2]
    away = gaps[:, index]
    strangers = np.delete(gaps, index, axis=1).min(axis=1, initial=np.inf)
    pointed = (away > _NEAR) | (strangers < away)
    middle = (own[:, :2] + own[:, 2:]) / 2
    costs = (
        np.where(blocked, _OUTSIDE, 0)
        + _ON_BALL * depth.sum(axis=1)
        + 2 * np.maximum(away, 0)
        + np.where(pointed, _POINTED, 0)
        + np.where(strangers < away + _UNSURE, _UNSURE, 0)
        + np.where(middle[:, 0] < ball.x, _LEFT, 0)
        + 0.15 * np.minimum(np.abs(middle[:, 1] - ball.y), 20)
    )
    nearest = np.clip([[ball.x, ball.y]], own[:, :2], own[:, 2:])
    centres = np.broadcast_to([ball.x, ball.y], nearest.shape)
    leaders = np.hstack([centres, nearest])
    passed = _passed(leaders, np.delete(named, index, axis=0))
    return _Spots(own, costs + np.where(pointed, _THROUGH * passed, 0), leaders, pointed)


def _passed(leaders: Floats, circles: Floats) -> Floats:
    """How much of each leader lies in balls that are not its own, in samples; shape (places,)."""
    shares = np.linspace(0.1, 1, 8)[None, :, None]
    points = leaders[:, None, :2] + shares * (leaders[:, None, 2:] - leaders[:, None, :2])
    gaps = np.linalg.norm(points[:, :, None, :] - circles[None, None, :, :2], axis=3)
    within: Floats = (gaps < circles[:, 2]).sum(axis=(1, 2)).astype(np.float64)
    return within


def _candidates(ball: Ball, size: float, distances: Sequence[float]) -> Floats:
    """Boxes where a ball's name could stand: around it, and in it if there is room; shape (places, 4)."""
    half_width, half_height = text_width(ball.name, size) / 2, 0.58 * size
    places = []
    for gap in distances:
        for angle in ANGLES:
            across, along = math.cos(angle), math.sin(angle)
            reach = abs(across) * half_width + abs(along) * half_height
            away = ball.radius + gap + reach  # so that the box just clears the ball
            places.append((ball.x + across * away, ball.y + along * away))
    if ball.radius > half_width + ROOMY:
        places.append((ball.x, ball.y + 0.4 * ball.radius))
    middle = np.array(places)
    half = np.array([half_width, half_height])
    return np.hstack([middle - half, middle + half])


def _crossings(own: _Spots, drawn: Floats) -> Floats:
    """What it costs to stand on leaders that are drawn, or to cross them; shape (places,)."""
    begin, end = drawn[None, :, :2], drawn[None, :, 2:]
    on = np.zeros((len(own.boxes), len(drawn)), dtype=np.bool_)
    for share in (0.2, 0.4, 0.6, 0.8):
        point = begin + share * (end - begin)
        inside = (own.boxes[:, None, :2] < point) & (point < own.boxes[:, None, 2:])
        on |= inside.all(axis=2)
    mine = own.leaders[:, None, :]
    crossed = (
        (side(mine, begin) * side(mine, end) < 0)
        & (side(drawn[None], mine[..., :2]) * side(drawn[None], mine[..., 2:]) < 0)
        & own.pointed[:, None]
    )
    cost: Floats = (_ON_LEADER * on + _ACROSS_LEADER * crossed).sum(axis=1)
    return cost
