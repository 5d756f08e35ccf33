"""Names in pictures: how wide they are, how they are cut, how a column of them is spread."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 26
"""Longer names are cut in the middle, where they tell least."""

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


def text_width(text: str, size: float) -> float:
    """How wide a text is in Arial, or a face of its measures, in pixels."""
    return size * sum(_EM_OF.get(char, 0.556) for char in text)


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text, its middle left out if it is too long."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail]}…{text[-tail:]}"


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
