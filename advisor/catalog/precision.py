"""Number formats: one vocabulary for the words of all sources, and which of them keep the accuracy."""

from __future__ import annotations

import re
from functools import cache

UNKNOWN = "unknown"
"""The precision of a row whose source does not say it."""

_SPELLINGS = {
    "fp32": ("fp32", "float32", "f32", "single"),
    "fp16": ("fp16", "float16", "f16", "half"),
    "bf16": ("bf16", "bfloat16"),
    "tf32": ("tf32",),
    "float": ("float", "fp"),
    "amp": ("amp", "autocast"),
    "fp8": ("fp8", "float8", "f8"),
    "int16": ("int16", "i16"),
    "int8": ("int8", "i8"),
    "uint8": ("uint8", "u8"),
    "int4": ("int4", "i4"),
    "uint4": ("uint4", "u4"),
    UNKNOWN: (UNKNOWN, "", "na", "n-a", "none", "nan", "null"),
}
"""Each format's one word here, and how sources spell it, in lower case."""

_WORDS = {spelling: word for word, spellings in _SPELLINGS.items() for spelling in spellings}

PRECISIONS = tuple(_SPELLINGS)
"""Every word of a format by itself."""

FLOATS = frozenset(("fp32", "fp16", "bf16", "tf32", "float", "amp"))
"""Formats in which a network answers as it was trained to: 32 bits, half of them, and brain floats.

`float` is what a source says that leaves open which; `amp` casts to one of the narrower ones where it can.
"""


@cache
def read_precision(word: str) -> str:
    """The one word for a number format, whatever its case and spelling: "INT8", "i8" -> "int8".

    A word that is not known is kept, in lower case. Formats that go together stand in one word, as in
    "bf16-fp32"; `amp` adds nothing to a format that is named: "amp_bfloat16" -> "bf16".

    Returns:
        A name that is read as itself; `UNKNOWN` for an empty word.
    """
    parts = re.findall(r"[a-z0-9.]+", word.lower())
    plain = "-".join(parts)
    if plain in _WORDS:
        return _WORDS[plain]
    formats = {_WORDS.get(part, part) for part in parts}
    if formats <= FLOATS:
        return "-".join(sorted(formats - {"amp"} or formats))
    return plain


@cache
def is_known_precision(word: str) -> bool:
    """Whether a word is one of the vocabulary, several of these together, or like "w8a16"."""
    parts = read_precision(word).split("-")
    return all(part in _SPELLINGS or re.fullmatch(r"w[0-9]+(a[0-9]+)?", part) for part in parts)


@cache
def has_float_accuracy(word: str) -> bool:
    """Whether networks in this format take over the accuracy that their weights have in 32-bit floats.

    All others are quantised, or nobody knows what they are, and need an accuracy of their own.
    """
    return set(read_precision(word).split("-")) <= FLOATS


_BYTES = {
    **dict.fromkeys(("fp32", "tf32"), 4.0),
    **dict.fromkeys(("fp16", "bf16", "float", "amp", "int16"), 2.0),
    **dict.fromkeys(("fp8", "int8", "uint8"), 1.0),
}


def weights_mb(params: float, word: str) -> float:
    """How much memory so many parameters take at least in a format, in MB."""
    return params * least_bytes(word) / 1e6


def least_bytes(word: str) -> float:
    """How much memory a parameter takes at least in a format: half a byte where that is not known."""
    return min(map(_bytes, read_precision(word).split("-")))


def _bytes(part: str) -> float:
    weights = re.fullmatch(r"w([0-9]+)(a[0-9]+)?", part)
    return int(weights[1]) / 8 if weights else _BYTES.get(part, 0.5)
