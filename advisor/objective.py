"""What ranks the candidates: one metric, or several in turn, each with a tolerance."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from advisor.documents import Schema
from advisor.errors import AdvisorError, shown
from advisor.metrics import BY_NAME, Metric, metric_named
from advisor.quantities import PERCENT, parse, written_as

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Figure = TypeVar("Figure", "float", "Floats")

_STEP = re.compile(r"([A-Za-z0-9_-]+)(?:\s+within\s+(.+))?", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """One metric of an objective.

    Attributes:
        name: the metric's name.
        tolerance: how far behind the best a candidate may be and still go on to the next step: in the
            metric's unit, or a share of the best where `relative`; 0 in the last step.
        relative: whether `tolerance` is a share.
    """

    name: str
    tolerance: float = 0.0
    relative: bool = False

    @property
    def metric(self) -> Metric:
        """The metric."""
        return BY_NAME[self.name]

    def worst_accepted(self, badness: Figure) -> Figure:
        """How bad a candidate may be beside a best of this badness; see `ranking.badness`."""
        hair = 1e-12 * abs(badness)  # 73.3 - 0.5 is not quite 72.8
        return badness + hair + self.tolerance * (abs(badness) if self.relative else 1)

    @property
    def tolerance_text(self) -> str:
        """The tolerance as it can be typed."""
        if self.relative:
            return f"{100 * self.tolerance:.12g}%"
        if self.metric.dimension is PERCENT:
            return f"{self.tolerance:.12g} points"
        text = written_as(self.tolerance, self.metric.dimension)
        unit = self.metric.dimension.unit
        return text if unit in text else f"{text} {unit}"

    def __document__(self) -> str:
        """The step as it can be typed."""
        return str(self)

    @classmethod
    def __document_schema__(cls, _: Schema) -> dict[str, Any]:
        """The JSON Schema of that."""
        return {"type": "string", "description": "A step of the objective, as it can be typed."}

    def __str__(self) -> str:
        return f"{self.name} within {self.tolerance_text}" if self.tolerance else self.name


Objective: TypeAlias = tuple[Step, ...]
"""Its steps, in turn; the last one ranks what is left."""


def read_objective(written: object) -> Objective:
    """An objective from what people write.

    Args:
        written: a metric's name; or several steps, as a list or with commas between them, each but the
            last with a tolerance: "accuracy within 0.5 points, energy".

    Raises:
        AdvisorError: a step cannot be read, or a metric stands twice.
    """
    if isinstance(written, str):
        texts = written.split(",")
    elif isinstance(written, Iterable):
        texts = [str(each) for each in written]
    else:
        texts = [str(written)]
    steps = tuple(map(_step, texts))
    names = [each.name for each in steps]
    if not steps:
        raise AdvisorError("objective: nothing to rank by", "name a metric, such as accuracy")
    for name in names:
        if names.count(name) > 1:
            raise AdvisorError(f"objective: {name} stands in it twice", "name each metric once")
    if steps[-1].tolerance:
        raise AdvisorError(
            f"objective: nothing follows {shown(str(steps[-1]))}",
            f"name what decides among those within it: '{steps[-1]}, energy', say",
        )
    return steps


def objective_text(objective: Objective) -> str:
    """The objective as it can be typed."""
    return ", ".join(map(str, objective))


def _step(text: str) -> Step:
    match = _STEP.fullmatch(text.strip())
    name, tolerance = match.groups() if match else (text.strip(), None)
    metric = metric_named(name, "objective")
    name, dimension = metric.name, metric.dimension
    if tolerance is None:
        return Step(name)
    what = f"objective: tolerance of {name}"
    if dimension is PERCENT:
        points = tolerance.strip().removesuffix("points").removesuffix("point").strip()
        return Step(name, parse(points, PERCENT, what, zero_allowed=True))
    if tolerance.strip().endswith("%"):
        return Step(name, parse(tolerance, PERCENT, what, zero_allowed=True) / 100, relative=True)
    return Step(name, parse(tolerance, dimension, what, zero_allowed=True))
