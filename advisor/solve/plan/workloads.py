"""What someone asks of one board that runs several networks: workloads, shared budgets, an objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.errors import AdvisorError, closest, shown
from advisor.solve.question.limits import Constraint
from advisor.solve.question.requirements import DEFAULT_CONFIDENCE, Requirements

SHARED = ("power", "hours", "board-energy")
"""Limits of `pick` that a workload cannot have of its own."""

FREE = ("runtime_floor_mb",)
"""Figures of a request that may be zero."""

OBJECTIVES = ("accuracy", "worst-accuracy", "power")
"""The best mean accuracy (by weight), the best accuracy of the worst workload, the least power."""


def check_own(limit: Constraint) -> None:
    """Make sure that a limit can be one of a workload's own.

    Raises:
        AdvisorError: it cannot.
    """
    if limit.name in SHARED:
        raise AdvisorError(
            f"{limit.name} is no limit of one workload, since the whole board shares it",
            "limit 'power' at the top of the file",
        )
    if not limit.is_natural:
        raise AdvisorError(f"a plan does not limit {limit.name} from this side", "leave it out")
    if limit.statistic != "median":
        raise AdvisorError("a plan limits the median; it knows no tails", "leave out the '@'")


@dataclass(frozen=True)
class Workload:
    """One of the networks that a board is to run.

    Attributes:
        name: what its owner calls it.
        requirements: its own limits, a frame rate among them, its overhead, and what it may be chosen
            from. A `latency` limits the response, the wait for another workload included.
        weight: how much its accuracy counts beside that of the others.
    """

    name: str
    requirements: Requirements
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.requirements.fps is None:
            hint = "give it a limit like fps: '>= 15'"
            raise AdvisorError(f"workload {shown(self.name)} has no frame rate", hint)
        if not self.weight > 0:
            raise AdvisorError(f"workload {shown(self.name)}: the weight is not above zero")
        for limit in self.requirements.constraints:
            check_own(limit)

    @property
    def fps(self) -> float:
        """How many images a second it is to run."""
        return self.requirements.fps or 0.0

    @property
    def latency(self) -> Constraint | None:
        """The limit of its response, if any."""
        limits = self.requirements.constraints
        return next((each for each in limits if each.name == "latency"), None)


@dataclass(frozen=True)
class PlanRequest:
    """A whole question.

    Attributes:
        board: the board's name.
        workloads: what is to run on it, in the order of the file.
        share: of the board's time, how much may be used; above 0, at most 1.
        memory_mb: how much memory may be used; `None` for all that the board is known to have.
        power_w: the most average power, idle included; `None` for any.
        objective: one of `OBJECTIVES`.
        confidence: the probability with which all budgets and limits are to hold together, below 1;
            at 0 figures are taken as they are.
        runtime_floor_mb: what the runtime takes whatever it runs; `None` for what the board's law of
            memory tells.
    """

    board: str
    workloads: Sequence[Workload]
    share: float = 1.0
    memory_mb: float | None = None
    power_w: float | None = None
    objective: str = "accuracy"
    confidence: float = DEFAULT_CONFIDENCE
    runtime_floor_mb: float | None = None

    def __post_init__(self) -> None:
        if not all(isinstance(each, Workload) for each in self.workloads):
            raise AdvisorError("workloads: not all are a Workload", "make each by Workload(...)")
        if not self.workloads:
            raise AdvisorError("the plan has no workloads", "name at least one")
        names = [each.name for each in self.workloads]
        if len(set(names)) < len(names):
            raise AdvisorError("two workloads have the same name", "name each differently")
        if not 0 < self.share <= 1:
            hint = "give more than 0, at most 1"
            raise AdvisorError(f"share: {self.share:g} is no share of the board's time", hint)
        if not 0 <= self.confidence < 1:
            raise AdvisorError(f"confidence: {self.confidence:g} is no probability below 1")
        for name in ("memory_mb", "power_w", "runtime_floor_mb"):
            figure = getattr(self, name)
            if figure is not None and not (figure > 0 or (name in FREE and figure == 0)):
                raise AdvisorError(f"{name}: {figure:g} is not above zero")
        if self.objective not in OBJECTIVES:
            hint = closest(self.objective, OBJECTIVES)
            raise AdvisorError(f"unknown objective {shown(self.objective)}", hint)

    @property
    def needs_power(self) -> bool:
        """Whether the average power matters."""
        return self.power_w is not None or self.objective == "power"

    @property
    def needs_accuracy(self) -> bool:
        """Whether the accuracy of every workload matters."""
        return self.objective != "power"
