"""What formulas are made of: operations on columns, on figures with errors, on samples and on symbols."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Operation: TypeAlias = Literal["+", "-", "*", "/", "min", "else"]
"""What formulas combine two figures by; "else" is the second where the first is unknown."""


class Operand:
    """What formulas can be evaluated on beside plain columns: a subclass says how two are combined."""

    def combined(self, operation: Operation, left: Any, right: Any) -> Operand:
        """What an operation makes of two operands, at least one of which is of this kind."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return _combined("+", self, other)

    def __radd__(self, other: Any) -> Any:
        return _combined("+", other, self)

    def __sub__(self, other: Any) -> Any:
        return _combined("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _combined("-", other, self)

    def __mul__(self, other: Any) -> Any:
        return _combined("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _combined("*", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _combined("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _combined("/", other, self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **_: Any) -> Any:
        """What numpy calls where a column meets such an operand."""
        if method != "__call__" or ufunc.__name__ not in _OPERATIONS:
            raise TypeError(f"formulas have no {ufunc.__name__}")
        return _combined(_OPERATIONS[ufunc.__name__], *inputs)


ABSENT: Any = Operand()
"""What nobody has a figure of: nothing follows from it, and nothing is computed of it."""


def _combined(operation: Operation, one: Any, other: Any) -> Any:
    """What an operation makes of two operands, at least one of which is not a plain column."""
    if one is ABSENT or other is ABSENT:
        known = other if one is ABSENT else one
        return known if operation == "else" else ABSENT
    operand: Operand = one if isinstance(one, Operand) else other
    return operand.combined(operation, one, other)


_OPERATIONS: Mapping[str, Operation] = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "minimum": "min",
}
"""By the name of numpy's function, which need not be loaded to declare metrics."""


def _are_columns(one: Any, other: Any) -> bool:
    """Whether two operands are figures that numpy computes with."""
    return not isinstance(one, Operand) and not isinstance(other, Operand)


def minimum(one: Floats, other: Floats | float) -> Floats:
    """The smaller of two operands of a formula, one by one; operands of any kind that formulas have."""
    import numpy as np  # declaring metrics does without

    plain = _are_columns(one, other)
    smaller: Floats = np.minimum(one, other) if plain else _combined("min", one, other)
    return smaller


def otherwise(one: Floats, other: Floats) -> Floats:
    """The first of two operands of a formula where it is known, else the second, one by one."""
    import numpy as np  # declaring metrics does without

    plain = _are_columns(one, other)
    known: Floats = np.where(np.isnan(one), other, one) if plain else _combined("else", one, other)
    return known


def endless(arrival_fps: Any) -> bool:
    """Whether all images are there already."""
    rate = arrival_fps.number if isinstance(arrival_fps, Expression) else arrival_fps
    return isinstance(rate, float) and math.isinf(rate)


@dataclass(frozen=True)
class Expression(Operand):
    """A formula as a tree, for what has to look into it.

    Attributes:
        operation: what its parts are combined by; empty for a leaf.
        parts: two expressions; of a leaf one input's name or one number.
    """

    operation: Operation | Literal[""]
    parts: tuple[Any, ...]

    def combined(self, operation: Operation, left: Any, right: Any) -> Expression:
        """The tree above two, without what an infinite frame rate makes vanish."""
        one, other = leaf(left), leaf(right)
        if operation == "min" and math.inf in (one.number, other.number):
            return other if one.number == math.inf else one
        vanishing = (other.number == math.inf, one.number == math.inf)
        if operation in ("*", "/") and any(vanishing):
            return leaf(0.0) if operation == "/" and vanishing[0] else leaf(math.inf)
        if operation == "*" and 0.0 in (one.number, other.number):
            return leaf(0.0)
        return Expression(operation, (one, other))

    @property
    def number(self) -> float | None:
        """The number that it is, if it is one."""
        leaf = self.parts[0]
        return leaf if not self.operation and isinstance(leaf, float) else None

    @cached_property
    def count(self) -> Mapping[str, int]:
        """How often each input stands in it."""
        if self.operation:
            return Counter(self.parts[0].count) + Counter(self.parts[1].count)
        return Counter(each for each in self.parts if isinstance(each, str))

    def document(self) -> Any:
        """The same as lists, for other languages: [operation, left, right], a name, a number, or null."""
        if not self.operation:
            return None if self.number is not None and math.isnan(self.number) else self.parts[0]
        return [self.operation, *(each.document() for each in self.parts)]


def leaf(part: Any) -> Expression:
    """An input's name or a number as an expression; an expression as it is."""
    return part if isinstance(part, Expression) else Expression("", (part,))
