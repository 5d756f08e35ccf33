"""One thing that could be deployed, as a record."""

from __future__ import annotations

from dataclasses import dataclass, fields

from advisor.catalog.records import Estimate
from advisor.solve.question.limits import Constraint
from advisor.solve.question.metrics import METRICS

SURE, LIKELY = 0.9, 0.5
"""From which probability on a candidate is called sure, or likely, to meet all limits."""


@dataclass(frozen=True)
class Headroom:
    """How a candidate stands to one limit.

    Attributes:
        constraint: the limit.
        value: the candidate's figure, in the limit's unit; `None` where unknown.
        margin: relative head-room: 0.3 is 30 % within the limit, -0.3 is 30 % beyond it; `None`
            where unknown.
        within_error: whether the limit lies inside the figure's 90 % interval.
        chance: the probability that this limit, by itself, is met; 0 where the figure is unknown.
    """

    constraint: Constraint
    value: float | None
    margin: float | None
    within_error: bool
    chance: float

    @property
    def met(self) -> bool:
        """Whether the figure is known and within the limit."""
        return self.margin is not None and self.margin >= 0


@dataclass(frozen=True)
class Candidate:
    """Something one could deploy, every metric an estimate; `None` where unknown.

    `chance` is the probability that it meets all limits that were asked for, 1 where there is none.
    `unlike_scopes` tells which of its figures, "power" or "memory", cover something else than those of
    the other boards that the question is asked of.
    Units stand in the names; `fps` is images per second, `params` and `operations` are counts (an
    operation being a multiply or an add of one image's forward pass).
    """

    architecture: str
    weights: str | None
    board: str
    runtime: str
    precision: str
    batch: int
    accuracy_top1_percent: Estimate | None
    latency_ms: Estimate | None
    time_per_image_ms: Estimate | None
    response_ms: Estimate | None
    fps: Estimate | None
    energy_j: Estimate | None
    net_power_w: Estimate | None
    average_power_w: Estimate | None
    board_energy_j: Estimate | None
    battery_hours: Estimate | None
    memory_mb: Estimate | None
    params: Estimate | None
    operations: Estimate | None
    headroom: tuple[Headroom, ...]
    chance: float
    unlike_scopes: tuple[str, ...]

    @property
    def mark(self) -> str:
        """How probably it meets all limits, in a word: "sure", "likely" or "unlikely"."""
        chance = self.chance + 1e-6  # sums of weights may miss by a rounding error
        return "sure" if chance >= SURE else "likely" if chance >= LIKELY else "unlikely"

    def metric(self, key: str) -> Estimate | None:
        """The metric of that key, one of `METRICS`."""
        estimate: Estimate | None = getattr(self, key)
        return estimate

    def row(self) -> dict[str, str | int | float | None]:
        """The candidate as one flat row: what it is, then each metric with its interval."""
        row: dict[str, str | int | float | None] = {
            name: getattr(self, name) for name in IDENTITY_FIELDS
        }
        for key in METRICS:
            estimate = self.metric(key)
            row[key] = estimate.value if estimate else None
            row[f"{key}_low"] = estimate.low if estimate else None
            row[f"{key}_high"] = estimate.high if estimate else None
            row[f"{key}_origin"] = estimate.origin if estimate else None
        return row


IDENTITY_FIELDS = tuple(
    field.name
    for field in fields(Candidate)
    if field.name not in METRICS and field.name not in ("headroom", "chance", "unlike_scopes")
)
"""What tells one candidate from another."""

ROW_COLUMNS = IDENTITY_FIELDS + tuple(
    key + part for key in METRICS for part in ("", "_low", "_high", "_origin")
)
"""The columns of `Candidate.row`, in order."""
