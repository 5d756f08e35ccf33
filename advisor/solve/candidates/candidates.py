"""What could be deployed on a board, as columns; metrics are derived when they are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.catalog.precision import weights_mb
from advisor.catalog.records import (
    ORIGINS,
    TAKEN_AS_STATED,
    Architecture,
    Board,
    Estimate,
    Labels,
    Measurements,
    Metered,
    Values,
    Weights,
    distinct,
)
from advisor.formulas import ABSENT, Expression
from advisor.metrics import INPUTS, SELDOM, expression, formula_of, parameters_of
from advisor.quality import Quality
from advisor.solve.candidates.provenance import rests_on
from advisor.solve.candidates.uncertainty import Uncertain, sampled_interval, widths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers
    from advisor.prediction.board_model import Transfer

    Booleans = NDArray[np.bool_]

_STATED: Mapping[str, tuple[str, ...]] = {
    "row": TAKEN_AS_STATED,
    "board": TAKEN_AS_STATED,
    "weights": ORIGINS,
    "architecture": (),
}

TAILS_OF_LATENCY = frozenset({"latency_p90_ms", "latency_p99_ms"})
"""Bounds that have no error of their own; they are as good as the latency beside them."""

SCOPED = {"power": "net_power_w", "memory": "memory_mb"}
"""Figures that do not cover the same on every board, and their columns."""


@dataclass(frozen=True)
class Candidates:
    """Candidates as columns; a row is one of them.

    Attributes:
        boards: the boards that they run on.
        measurements: the rows of all boards.
        row_board: for each of these rows, its place in `boards`; shape (rows,).
        architectures: the architectures, aligned with `measurements.architecture.names`.
        weights: what the sets of weights reach, sorted by architecture and name.
        quality: in what that is stated.
        float_percents: by network, the best accuracy of those sets in floats, as far as that is known.
        rows: for each candidate, its row of `measurements`; shape (candidates,).
        weights_index: for each candidate, its set of weights, or -1; shape (candidates,).
        fps: the required frame rate, or `None`; or one for each candidate.
        limited: the metrics on which there are limits.
        overhead_ms: time per batch for pre- and post-processing.
        battery_j: the energy of the battery, or `None`.
        out_of_memory: how many pairs were left out because they are known not to fit in memory.
        failed: how many pairs were left out because running them failed.
        without_weights: how many networks were left out because they lack the weights asked for.
        notes: what could not be done as it was asked, in words.
        transfers: by board whose rows other boards predict in part, on what that rests.
        decided: the rows with the errors that count in decisions, where these are not those of the intervals.
        unknown_error: how far off a prediction without an interval is, as a standard deviation of its
            logarithm; it could be anything.
    """

    boards: tuple[Board, ...]
    measurements: Measurements
    row_board: Integers
    architectures: tuple[Architecture, ...]
    weights: tuple[Weights, ...]
    quality: Quality
    float_percents: Mapping[str, float]
    rows: Integers
    weights_index: Integers
    fps: float | Floats | None
    limited: tuple[str, ...]
    overhead_ms: float
    battery_j: float | None
    out_of_memory: int
    failed: int
    without_weights: int
    notes: tuple[str, ...] = ()
    transfers: Mapping[str, Transfer] = field(default_factory=dict)
    decided: Measurements | None = None
    unknown_error: float = math.inf
    _tables: dict[str, NDArray[np.float64]] = field(
        default_factory=dict, repr=False, compare=False
    )  # figures of boards, networks and weights; alike for every selection of the candidates
    _known: dict[str, list[Estimate | None]] = field(
        default_factory=dict, repr=False, compare=False
    )  # the same as estimates

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, selected: Integers) -> Candidates:
        """Only the candidates at these positions, in this order."""
        fps = self.fps[selected] if isinstance(self.fps, np.ndarray) else self.fps
        rows, weights_index = self.rows[selected], self.weights_index[selected]
        return replace(self, rows=rows, weights_index=weights_index, fps=fps)

    @cached_property
    def architecture_index(self) -> Integers:
        """For each candidate, its place in `architectures`, which is sorted by name."""
        return self.measurements.architecture.index[self.rows]

    @property
    def float_percent(self) -> Floats:
        """The best accuracy of each candidate's network in floats; NaN where unknown."""
        names = self.measurements.architecture.names
        known = [self.float_percents.get(name, np.nan) for name in names]
        return np.array([*known, np.nan])[self.architecture_index]

    @cached_property
    def board_index(self) -> Integers:
        """For each candidate, its place in `boards`."""
        return self.row_board[self.rows]

    @cached_property
    def network_index(self) -> Integers:
        """For each candidate, the number of its network and board, less than `networks`."""
        return self.board_index * len(self.architectures) + self.architecture_index

    @property
    def networks(self) -> int:
        """How many pairs of a board and a network there could be."""
        return len(self.boards) * len(self.architectures)

    @property
    def variants(self) -> int:
        """In how many variants the candidates run."""
        return int(np.count_nonzero(np.bincount(self.measurements.variant_index[self.rows])))

    @property
    def weights_used(self) -> frozenset[str]:
        """The names of the sets of weights that candidates have."""
        used = np.bincount(self.weights_index[self.weights_index >= 0])
        return frozenset(self.weights[place].name for place in np.flatnonzero(used).tolist())

    @cached_property
    def batch(self) -> Integers:
        """For each candidate, its batch size."""
        return self.measurements.batch[self.rows]

    @cached_property
    def _values(self) -> dict[str, Values]:
        return {}

    @cached_property
    def _middles(self) -> dict[str, Values]:
        return {}

    @cached_property
    def _figures(self) -> dict[str, Floats]:
        return {}

    @cached_property
    def _operands(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _uncertain_inputs(self) -> dict[str, Values]:
        return {}

    def figure(self, key: str) -> Floats:
        """A metric of all candidates without its interval, NaN where unknown. Computed once.

        Args:
            key: one of `advisor.metrics.EVERY`, or of its `PARTS`.
        """
        if key not in self._figures:
            parts = [
                self.input_figure(name) if name in INPUTS else self.figure(name)
                for name in parameters_of(key)
            ]
            with np.errstate(all="ignore"):
                self._figures[key] = self._column(formula_of(key)(*parts))
        return self._figures[key]

    def values(self, key: str) -> Values:
        """A metric of all candidates with its 90 % interval; NaN where unknown. Computed once.

        Errors are propagated operation by operation, which holds while each uncertain input stands in the
        formula once; else the interval is that of joint samples. What rests on something that could be
        anything has none.
        """
        if key not in self._values:
            _, *ends = self._about_middles(key)
            self._values[key] = Values(self.figure(key), *ends)
        return self._values[key]

    def _about_middles(self, key: str) -> Values:
        """A metric with its 90 % interval, as it follows from its inputs' middles, see `_about_middle`."""
        if key not in self._middles:
            count = self._expression(key).count
            uncertain = self.uncertain_inputs(key)
            if all(count[name] == 1 for name in uncertain):
                found: tuple[Any, Any, Any] = self._propagated(key)
            else:
                inputs = {name: self._about_middle(name) for name in uncertain}
                found = sampled_interval(
                    key,
                    inputs,
                    lambda name: inputs[name].value if name in inputs else self.input_figure(name),
                )
            value, *ends = map(self._column, found)
            if (anything := self._where_any(self.rests_on(key), self._could_be_anything)).any():
                ends = [np.where(anything, np.nan, end) for end in ends]
            self._middles[key] = Values(value, *ends)
        return self._middles[key]

    def _propagated(self, key: str) -> tuple[Any, Any, Any]:
        found = self._operand(key)
        if isinstance(found, Uncertain):
            return found.value, found.low, found.high
        return found, np.nan, np.nan

    def _operand(self, key: str) -> Any:
        """A metric as its formula makes it of figures with errors. Computed once."""
        if key not in self._operands:
            parts = [
                self._input_operand(name) if name in INPUTS else self._operand(name)
                for name in parameters_of(key)
            ]
            with np.errstate(all="ignore"):
                self._operands[key] = formula_of(key)(*parts)
        return self._operands[key]

    def _input_operand(self, name: str) -> Any:
        if not INPUTS[name].uncertain or name in self.absent:
            return self.input_figure(name)
        return Uncertain(*self._about_middle(name))

    def _column(self, figures: Any) -> Floats:
        column: Floats = np.asarray(np.nan if figures is ABSENT else figures, dtype=np.float64)
        return column if column.ndim else np.full(len(self), column)

    @property
    def net_is_bound(self) -> Booleans:
        """Of which candidates net power is gross power less idle power, of which only a bound is known."""
        gross = self.measurements.gross_power_w.values.value[self.rows]
        return self._idle_is_bound & self._net_is_unknown & ~np.isnan(gross)

    @property
    def average_is_bound(self) -> Booleans:
        """Of which candidates average power has idle power in it, of which only a bound is known.

        Gross power is what a board draws that never rests, whatever it draws idle.
        """
        rests = self.fps is not None
        return self._idle_is_bound & (rests | ~self._net_is_unknown)

    @property
    def _idle_is_bound(self) -> Booleans:
        bound = np.array([each.idle_is_bound for each in self.boards], dtype=np.bool_)
        return bound[self.board_index]

    @property
    def _net_is_unknown(self) -> Booleans:
        return np.isnan(self.measurements.net_power_w.values.value[self.rows])

    @property
    def weights_mb(self) -> Floats:
        """How much memory the weights of each candidate take at least; NaN where nobody counted them."""
        precision = self.measurements.precision
        size = np.array([weights_mb(1, name) for name in precision.names])
        found: Floats = self.figure("params") * size[precision.index[self.rows]]
        return found

    def spread(self, key: str) -> Values:
        """A metric of all candidates, and the standard deviations of its logarithm below and above.

        What follows from the shortest of some runs is taken as it would follow from the usual one. A figure
        without an interval is taken as exact if it was measured or reported; what rests on something
        predicted without one could be anything. What is predicted from other boards has the error that counts
        in decisions.
        """
        anything = self._where_any(self.rests_on(key), self._could_be_anything)
        return self._with_unknown_errors(widths(self._in_decisions._about_middles(key)), anything)

    def input_spread(self, name: str) -> Values:
        """The same of an input of formulas."""
        anything = self._could_be_anything(name)
        return self._with_unknown_errors(widths(self._in_decisions._about_middle(name)), anything)

    @cached_property
    def _in_decisions(self) -> Candidates:
        """The same candidates with the errors that count in decisions."""
        if self.decided is None:
            return self
        return replace(self, measurements=self.decided, decided=None)

    def _with_unknown_errors(self, spread: Values, anything: Booleans | None) -> Values:
        if anything is None or not anything.any():
            return spread
        value, below, above = spread
        error = self.unknown_error
        return Values(value, np.where(anything, error, below), np.where(anything, error, above))

    def could_be_anything(self, key: str) -> Booleans:
        """Where a metric is known, and rests on something that was predicted without an interval."""
        found = self._where_any(self.rests_on(key), self._could_be_anything)
        return found & ~np.isnan(self.figure(key)) if found.any() else found

    def predicted(self, key: str) -> Booleans:
        """Where a metric rests on something predicted."""
        return self._where_any(self.rests_on(key), self._is_predicted)

    def unproven(self, key: str) -> Booleans:
        """Where a metric is known, and rests on something that was reported or declared without any error."""
        found = self._where_any(self.rests_on(key), self._lacks_error)
        if not TAILS_OF_LATENCY.isdisjoint(self._expression(key).count):
            found |= self._lacks_error("latency_ms")
        return found & ~np.isnan(self.figure(key)) if found.any() else found

    @cached_property
    def is_unproven(self) -> Booleans:
        """Of which candidates a limited figure is unproven."""
        found = np.zeros(len(self), dtype=np.bool_)
        for key in self.limited:
            found |= self.unproven(key)
        return found

    def _lacks_error(self, name: str) -> Booleans:
        home = INPUTS[name].home
        if not stated_of(name):
            return np.zeros(len(self), dtype=np.bool_)
        if home == "row":
            metered: Metered = getattr(self.measurements, name)
            return metered.lacks_error[self.rows]
        if home == "weights":
            of_sets = [*(each.is_unproven(name) for each in self.weights), False]
            return np.array(of_sets)[self.weights_index]
        lacks = [
            each is not None and each.low is None and each.origin in stated_of(name)
            for each in self._estimates(name)
        ]
        return np.array(lacks, dtype=np.bool_)[self.board_index]

    def _where_any(
        self, rests: Mapping[str, Booleans], is_so: Callable[[str], Booleans | None]
    ) -> Booleans:
        """Where something is so of any input that a metric rests on there."""
        found = np.zeros(len(self), dtype=np.bool_)
        for name, here in rests.items():
            if (so := is_so(name)) is not None:
                found |= here & so
        return found

    def _is_predicted(self, name: str) -> Booleans | None:
        """Where an input is predicted; `None` for nowhere."""
        if INPUTS[name].home == "weights":
            used = distinct(self.weights_index[self.weights_index >= 0]).tolist()
            supposed = [each for each in used if self._is_supposed(self.weights[each], name)]
            return np.isin(self.weights_index, supposed) if supposed else None
        if INPUTS[name].home != "row":
            return None
        origin: Labels = getattr(self.measurements, name).origin
        place = origin.position.get("predicted")
        return None if place is None else origin.index[self.rows] == place

    @staticmethod
    def _is_supposed(weights: Weights, name: str) -> bool:
        figure: Estimate | None = getattr(weights, name)
        return figure is not None and figure.origin == "predicted"

    def _could_be_anything(self, name: str) -> Booleans | None:
        """Where an input was predicted without an interval; `None` for nowhere."""
        predicted = self._is_predicted(name)
        return None if predicted is None else predicted & np.isnan(self.input_values(name).low)

    def rests_on(self, key: str) -> Mapping[str, Booleans]:
        """By uncertain input, which candidates' figures of a metric rest on it. Found once."""
        if key not in self._rests:
            names = self.uncertain_inputs(key)
            if any(INPUTS[name].seldom for name in self._expression(key).count):
                self._rests[key] = rests_on(key, names, self.input_figure, len(self))
            else:
                self._rests[key] = dict.fromkeys(names, np.ones(len(self), dtype=np.bool_))
        return self._rests[key]

    @cached_property
    def _rests(self) -> dict[str, Mapping[str, Booleans]]:
        return {}

    def uncertain_inputs(self, key: str) -> tuple[str, ...]:
        """The inputs from which a metric follows and that may have errors."""
        return tuple(name for name in self._expression(key).count if INPUTS[name].uncertain)

    def _expression(self, key: str) -> Expression:
        return expression(key, at_rate=self.fps is not None, absent=self.absent)

    @property
    def absent(self) -> frozenset[str]:
        """The inputs that few boards report, and none of these."""
        return frozenset(name for name in SELDOM if getattr(self.measurements, name).is_unknown)

    def input_figure(self, name: str) -> Any:
        """An input of formulas: a column, or one number for all; NaN where unknown.

        `advisor.formulas.ABSENT` where no candidate has it. Not kept, which would take much memory of many
        candidates, and spare little time.
        """
        home = INPUTS[name].home
        if name in self.absent:
            return ABSENT
        if home == "question":
            return self._of_question(name)
        if home == "board" and len(self.boards) == 1:
            return float(self._table(name)[0, 0])
        if home != "row":
            return self._table(name)[0][self._place(home)]
        if name == "batch":
            return self.batch
        column = getattr(self.measurements, name)
        return (column.values.value if isinstance(column, Metered) else column)[self.rows]

    def input_values(self, name: str) -> Values:
        """An uncertain input of formulas with its interval. Taken once."""
        if name not in self._uncertain_inputs:
            if INPUTS[name].home == "row":
                metered: Metered = getattr(self.measurements, name)
                self._uncertain_inputs[name] = metered.values.take(self.rows)
            else:
                table = self._table(name)[:, self._place(INPUTS[name].home)]
                self._uncertain_inputs[name] = Values(*table)
        return self._uncertain_inputs[name]

    def _about_middle(self, name: str) -> Values:
        """An uncertain input of formulas with its interval, as probably above the figure as below it.

        The shortest of some runs is no such figure: the usual one lies about the middle of the interval.
        """
        found = self.input_values(name)
        usual = self.measurements.usual_latency_ms if name == "latency_ms" else None
        if usual is None:
            return found
        middle = usual[self.rows]
        return found._replace(value=np.where(np.isnan(middle), found.value, middle))

    def stated(self, name: str) -> Sequence[Estimate | None]:
        """An input of formulas as it stands in the catalog, for each candidate; `None` where it does not."""
        home = INPUTS[name].home
        if home in ("board", "weights", "architecture"):
            figures = self._estimates(name)
            return [figures[at] if at >= 0 else None for at in self._place(home).tolist()]
        metered = getattr(self.measurements, name, None)
        if isinstance(metered, Metered):
            return [metered.estimate(row) for row in self.rows.tolist()]
        return [None] * len(self)

    def _of_question(self, name: str) -> Any:
        given: Mapping[str, Any] = {
            "required_fps": math.nan if self.fps is None else self.fps,
            "arrival_fps": math.inf if self.fps is None else self.fps,
            "overhead_ms": self.overhead_ms,
            "battery_j": math.nan if self.battery_j is None else self.battery_j,
        }
        return given[name]

    def _place(self, home: str) -> Integers:
        """For each candidate, the place of its board, weights or architecture in tables of their figures."""
        if home == "weights":
            return self.weights_index
        if home == "board":
            return self.board_index
        if len(self._cost_kinds) == 1:
            return self.architecture_index
        kind_of_board = np.array([self._cost_kinds.index(board.cost) for board in self.boards])
        of_kind: Integers = kind_of_board[self.board_index] * len(self.architectures)
        return of_kind + self.architecture_index

    def _table(self, name: str) -> NDArray[np.float64]:
        """Values, lows and highs, and at the end, for index -1, unknown; shape (3, estimates + 1)."""
        if name not in self._tables:
            unknown = (np.nan, np.nan, np.nan)
            rows = [
                unknown if each is None else (each.value, each.low, each.high)
                for each in (*self._estimates(name), None)
            ]
            # No interval, which is `None`, becomes NaN.
            self._tables[name] = np.array(rows, dtype=np.float64).T
        return self._tables[name]

    def _estimates(self, name: str) -> list[Estimate | None]:
        """A figure of all sets of weights, of all boards, or of all architectures, kind by kind."""
        if name not in self._known:
            home = INPUTS[name].home
            if home == "architecture":
                found = [
                    cost_of(each, kind, name)
                    for kind in self._cost_kinds
                    for each in self.architectures
                ]
            else:
                owners = self.weights if home == "weights" else self.boards
                found = [getattr(each, name) for each in owners]
            self._known[name] = found
        return self._known[name]

    @cached_property
    def _cost_kinds(self) -> list[str]:
        return sorted({board.cost for board in self.boards})  # few, however many boards there are

    @cached_property
    def unlike_scopes(self) -> tuple[str, ...]:
        """Which figures, "power" or "memory", cover unlike things on the boards that know them."""
        unlike = []
        for name, key in SCOPED.items() if len(self.boards) > 1 else ():
            known = ~np.isnan(getattr(self.measurements, key).values.value)
            boards = [self.boards[place] for place in np.unique(self.row_board[known]).tolist()]
            if len({getattr(board, f"{name}_scope") for board in boards}) > 1:
                unlike.append(name)
        return tuple(unlike)


def stated_of(name: str) -> tuple[str, ...]:
    """The origins of which an input of formulas proves nothing where it has no error.

    What was counted is exact; an accuracy is one of some images, of however many.
    """
    return () if INPUTS[name].exact else _STATED[INPUTS[name].home]


def cost_of(architecture: Architecture, kind: str, key: str) -> Estimate | None:
    """A figure of the network, of the kind of cost that a board's rows go with."""
    cost = architecture.cost(kind)
    figure: Estimate | None = getattr(cost, key) if cost else None
    return figure
