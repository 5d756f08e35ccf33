"""Names in pictures: how wide they are, how they are cut, and where they stand among balls.

All lengths are in pixels; y grows downwards.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Booleans = NDArray[np.bool_]

LONGEST = 30
"""Longer names are cut in the middle, where they say least."""
LONGEST_IN_LINE = 46
"""The same of names in a column of their own."""

_EMS = {
    "ijl": 0.222,
    " .,:;/!|ftI·": 0.278,
    "-()r": 0.333,
    "cksvxyzJ": 0.5,
    "+<=>~×−≤": 0.584,
    "FTZ": 0.611,
    "ABEKPSVXY": 0.667,
    "CDHNRUw": 0.722,
    "GOQ": 0.778,
    "Mm": 0.833,
    "W@%": 0.944,
}
_EM_OF = {char: ems for chars, ems in _EMS.items() for char in chars}

WIDER = 1.15
"""By how much a line is wider than in Arial where a face like it is missing: DejaVu Sans stands for it."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Leader = tuple[float, float, float, float]
"""From (x, y) to (x, y)."""

DISTANCES = (4.0, 10.0, 18.0, 30.0, 44.0, 60.0, 80.0)
FURTHER = (105.0, 135.0, 170.0, 210.0)
"""How far a name may stand from its ball, in pixels; the further places are for crowds alone."""
ANGLES = tuple(math.tau * step / 24 for step in range(24))
SWEEPS, SHUFFLES, FEW = 8, 6, 20
"""How often names are moved; how many orders are tried, and up to how many names."""
_TOO_MUCH = 1500.0
_OUTSIDE, _ON_NAME, _ON_BALL = 1e6, 400.0, 60.0
_ON_LEADER, _ACROSS_LEADER, _POINTED, _THROUGH = 600.0, 120.0, 25.0, 8.0
_UNSURE, _LEFT = 6.0, 3.0
_NEAR = 7.0
"""A name that is further away from its ball, in pixels, needs a leader."""
_CLEARLY = 5.0
"""So does one that is not by so many pixels nearer to its ball than to any other."""
ROOMY = 16.0
"""How much wider a ball's radius must be than half the name for that to stand within it."""


def text_width(text: str, size: float) -> float:
    """How wide a text is in Arial, or a face of its measures, in pixels."""
    return size * sum(_EM_OF.get(char, 0.556) for char in text)


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text, its middle left out if it is too long."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail]}…{text[-tail:]}"


def apart(names: Iterable[str], longest: int = LONGEST) -> dict[str, str]:
    """Names, cut in the middle where they are too long, but not so far that two of them look alike."""
    full = dict.fromkeys(names)
    cut = {name: shortened(name, longest) for name in full}
    times = Counter(cut.values())
    alike = [name for name in full if times[cut[name]] > 1]
    return cut | apart(alike, longest + 4) if alike else cut


def wrapped(
    parts: Sequence[str], between: str, width: float, size: float, most_lines: int
) -> list[str]:
    """Parts in lines no wider than `width`, broken between parts where that is possible.

    Args:
        parts: what is to be said.
        between: what stands between two parts of a line.
        width: in pixels.
        size: of the letters, in pixels.
        most_lines: what does not fit into so many lines is cut off.
    """
    lines: list[str] = []
    for part in parts:
        if lines and text_width(lines[-1] + between + part, size) <= width:
            lines[-1] += between + part
        elif " " in part and text_width(part, size) > width:
            lines += wrapped(part.split(), " ", width, size, most_lines)
        else:
            lines.append(_cut(part, width, size))
    if len(lines) > most_lines:
        lines = [*lines[: most_lines - 1], _cut(lines[most_lines - 1] + " …", width, size)]
    return lines


def _cut(text: str, width: float, size: float) -> str:
    """The text, its middle left out if it is wider than `width`."""
    while text_width(text, size) > width and len(text) > 3:
        text = shortened(text, len(text) - 1 - ("…" not in text))
    return text


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places at least `gap` apart and in the same order, nearest to those wanted (least squares).

    Args:
        wanted: in ascending order.
        gap: the least distance of two neighbours; less where there is no room for it.
        low: the least place.
        high: the greatest.
    """
    count = len(wanted)
    gap = min(gap, (high - low) / max(count - 1, 1))
    # Without the gaps this is a regression that must not fall: neighbours that would are pooled.
    pools: list[tuple[float, int]] = []
    for place, value in enumerate(wanted):
        pools.append((value - place * gap, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (first, many), (second, more) = pools[-2:]
            pools[-2:] = [((first * many + second * more) / (many + more), many + more)]
    level = [value for value, many in pools for _ in range(many)]
    most = high - (count - 1) * gap
    return [min(max(value, low), most) + place * gap for place, value in enumerate(level)]


@dataclass(frozen=True)
class Ball:
    """Something round that wants a name: its centre, radius and name, and whether that must be written."""

    x: float
    y: float
    radius: float
    name: str
    asked: bool = False


def free_corner(
    size: tuple[float, float], frame: tuple[float, float], balls: Sequence[Ball]
) -> Box | None:
    """A corner of the picture with so much room, bottom right if possible; `None` if all are taken."""
    (width, height), (right, bottom) = size, frame
    corners = [(right - width, bottom - height), (0, 0), (right - width, 0), (0, bottom - height)]
    circles = np.array([(ball.x, ball.y, ball.radius) for ball in balls]).reshape(-1, 3)
    for left, top in corners:
        box = (left, top, left + width, top + height)
        if np.all(distance(np.array([box]), circles)[0] > circles[:, 2] + 4):
            return box
    return None


def distance(boxes: Floats, circles: Floats) -> Floats:
    """From each box to each circle's centre; shape (boxes, circles)."""
    x, y = circles[None, :, 0], circles[None, :, 1]
    across = np.maximum(np.maximum(boxes[:, None, 0] - x, x - boxes[:, None, 2]), 0)
    along = np.maximum(np.maximum(boxes[:, None, 1] - y, y - boxes[:, None, 3]), 0)
    return np.hypot(across, along)


