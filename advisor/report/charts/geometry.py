"""Balls, boxes and lines in a picture. All lengths are in pixels; y grows downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Ball:
    """Something round that wants a name: its centre, radius and name."""

    x: float
    y: float
    radius: float
    name: str


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
    """On which side of each line a point lies: the sign tells."""
    across = (lines[..., 2] - lines[..., 0]) * (points[..., 1] - lines[..., 1])
    along = (lines[..., 3] - lines[..., 1]) * (points[..., 0] - lines[..., 0])
    return across - along
