"""The answer to a plan: what each workload is to run, what that uses, and what is short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar, Literal, TypeAlias

from advisor.catalog.records import Board
from advisor.documents import computed
from advisor.metrics import battery_hours
from advisor.quality import Quality
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.plan.workloads import PlanRequest, Workload

ROUNDING = 1e-9
"""By how much, relatively, a sum may exceed its limit through rounding."""


@dataclass(frozen=True)
class Guarantee:
    """How surely all budgets and limits hold together.

    Every figure that a budget or limit uses is counted at a bound beyond which it lies with a
    probability of at most (1 - confidence) / figures, so that, by Bonferroni's inequality, none of
    them does with at least the confidence, however their errors go together.

    Attributes:
        confidence: the probability that was asked for; 0 takes figures as they are.
        figures: how many uncertain figures there are, over all workloads.
    """

    confidence: float
    figures: int

    @computed
    def level(self) -> float:
        """The probability with which each figure by itself stays within its bound."""
        return 1 - self._tail if self.confidence else 0.0

    @property
    def deviations(self) -> float:
        """How many standard deviations a bound lies away from its figure, never on its better side."""
        return max(0.0, -NormalDist().inv_cdf(self._tail)) if self.confidence else 0.0

    @property
    def _tail(self) -> float:
        return (1 - self.confidence) / max(self.figures, 1)


@dataclass(frozen=True)
class Amount:
    """A figure, and what it is counted as.

    Attributes:
        value: the figure as it is.
        bound: as budgets and limits count it: worse than it is with the probability that the guarantee
            leaves.
    """

    value: float
    bound: float

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.value + other.value, self.bound + other.bound)


NONE = Amount(0.0, 0.0)
Budget: TypeAlias = Literal["time", "memory", "power", "response"]
UNITS: dict[Budget, str] = {"time": "share", "memory": "MB", "power": "W", "response": "ms"}
"""The unit of each budget."""


@dataclass(frozen=True)
class Use:
    """What is used of a limit.

    Attributes:
        budget: "time", "memory" or "power", which all workloads share, or the "response" of one of them.
        workload: whose response it is; `None` for what all share.
        used: in the limit's unit; `None` where unknown.
        limit: `None` where there is none.
        known: what is used as far as it is known, which is no more than `used`.
    """

    budget: Budget
    workload: str | None
    used: Amount | None
    limit: float | None
    known: Amount

    @computed
    def unit(self) -> str:
        """Of what is used and of the limit; of time it is a share of the board's."""
        return UNITS[self.budget]

    @computed
    def ratio(self) -> float | None:
        """The used bound / the limit, above 1 where it is short; `None` without a limit."""
        if self.used is None or self.limit is None:
            return None
        return self.used.bound / self.limit

    @computed
    def short_by(self) -> float:
        """By how much, at least, the limit is short, relatively: 0.31 is 31 % beyond it."""
        beyond = 0.0 if self.limit is None else self.known.bound / self.limit - 1
        return beyond if beyond > ROUNDING else 0.0


@dataclass(frozen=True)
class Response:
    """How long a frame waits for its answer, in ms, and on what.

    A batch that is running is never interrupted, and batches run in the order in which they are
    complete; of the other workloads at most one batch is taken to be ahead, at worst the longest.

    Attributes:
        fill_ms: until the batch is full.
        wait_ms: until the longest batch of any other workload has run.
        run_ms: until its own batch has run.
        overhead_ms: before and after.
        waits_for: the workload with that longest batch; `None` where there is no other.
    """

    fill_ms: float
    wait_ms: Amount
    run_ms: Amount
    overhead_ms: float
    waits_for: str | None

    @computed
    def total(self) -> Amount:
        """The whole response."""
        known = self.fill_ms + self.overhead_ms
        return Amount(known, known) + self.wait_ms + self.run_ms


@dataclass(frozen=True)
class Chosen:
    """What one workload is to run.

    Attributes:
        workload: the workload.
        candidate: what it is to run; its response, average power and chance are those of it alone at its
            frame rate, and not those of the plan. Its chance is `None` where a figure that the plan limits
            has no error.
        accuracy: in percent; `None` where unknown, as for the following.
        response: how long a frame waits.
        share: of the board's time.
        power_w: what it adds to the average power.
        memory_mb: its peak beyond the runtime's floor.
    """

    UNDOCUMENTED: ClassVar = ("workload",)

    workload: Workload
    candidate: Candidate
    accuracy: Amount | None
    response: Response
    share: Amount
    power_w: Amount | None
    memory_mb: Amount | None

    @computed
    def name(self) -> str:
        """The workload's name."""
        return self.workload.name

    @computed
    def response_use(self) -> Use:
        """The response against its limit."""
        limit, total = self.workload.response, self.response.total
        return Use("response", self.workload.name, total, limit.limit if limit else None, total)


@dataclass(frozen=True)
class Alternative:
    """What a workload may run, and what that uses.

    Attributes:
        candidate: what it may run, as of what is chosen.
        chosen: whether it is what the plan runs.
        accuracy: in percent; `None` where unknown, as for power and memory.
        fill_ms: how long its first image waits for the batch to be full.
        latency_ms: how long a batch runs.
        share, power_w, memory_mb: as of what is chosen.
    """

    candidate: Candidate
    chosen: bool
    accuracy: Amount | None
    fill_ms: float
    latency_ms: Amount
    share: Amount
    power_w: Amount | None
    memory_mb: Amount | None