def overlap(boxes: Floats, others: Floats) -> Floats:
    """How deeply each box lies in others, in all; shape (boxes,)."""
    right = np.minimum(boxes[:, None, 2], others[None, :, 2])
    left = np.maximum(boxes[:, None, 0], others[None, :, 0])
    below = np.minimum(boxes[:, None, 3], others[None, :, 3])
    above = np.maximum(boxes[:, None, 1], others[None, :, 1])
    depth: Floats = np.maximum(np.minimum(right - left + 6, below - above + 1), 0).sum(axis=1)
    return depth


def side(lines: Floats, points: Floats) -> Floats:
    """On which side of each line a point lies, by the sign."""
    across = (lines[..., 2] - lines[..., 0]) * (points[..., 1] - lines[..., 1])
    along = (lines[..., 3] - lines[..., 1]) * (points[..., 0] - lines[..., 0])
    return across - along


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
        others: what else names should not cover; those that have names stand for something, too.
    """
    shown = [*balls, *(each for each in others if each.name)]
    rest = [each for each in others if not each.name]
    everyone = np.array([(ball.x, ball.y, ball.radius) for ball in (*shown, *rest)])
    taken = np.array(obstacles).reshape(-1, 4)
    further = (*DISTANCES, *FURTHER) if len(shown) > FEW else DISTANCES
    spots = [
        _spots(ball, index, everyone[: len(shown)], everyone, frame, size, taken, further)
        for index, ball in enumerate(balls)
    ]
    forwards = list(range(len(spots)))
    orders = [forwards, forwards[::-1]] + (_shuffled(len(spots)) if len(spots) <= FEW else [])
    found = [_settled(spots, order) for order in orders]
    best = min(found, key=lambda chosen: _total(spots, chosen))
    return _kept(spots, best, [ball.asked for ball in balls])


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


def _kept(
    spots: Sequence[_Spots], chosen: Sequence[int], asked: Sequence[bool]
) -> list[Placed | None]:
    """The places that were found, but those on too much else or on a name that is kept, if none asked."""
    kept: list[Floats] = []
    placed: list[Placed | None] = []
    for own, at, must in zip(spots, chosen, asked, strict=True):
        box = own.boxes[at]
        covered = overlap(box[None, :], np.array(kept).reshape(-1, 4))[0] > 0
        if not must and (covered or own.costs[at] >= _TOO_MUCH):
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
    shown: Floats,
    everyone: Floats,
    frame: tuple[float, float],
    size: float,
    obstacles: Floats,
    distances: Sequence[float],
) -> _Spots:
    """The places of a name, and what each costs whatever the other names do.

    Args:
        ball: whose name it is.
        index: its place among all.
        shown: x, y and radius of the balls that stand for something; shape (balls, 3).
        everyone: likewise of all that should not be covered.
        frame: as for `place`.
        size: likewise.
        obstacles: likewise; shape (obstacles, 4).
        distances: how far from its ball the name may stand.
    """
    own = _candidates(ball, size, distances)
    outside = np.any(own < 0, axis=1) | (own[:, 2] > frame[0]) | (own[:, 3] > frame[1])
    blocked = outside | (overlap(own, obstacles) > 0)
    depth = np.maximum(everyone[:, 2] + 1 - distance(own, everyone), 0)
    depth[:, index] = 0  # its own ball: it stands beside it, or within
    gaps = distance(own, shown) - shown[:, 2]
    away = gaps[:, index]
    others_nearest = np.delete(gaps, index, axis=1).min(axis=1, initial=np.inf)
    pointed = (away > _NEAR) | (others_nearest < away + _CLEARLY)
    middle = (own[:, :2] + own[:, 2:]) / 2
    costs = (
        np.where(blocked, _OUTSIDE, 0)
        + _ON_BALL * depth.sum(axis=1)
        + 2 * np.maximum(away, 0)
        + np.where(pointed, _POINTED, 0)
        + np.where(others_nearest < away + _UNSURE, _UNSURE, 0)
        + np.where(middle[:, 0] < ball.x, _LEFT, 0)
        + 0.15 * np.minimum(np.abs(middle[:, 1] - ball.y), 20)
    )
    nearest = np.clip([[ball.x, ball.y]], own[:, :2], own[:, 2:])
    centres = np.broadcast_to([ball.x, ball.y], nearest.shape)
    leaders = np.hstack([centres, nearest])
    passed = _passed(leaders, np.delete(shown, index, axis=0))
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
