"""What a candidate's figures rest on, where a formula has another way beside a seldom known input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.formulas import Operand, Operation
from advisor.metrics import evaluate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Traced(Operand):
    """Figures of which only counts what they rest on; a formula evaluated on them finds its way.

    Attributes:
        known: whether a figure is known.
        inputs: which inputs it rests on, as bits.
    """

    known: Any
    inputs: Any

    def combined(self, operation: Operation, left: Any, right: Any) -> Traced:
        """What an operation makes of two figures."""
        one, other = _traced(left), _traced(right)
        if operation == "else":
            inputs = np.where(one.known, one.inputs, other.inputs)
            return Traced(one.known | other.known, inputs)
        return Traced(one.known & other.known, one.inputs | other.inputs)


def _traced(operand: Any) -> Traced:
    return operand if isinstance(operand, Traced) else Traced(~np.isnan(operand), 0)


def rests_on(
    key: str, names: Sequence[str], figure_of: Callable[[str], Any], count: int
) -> Mapping[str, Booleans]:
    """Which figures of a metric rest on each of its inputs.

    Args:
        key: the metric's key.
        names: the inputs that are asked about.
        figure_of: the figures of all its inputs.
        count: how many figures of the metric there are.

    Returns:
        By input, shape (count,).
    """

    def leaf(name: str) -> Any:
        figure = figure_of(name)
        return Traced(~np.isnan(figure), 1 << names.index(name)) if name in names else figure

    bits = np.broadcast_to(_traced(evaluate(key, leaf)).inputs, (count,))
    return {name: (bits >> place & 1).astype(np.bool_) for place, name in enumerate(names)}
