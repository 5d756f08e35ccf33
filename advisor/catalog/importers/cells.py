"""Numbers as people write them in tables: with units, thousands apart, and a comma for a point."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from advisor.errors import AdvisorError
from advisor.quantities import COUNT, MEMORY, PERCENT, RATE, Dimension, parse

NOTHING = frozenset(("", "-", "--", "n/a", "na", "n.a.", "nan", "none", "null", "?", "tbd"))
"""What stands in cells that say nothing, in lower case."""
OUT_OF_MEMORY = frozenset(("oom", "out of memory", "does not fit"))

_CELL = re.compile(
    r"([+-]?)([0-9.,](?:[0-9.,'\u2019\u00a0\u202f ]*[0-9.,])?(?:[eE][+-]?[0-9]{1,3})?)\s*([^0-9\s].*)?"
)
_COUNTED = re.compile(r"(?i)(?<=[kmgt]) ?(macs?|madds?|ops|flops|params?)$|^(macs?|ops|params?)$")
_RATES = re.compile(r"(?i)(fps|frames?/s|images?/s|imgs?/s|samples?/s|im/s)")
POINT, COMMA = ".", ","
_IN_THOUSANDS = {
    mark: re.compile(rf"[1-9][0-9]{{0,2}}{re.escape(mark)}[0-9]{{3}}") for mark in (POINT, COMMA)
}
"""Numbers that are one where the mark stands before decimals, and another where it sets thousands apart."""

Values = dict[str, str | float]
"""What a row says, by our column, and nothing of what it does not; numbers in the unit of our name."""


@dataclass(frozen=True)
class Numbers:
    """How the numbers of a table are written.

    Attributes:
        mark: what stands before the decimals; `None` where nothing in the table shows it.
        dot_is_open: whether 12.500 could be 12500 as well as 12.5.
    """

    mark: str | None
    dot_is_open: bool = False

    @classmethod
    def of_column(cls, cells: Iterable[str], others: Iterable[str], separator: str) -> Numbers:
        """How the numbers of a column are written.

        Its own cells that can be read in one way only show it, else those of the other columns, of which two
        dots in a number show nothing of this one. Where no cell does, commas between cells say that a dot
        stands before decimals, unless a number has two.

        Args:
            cells: the column's cells.
            others: those of all columns.
            separator: what stands between cells.
        """
        own = {mark for cell in cells if (mark := _mark_shown(cell))}
        if own:
            return cls(own.pop() if len(own) == 1 else POINT)
        others = list(others)
        grouped = any(_is_grouped_by_dots(cell) for cell in others)
        marks = {
            mark for cell in others if not _is_grouped_by_dots(cell) and (mark := _mark_shown(cell))
        }
        if marks:
            return cls(marks.pop() if len(marks) == 1 else POINT)
        return cls(None, dot_is_open=grouped or separator != COMMA)

    def read(self, cell: str, kind: Dimension, unit: str) -> float:
        """A number in the unit of its dimension.

        Args:
            cell: what stands there, perhaps with a unit of its own.
            kind: what it is.
            unit: the unit where the cell has none; "" where nothing says it.

        Raises:
            AdvisorError: it is no such number, or could be two.
        """
        match = _CELL.fullmatch(cell.strip())
        if match is None:
            raise AdvisorError("", f"{kind.name} like {kind.example!r}")
        sign, digits, own = match.groups()
        plain = self._plain(digits)
        # Nobody groups the digits of percentages, nor those of counts that stand in millions.
        is_open = self.dot_is_open and kind not in (PERCENT, COUNT)
        if plain is None or (is_open and _IN_THOUSANDS[POINT].fullmatch(digits)):
            raise AdvisorError("", _expected(digits))
        of_cell = _unit(own or "", kind)
        return parse(f"{sign}{plain} {of_cell or unit}".strip(), kind, "it", zero_allowed=True)

    def _plain(self, digits: str) -> str | None:
        """A number as programs write it; `None` where it is none, or could be two."""
        digits = re.sub(r"(?<=[0-9])['\u2019\u00a0\u202f ](?=[0-9]{3})", "", digits)
        mark = self.mark or POINT
        if self.mark is None and _IN_THOUSANDS[COMMA].fullmatch(digits):
            return None
        thousands = COMMA if mark == POINT else POINT
        if thousands in digits:
            if not re.fullmatch(rf"[0-9]{{1,3}}(\{thousands}[0-9]{{3}})+(\{mark}[0-9]*)?", digits):
                return None
            digits = digits.replace(thousands, "")
        plain = digits.replace(mark, POINT)
        return (
            plain if re.fullmatch(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", plain) else None
        )


def _mark_shown(cell: str) -> str:
    """What a cell shows to stand before decimals; "" where it could be either, or is no number."""
    match = _CELL.fullmatch(cell.strip())
    digits = match.group(2) if match else ""
    points, commas = digits.count(POINT), digits.count(COMMA)
    if points and commas:
        return max(POINT, COMMA, key=digits.rfind)
    if points > 1 or commas > 1:
        return COMMA if points else POINT
    if not points and not commas:
        return ""
    mark = POINT if points else COMMA
    whole, _, decimals = re.sub(r"[eE].*", "", digits).partition(mark)
    in_thousands = len(decimals) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return "" if in_thousands and mark == COMMA else mark if not in_thousands else ""


def _is_grouped_by_dots(cell: str) -> bool:
    """Whether dots stand between the thousands of a number, and no comma in it."""
    match = _CELL.fullmatch(cell.strip())
    return bool(match and match[2].count(POINT) > 1 and COMMA not in match[2])


def needs_mark(cell: str) -> bool:
    """Whether a number is read in another way where another mark stands before decimals."""
    match = _CELL.fullmatch(cell.strip())
    return bool(match and any(each.fullmatch(match[2]) for each in _IN_THOUSANDS.values()))


def _expected(digits: str) -> str:
    for mark, form in _IN_THOUSANDS.items():
        if form.fullmatch(digits):
            plain, decimal = digits.replace(mark, ""), Decimal(digits.replace(mark, POINT))
            return f"{plain} or {decimal}, since nothing in the table shows which is meant"
    return "a number with one kind of decimal mark"


def _unit(word: str, kind: Dimension) -> str:
    """The unit that stands behind a number, as `parse` takes it."""
    word = word.strip()
    if kind is COUNT:
        word = _COUNTED.sub("", word)
        return {"m": "M", "g": "G", "b": "G", "B": "G", "K": "k", "t": "T"}.get(word, word)
    if kind is RATE:
        return "fps" if _RATES.fullmatch(word) else word
    if kind is MEMORY and word == word.lower():
        return {each.lower(): each for each in MEMORY.units}.get(word, word)
    return word


def is_nothing(cell: str) -> bool:
    """Whether a cell says that nothing is known."""
    return cell.strip().lower() in NOTHING


def is_out_of_memory(cell: str) -> bool:
    """Whether a cell says that the batch does not fit in the memory."""
    return cell.strip().lower() in OUT_OF_MEMORY
