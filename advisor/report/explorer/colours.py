"""A colour and a shape for each network, from its name and family alone."""

from __future__ import annotations

import colorsys
import hashlib

SHAPES = ("circle", "triangle-up", "square", "diamond", "triangle-down", "cross", "triangle-right")


def colour(name: str, family: str) -> str:
    """The colour of a network, as "#rrggbb": a hue a family, kin in shades of it."""
    lightness = 0.32 + 0.38 * _fraction(name)
    parts = colorsys.hls_to_rgb(_fraction(family), lightness, 0.6)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def shape(family: str) -> str:
    """The shape of a family's points."""
    return SHAPES[int(len(SHAPES) * _fraction(family + " shape"))]


def _fraction(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