@dataclass(frozen=True)
class OwnLimit:
    """How a workload's candidates stand to one of its own limits, nothing else running.

    Attributes:
        limit: the limit, as it was written.
        metric: key of the limited figure, as `METRICS` names it.
        rejected: how many known figures are beyond it.
        nearest: the best figure of any candidate, as limits count it; `None` where all are unknown.
    """

    limit: str
    metric: str
    rejected: int
    nearest: float | None


@dataclass(frozen=True)
class Considered:
    """What a workload could be chosen from.

    Attributes:
        workload: its name.
        quality: in what the accuracy of its networks is stated.
        candidates: how many there were.
        possible_alone: how many are known well enough and meet the workload's own limits, nothing else
            running.
        unknown: by figure that is needed, how many candidates lack it.
        unproven: how many more cannot be chosen only since a limited figure of theirs has no error, where a
            confidence was asked for.
        limits: how they stand to each of the workload's own limits.
    """

    workload: str
    quality: Quality
    candidates: int
    possible_alone: int
    unknown: Mapping[str, int]
    unproven: int
    limits: tuple[OwnLimit, ...]


@dataclass(frozen=True)
class Achieved:
    """What the plan makes of the objective.

    Attributes:
        name: the objective.
        value: the mean accuracy by weight or the least one, in percent, or the average power in W; `None`
            where nothing fits.
        gap: how much better, relatively, another plan could at most be: what the solver left unproven;
            `None` where nothing fits.
    """

    name: str
    value: float | None = None
    gap: float | None = None

    @computed
    def unit(self) -> str:
        """Of the value."""
        return "W" if self.name == "power" else "%"


@dataclass(frozen=True)
class Plan:
    """The answer.

    Attributes:
        request: what was asked.
        board: the board.
        fits: whether every budget and limit is kept.
        objective: what is made of it.
        chosen: what each workload is to run, in the order of the question; where nothing fits, that
            which is short by the least sum of shares; empty where some workload has no candidate.
        budgets: what is used of the board's time, memory and power; empty where nothing is chosen.
        guarantee: how surely all of it holds.
        runtime_floor_mb: what the runtime takes of the memory by itself, counted once.
        idle_power_w: of the board; `None` where unknown.
        considered: what each workload could be chosen from.
        notes: what a reader must know besides, in words.
        catalog: the user's catalog folder, where there is one.
        alternatives: for each of what is chosen, what its workload may run as well as what it is to run, the
            most accurate first: of what could serve it alone that which nothing beats in everything.
    """

    UNDOCUMENTED: ClassVar = ("request", "board", "alternatives")

    request: PlanRequest
    board: Board
    fits: bool
    objective: Achieved
    chosen: tuple[Chosen, ...]
    budgets: tuple[Use, ...]
    guarantee: Guarantee
    runtime_floor_mb: float
    idle_power_w: Amount | None
    considered: tuple[Considered, ...]
    notes: tuple[str, ...]
    catalog: str | None
    alternatives: tuple[tuple[Alternative, ...], ...] = ()

    @computed
    def status(self) -> Literal["ok", "infeasible"]:
        """Whether every budget and limit is kept."""
        return "ok" if self.fits else "infeasible"

    def __repr__(self) -> str:
        return f"<Plan {self}>"  # its parts would fill pages

    def __str__(self) -> str:
        chosen = ", ".join(
            f"{each.workload.name}: {each.candidate.architecture} at batch {each.candidate.batch}"
            for each in self.chosen
        )
        return f"{self.board.name}, {chosen if self.fits else 'nothing fits'}"

    @computed
    def shortfalls(self) -> tuple[Use, ...]:
        """The budgets and responses that are short."""
        uses = (*self.budgets, *(each.response_use for each in self.chosen))
        return tuple(each for each in uses if each.short_by)

    @computed
    def unproven(self) -> tuple[str, ...]:
        """The workloads of whose choice a limited figure has no error, so that nothing is sure."""
        return tuple(each.name for each in self.chosen if each.candidate.mark == "unproven")

    @computed
    def battery_hours(self) -> Amount | None:
        """How long the battery lasts: its energy / average power; `None` where one of them is unknown."""
        power = next((each.used for each in self.budgets if each.budget == "power"), None)
        return self._hours(power)

    @computed
    def idle_battery_hours(self) -> Amount | None:
        """How long the battery lasts if nothing runs, likewise."""
        return self._hours(self.idle_power_w)

    def _hours(self, power_w: Amount | None) -> Amount | None:
        battery_j = self.request.battery_j
        if battery_j is None or power_w is None:
            return None
        value, bound = (battery_hours(battery_j, each) for each in (power_w.value, power_w.bound))
        return Amount(float(value), float(bound))

    @property
    def impossible(self) -> tuple[Considered, ...]:
        """The workloads that no candidate could serve even alone."""
        return tuple(each for each in self.considered if not each.possible_alone)
