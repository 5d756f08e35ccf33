"""What someone asks: limits, an objective, and what may be chosen from."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from advisor.quantities import ENERGY, TIME, written_as
from advisor.solve.question.included import Included
from advisor.solve.question.limits import Constraint
from advisor.solve.question.objective import Objective, Step, objective_text

DEFAULT_BOARD = "jetson-tx1"
NETWORKS = ("board", "all")
NEEDS = {
    "hours": "give the battery's energy: --battery 10Wh, or battery: 10 Wh in a file",
    "board-energy": "require a frame rate: --fps 30, say",
}
"""What must be said for a metric to be known that rests on the question."""

DEFAULT_CONFIDENCE = 0.9
DEFAULT_TOP = 5

FLAGS = ("fps", "latency", "energy", "power", "memory", "accuracy", "params", "ops", "hours")
"""The limits that have an option of their own; all others are conditions (`--where`)."""


@dataclass(frozen=True)
class Selection:
    """What may be chosen from.

    Attributes:
        architectures, families, runtimes, precisions: patterns, of which a candidate must match one
            each ("resnet-*"); `None` for any.
        batches: the batch sizes that may be chosen; `None` for any.
        weights: a set of weights, "any", or `None` for those that the board's source used; where it names
            none, each network's most accurate ones.
        networks: "board" for the networks that the board has rows of, "all" for every network, by
            prediction where nothing was measured.
        predictions: whether what is predicted may stand for what was not measured.
        include: networks of the user's own, which are candidates by prediction where they were not
            measured; and networks whose accuracy the user states.
        accuracy_table: a CSV file of the user's own accuracies, which replace all others.
    """

    architectures: tuple[str, ...] | None = None
    families: tuple[str, ...] | None = None
    runtimes: tuple[str, ...] | None = None
    precisions: tuple[str, ...] | None = None
    batches: frozenset[int] | None = None
    weights: str | None = None
    networks: str = "board"
    predictions: bool = True
    include: tuple[Included, ...] = ()
    accuracy_table: str | None = None

    @property
    def completes(self) -> bool:
        """Whether predictions complete the board's table, or add rows to it."""
        return bool(self.networks == "all" or self.brought) and self.predictions

    @property
    def brought(self) -> tuple[Included, ...]:
        """The networks that the question brings along."""
        return tuple(each for each in self.include if each.network is not None)

    @property
    def batches_text(self) -> str:
        """The batch sizes as they can be typed."""
        return "any" if self.batches is None else ",".join(map(str, sorted(self.batches)))

    @property
    def patterns(self) -> dict[str, tuple[str, ...]]:
        """The patterns that were given, by the option's name."""
        given = {
            "architectures": self.architectures,
            "families": self.families,
            "runtime": self.runtimes,
            "precision": self.precisions,
        }
        return {name: patterns for name, patterns in given.items() if patterns is not None}

    def words(self) -> list[str]:
        """The options that choose from the same again, but for the batch sizes."""
        words = ["--weights", self.weights] if self.weights else []
        for name, patterns in self.patterns.items():
            words += [f"--{name}", ",".join(patterns)]
        words += ["--candidates", self.networks] if self.networks != "board" else []
        words += [] if self.predictions else ["--no-predictions"]
        for own in self.include:
            words += [] if own.network is None else ["--include", f"{own.name}={own.network}"]
            if own.top1_percent is not None:
                words += ["--accuracy-of", f"{own.name}={own.top1_percent:.12g}"]
        return words + (["--accuracy-table", self.accuracy_table] if self.accuracy_table else [])


@dataclass(frozen=True)
class Requirements:
    """A whole question.

    Attributes:
        boards: the boards' names; `None` for every board.
        constraints: all limits; a candidate must meet every one.
        objective: what ranks those that meet them.
        selection: what may be chosen from.
        overhead_ms: time per batch for pre- and post-processing.
        battery_j: the energy of the battery, where there is one.
        confidence: the probability with which a candidate is to meet all limits together, below 1; at 0
            its figures are to meet them, however unsure they are.
        explain: networks of which to tell why they are not the pick.
        top: how many networks to list.
        all_batches: whether every fitting row of these networks is listed, not only the best.
        catalog: the user's catalog folder, where there is one.
    """

    boards: tuple[str, ...] | None = (DEFAULT_BOARD,)
    constraints: tuple[Constraint, ...] = ()
    objective: Objective = (Step("accuracy"),)
    selection: Selection = field(default_factory=Selection)
    overhead_ms: float = 0.0
    battery_j: float | None = None
    confidence: float = DEFAULT_CONFIDENCE
    explain: tuple[str, ...] = ()
    top: int = DEFAULT_TOP
    all_batches: bool = False
    catalog: str | None = None

    @property
    def fps(self) -> float | None:
        """The required frame rate, if any."""
        return next((each.limit for each in self.constraints if each.sets_rate), None)

    @property
    def boards_text(self) -> str:
        """The boards as they can be typed."""
        return "any" if self.boards is None else ",".join(self.boards)

    def called(self, name_of: Callable[[str], str]) -> Requirements:
        """The same question, its networks under the names that the catalog has for them."""
        asked = self.selection
        named = asked.architectures and tuple(map(name_of, asked.architectures))
        return replace(
            self,
            selection=replace(asked, architectures=named),
            explain=tuple(map(name_of, self.explain)),
        )

    def words(self) -> list[str]:
        """The options that ask the same again, but for how much is listed; defaults spelt out."""
        words: list[str] = []
        for each in self.constraints:
            flag = each.is_natural and each.name in FLAGS
            limit = each.limit_text.replace(" ", "")
            words += [f"--{each.name}", limit] if flag else ["--where", str(each)]
        words += ["--board", self.boards_text, "--batch", self.selection.batches_text]
        words += self.selection.words()
        words += ["--objective", objective_text(self.objective)]
        words += ["--overhead", written_as(self.overhead_ms, TIME).replace(" ", "")]
        if self.battery_j is not None:
            words += ["--battery", written_as(self.battery_j, ENERGY).replace(" ", "")]
        words += ["--confidence", confidence_text(self.confidence)]
        words += ["--catalog", self.catalog] if self.catalog else []
        return words

    def command(self) -> str:
        """The command line that asks the same again, defaults spelt out."""
        listed = [word for name in self.explain for word in ("--explain", name)]
        listed += ["--top", str(self.top), *(["--all-batches"] if self.all_batches else [])]
        return shlex.join(["advisor", "pick", *self.words(), *listed])


def confidence_text(confidence: float) -> str:
    """A confidence as it can be typed."""
    return format(Decimal(repr(confidence)), "f") if confidence else "none"
