"""One colour and one shape for each network, the same in every figure of every board.

They follow from the network's name and family alone, so that neither another board nor another
network in the catalog changes them. Those of a family share a hue and a shape and differ in lightness,
which colour-blind people see too.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Look:
    """How a family looks: a hue in degrees and its chroma (of OKLCH), and a shape that Vega knows."""

    hue: float
    chroma: float
    shape: str


FAMILIES = {
    "ResNet": Look(358, 0.18, "circle"),
    "Inception": Look(135, 0.17, "triangle-up"),
    "VGG": Look(295, 0.145, "square"),
    "AlexNet": Look(265, 0.16, "diamond"),
    "GoogLeNet": Look(207, 0.125, "triangle-down"),
    "ENet": Look(95, 0.115, "cross"),
    "NIN": Look(57, 0.13, "triangle-right"),
}
"""The paper's seven families."""

SHADES = {
    "resnet-18": 0.84,
    "resnet-34": 0.71,
    "resnet-50": 0.60,
    "resnet-101": 0.485,
    "resnet-152": 0.34,
    "inception-v3": 0.80,
    "inception-v4": 0.53,
    "vgg-16": 0.66,
    "vgg-19": 0.48,
    "bn-alexnet": 0.755,
    "alexnet": 0.345,
    "googlenet": 0.84,
    "enet": 0.665,
    "bn-nin": 0.41,
}
"""Lightness of the paper's networks: those of a family get darker as they get deeper.

These and the hues were searched so that the 14 are as far apart as they can be, shaded by family, for all
three kinds of colour blindness at once (a test says how far).
"""

SHAPES = tuple(look.shape for look in FAMILIES.values())
_MUTED = 0.07
"""Chroma of families that are not the paper's, so that none passes for one of the seven."""

PLAIN = "#2f6da8"
"""Of what is not distinguished by its family."""

_TO_LMS = np.array([[1, 0.3963377774, 0.2158037573],
                    [1, -0.1055613458, -0.0638541728],
                    [1, -0.0894841775, -1.2914855480]])  # fmt: skip
_TO_RGB = np.array([[4.0767416621, -3.3077115913, 0.2309699292],
                    [-1.2684380046, 2.6097574011, -0.3413193965],
                    [-0.0041960863, -0.7034186147, 1.7076147010]])  # fmt: skip
"""OKLab to linear sRGB: B. Ottosson, A perceptual color space for image processing, 2020."""


@cache
def colour(name: str, family: str | None) -> str:
    """The colour of a network, as "#rrggbb"; one for all where no family is given."""
    if family is None:
        return PLAIN
    look = look_of(family)
    lightness = SHADES.get(name, 0.42 + 0.38 * _fraction(name))
    return _hex(lightness, look.chroma, look.hue)


def shape(family: str | None) -> str:
    """The shape of a family's points."""
    return SHAPES[0] if family is None else look_of(family).shape


@cache
def look_of(family: str) -> Look:
    """How a family looks; one that is not the paper's gets a hue and a shape by its name."""
    if family in FAMILIES:
        return FAMILIES[family]
    place = _fraction(family)
    return Look(360 * place, _MUTED, SHAPES[int(len(SHAPES) * _fraction(family + " shape"))])


def _fraction(text: str) -> float:
    """A number from 0 to 1 that the text alone decides."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """A colour of OKLCH as sRGB, paler where sRGB has none as vivid."""
    while True:
        angle = math.radians(hue)
        lab = np.array([lightness, chroma * math.cos(angle), chroma * math.sin(angle)])
        linear = _TO_RGB @ (_TO_LMS @ lab) ** 3
        if np.all((linear >= -1e-4) & (linear <= 1 + 1e-4)):
            break
        chroma *= 0.95
    linear = np.clip(linear, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * part):02x}" for part in encoded.tolist())
