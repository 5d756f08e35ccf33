"""The answer to a question, as records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from advisor.catalog.records import Board
from advisor.documents import computed
from advisor.limits import Constraint
from advisor.metrics import METRICS, battery_hours
from advisor.objective import Step
from advisor.options import Requirements
from advisor.prediction.bound import Bound
from advisor.prediction.calibration import Calibration
from advisor.quality import Quality
from advisor.solve.candidates.candidate import IDENTITY_FIELDS, ROW_COLUMNS, Candidate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Rejection:
    """What one limit did to the candidates.

    Attributes:
        constraint: the limit.
        rejected: how many candidates have a known figure beyond it.
        unknown: how many candidates were excluded because their figure is unknown.
        unknown_since: of how many of these it is known why, by why.
        might_lead: how many of these might be better than the pick, as far as is known of them; where nothing
            fits, how many might meet every limit.
        nearest: of those rejected, the one that fails the fewest other limits and comes closest to
            this one; `None` where none was rejected.
        also_fails: the other limits that `nearest` does not meet.
    """

    constraint: Constraint
    rejected: int
    unknown: int
    unknown_since: Mapping[str, int]
    might_lead: int
    nearest: Candidate | None
    also_fails: tuple[Constraint, ...]


@dataclass(frozen=True)
class Loosened:
    """A limit, and what it would have to be.

    Attributes:
        constraint: the limit that was asked for.
        limit: what it would have to be, in its unit, exactly.
        asked: the limit to ask for instead: `limit`, loosened to few digits that keep the pick.
    """

    constraint: Constraint
    limit: float
    asked: Constraint

    @property
    def change(self) -> float:
        """How far that is from the asked limit, as a log ratio."""
        return abs(math.log(self.limit / self.constraint.limit))


@dataclass(frozen=True)
class Relaxation:
    """The smallest change of one limit alone, or of several together, that gives an answer.

    Attributes:
        limits: the limits that would have to give.
        candidate: the pick that one would get.
    """

    limits: tuple[Loosened, ...]
    candidate: Candidate

    @computed
    def change(self) -> float:
        """The largest change of any of the limits, as a log ratio."""
        return max(each.change for each in self.limits)


@dataclass(frozen=True)
class Narrowing:
    """What one step of the objective, with its tolerance, left to the next.

    Attributes:
        step: the step.
        best: the best figure of its metric, in its unit; infinite where none is known.
        left: how many candidates were within the tolerance.
    """

    step: Step
    best: float
    left: int


@dataclass(frozen=True)
class WhyNot:
    """Why a network is not the pick.

    Attributes:
        architecture: the network.
        board: the board that this is about.
        candidates: what one could deploy of it, by batch; empty where it is no candidate.
        nearest: of these the one that is closest to being the pick; `None` where there is none.
        feasible: whether `nearest` meets every limit with the asked confidence.
        out_of_memory: the batch sizes at which it is known not to fit in the board's memory.
        left_out: whether it ran on the board, but what may be chosen from leaves it out.
        asked: the name that it was asked by.
    """

    architecture: str
    board: str
    candidates: tuple[Candidate, ...]
    nearest: Candidate | None
    feasible: bool
    out_of_memory: tuple[int, ...]
    left_out: bool
    asked: str = ""

    @property
    def has_rows(self) -> bool:
        """Whether the board knows anything of it by this name."""
        return bool(self.candidates or self.out_of_memory or self.left_out)


@dataclass(frozen=True)
class Binding:
    """What keeps the pick from being better.

    Attributes:
        constraints: the limits that the nearest better candidate does not meet, or of which its
            figure is unknown.
        candidate: of all candidates that the objective prefers to the pick, the one that is closest
            to meeting every limit.
        networks: how many networks have a candidate that the objective prefers.
    """

    constraints: tuple[Constraint, ...]
    candidate: Candidate
    networks: int


@dataclass(frozen=True)
class Overlooked:
    """Candidates that were passed over since what the objective ranks by is unknown of them.

    Only those that no limit is known to reject; and where their accuracy is what is unknown, only those
    whose weights are more accurate in floats than the pick, as far as that is known.

    Attributes:
        metric: key of the metric.
        count: how many candidates there are.
        networks: of how many networks.
        candidate: of these the most promising.
        float_percent: the accuracy of its weights in floats, where that is the metric and is known.
    """

    metric: str
    count: int
    networks: int
    candidate: Candidate
    float_percent: float | None


@dataclass(frozen=True)
class Unsure:
    """What meets every limit by its figures, but not with the confidence that was asked for.

    Attributes:
        count: how many candidates do.
        likeliest: the one that most probably meets them.
    """

    count: int
    likeliest: Candidate


@dataclass(frozen=True)
class AnotherRun:
    """What another run of the pick would give, where its chance is of the very run that was published.

    Attributes:
        chance: the probability that it meets all limits; `None` where that is unknown.
        silent: the sources that do not say how far another run would be off.
    """

    chance: float | None
    silent: tuple[str, ...]


@dataclass(frozen=True)
class KnownBound:
    """The least line above the accuracy of every known network, against its frame rate.

    A fit to known networks: it shows what none of them reaches, and rejects nothing.

    Attributes:
        line: accuracy in percent <= line(images per second).
        fps: the frame rate that was asked for.
        networks: how many networks it lies above.
    """

    line: Bound
    fps: float
    networks: int

    @computed
    def accuracy_percent(self) -> float | None:
        """The bound at the asked frame rate; `None` beyond the range of the known ones."""
        if not self.line.holds_at(self.fps):
            return None
        return self.line.intercept - self.line.slope * self.fps


@dataclass(frozen=True)
class Recommendation:
    """Which network to ship, what else would do, and what the rest lacks.

    Attributes:
        requirements: the question, defaults included.
        boards: the boards that it was asked of.
        quality: in what accuracy is stated: the task, its metric, the data set.
        best: the pick; `None` where nothing meets all limits.
        alternatives: what else meets them, best first; one candidate a network and board, unless all
            batch sizes were asked for.
        networks_feasible: how many networks (on each board) meet all limits.
        boards_feasible: on how many boards some network does.
        considered: how many candidates there were.
        out_of_memory: how many more pairs are known not to fit in the board's memory.
        failed: how many more pairs failed when they were measured.
        without_weights: how many networks were left out because they lack the weights asked for.
        rejections: what each limit did, in the order of the question.
        binding: what keeps the pick from being better; `None` where nothing does.
        overlooked: what might be better than the pick if more were known of it; `None` where nothing might.
        narrowings: how each step of the objective but the last narrowed the choice.
        relaxations: where nothing fits, the limits whose change alone would give an answer, the
            smallest relative change first.
        together: where nothing fits, the change of limits together whose largest part is smallest;
            `None` where that is the change of one alone, or none helps.
        impossible: where nothing fits, the smallest sets of limits that no candidate meets.
        unsure: what was left out only since it is not sure enough; `None` where nothing was.
        unproven: how many candidates were left out only since a limited figure of theirs has no error, where
            a confidence was asked for.
        another_run: what another run of the pick would give, where its chance is of the very run that was
            published; `None` elsewhere.
        calibrations: by predicted figure that a limit on the pick rests on, how decisions by such predictions
            turned out on reference boards; `None` where too few of these ran networks so, or it is predicted
            by the board's own models.
        bound: what no known network exceeds, where a frame rate and an accuracy were asked for.
        explained: why the networks that were asked about are not the pick.
        notes: what could not be done as it was asked, in words.
        variants: in how many variants the candidates run.
        weights_used: the names of the sets of weights that they have.
        all_ranked: whether of every candidate the figure is known that the objective ranks by last.
    """

    UNDOCUMENTED: ClassVar = ("requirements", "boards", "weights_used", "variants", "all_ranked")

    requirements: Requirements
    boards: tuple[Board, ...]
    quality: Quality
    best: Candidate | None
    alternatives: tuple[Candidate, ...]
    networks_feasible: int
    boards_feasible: int
    considered: int
    out_of_memory: int
    failed: int
    without_weights: int
    rejections: tuple[Rejection, ...]
    binding: Binding | None
    overlooked: Overlooked | None = None
    narrowings: tuple[Narrowing, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    together: Relaxation | None = None
    impossible: tuple[tuple[Constraint, ...], ...] = ()
    unsure: Unsure | None = None
    unproven: int = 0
    another_run: AnotherRun | None = None
    calibrations: Mapping[str, Calibration | None] = field(default_factory=dict)
    bound: KnownBound | None = None
    explained: tuple[WhyNot, ...] = ()
    notes: tuple[str, ...] = ()
    variants: int = 1
    weights_used: frozenset[str] = frozenset()
    all_ranked: bool = True

    @computed
    def status(self) -> Literal["ok", "infeasible"]:
        """Whether something meets all limits."""
        return "ok" if self.best else "infeasible"

    @computed
    def idle_battery_hours(self) -> Mapping[str, float]:
        """By board, how long the battery lasts if nothing runs, where that is less than was asked for."""
        battery_j = self.requirements.battery_j
        asked = [
            each.limit
            for each in self.requirements.constraints
            if each.metric == "battery_hours" and each.sense == "min"
        ]
        if battery_j is None or not asked:
            return {}
        hours = {
            each.name: float(battery_hours(battery_j, each.idle_power_w.value))
            for each in self.boards
            if each.idle_power_w and each.idle_power_w.value > 0
        }
        return {name: lasts for name, lasts in hours.items() if lasts < max(asked)}

    @property
    def board(self) -> Board:
        """The pick's board; where nothing fits, the first of those asked."""
        name = self.best.board if self.best else self.boards[0].name
        return next(each for each in self.boards if each.name == name)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The pick and its alternatives, best first."""
        return (self.best, *self.alternatives) if self.best else ()

    def __repr__(self) -> str:
        return f"<Recommendation {self}>"  # its parts would fill pages

    def __str__(self) -> str:
        limits = ", ".join(map(str, self.requirements.constraints)) or "no limits"
        best = (
            f"{self.best.architecture} at batch {self.best.batch}" if self.best else "nothing fits"
        )
        return f"{self.requirements.boards_text}, {limits}: {best}"

    def to_frame(self) -> pd.DataFrame:
        """The pick and its alternatives as a table, best first.

        Returns:
            A row a candidate. Columns: what it is (`architecture`, `weights`, `board`, `runtime`,
            `precision`, `processor`, `threads`, `batch`), then each metric, its 90 % interval (`_low`,
            `_high`) and its `_origin`.
        """
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(
            [each.row() for each in self.candidates], columns=ROW_COLUMNS
        )
        return frame

    def _repr_html_(self) -> str:
        """The answer as notebooks show it."""
        from html import escape

        limits = ", ".join(map(str, self.requirements.constraints)) or "no limits"
        asked = f"{self.requirements.boards_text}: {limits}"
        if self.best is None:
            offered = [*self.relaxations, *([self.together] if self.together else [])]
            instead = "; ".join(
                f"relaxing to {' and '.join(str(limit.asked) for limit in each.limits)} makes "
                f"{each.candidate.architecture} feasible"
                for each in offered
            )
            return f"<p>{escape(asked)}</p><p><b>Nothing fits.</b> {escape(instead)}</p>"
        pick = f"{self.best.architecture} at batch {self.best.batch}"
        margins = ", ".join(
            f"{each.constraint}: head-room {each.margin:+.0%}"
            for each in self.best.headroom
            if each.margin is not None
        )
        frame = self.to_frame()[[*IDENTITY_FIELDS, *METRICS]].dropna(axis="columns", how="all")
        table = frame.to_html(float_format="%.4g")
        return f"<p>{escape(asked)}</p><p><b>{escape(pick)}</b> {escape(margins)}</p>{table}"
