"""What is measured, or else predicted, of a network on boards, batch size by batch size."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.architectures.names import is_own, is_own_file, read_shape
from advisor.arguments import checked, trusting
from advisor.catalog.naming import named_network
from advisor.catalog.records import ORIGINS, Architecture, Board, Cost, Estimate, Measurements
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.documents import computed
from advisor.errors import AdvisorError, BrokenFileError, shown
from advisor.metrics import evaluate
from advisor.option_kinds import read_boards
from advisor.options import default_board
from advisor.prediction.board_model import BoardFit, runs_of
from advisor.prediction.fit_store import current_fit
from advisor.prediction.ready_fit import ready_fit
from advisor.prediction.terms import COLUMNS
from advisor.quantities import parse_cost, read_batches
from advisor.solve.candidates.completion import SOURCE, completed, usual_sizes
from advisor.solve.candidates.idle_power import below_idle_text, without_power_below_idle
from advisor.solve.candidates.named_networks import called_alike
from advisor.solve.candidates.uncertainty import Uncertain

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

BARE = "network"
"""What a network is called that is described by its cost alone."""
MOST_EXPLAINED = 3
"""Of so many boards at most it is said, one by one, why nothing is predicted."""

METERED = ("latency_ms", "throughput_fps", "net_power_w", "gross_power_w")
"""The columns of a row that its energy follows from."""


@dataclass(frozen=True)
class Forecast:
    """What is known or predicted of one network on one board at one batch size.

    Attributes:
        board, architecture, batch: what runs where.
        variant: how.
        input_size: its input's height and width in pixels; `None` where the network is known by its
            cost alone.
        latency_ms, energy_j, memory_mb: the figures; `None` where unknown.
        throughput_fps: images per second, where the source reports them apart from the latency, which does
            not follow from them.
        outside: which columns of the network lie outside what the model of the latency has seen.
    """

    board: str
    architecture: str
    input_size: int | None
    variant: Variant
    batch: int
    latency_ms: Estimate | None
    throughput_fps: Estimate | None
    energy_j: Estimate | None
    memory_mb: Estimate | None
    outside: tuple[str, ...]

    @computed
    def rate_fps(self) -> float:
        """Images per second: as reported, else as the latency has it."""
        if self.throughput_fps:
            return self.throughput_fps.value
        return math.nan if self.latency_ms is None else 1000.0 * self.batch / self.latency_ms.value

    @property
    def timed(self) -> Estimate:
        """What says how fast it runs: the latency, else the throughput.

        Raises:
            ValueError: neither is known.
        """
        found = self.latency_ms or self.throughput_fps
        if found is None:
            raise ValueError("a network that ran has a latency or a throughput")
        return found


@dataclass(frozen=True)
class Predictions:
    """What is known or predicted of networks on boards.

    Attributes:
        network: the one that was asked for; `None` where all were.
        forecasts: by board, network and batch size; none where nothing is known and nothing can be
            predicted.
        notes: why nothing is predicted of a board, where that is so, and what became of each asked batch
            size of which there is no forecast.
        warnings: what is to be said of the table of counts in which the network was found.
    """

    network: Architecture | None
    forecasts: tuple[Forecast, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


@trusting
@checked
def predict(
    network: str | None = None,
    *,
    board: str | Iterable[str] | None = None,
    batch: str | int | Iterable[int] = "any",
    input_shape: str | None = None,
    ops: object = None,
    params: object = None,
    activations: object = None,
    every: bool = False,
    trust: bool = False,  # noqa: ARG001  (it acts by being given)
    catalog: str | os.PathLike[str] | None = None,
) -> Predictions:
    """What networks take on a board: measured figures where there are, else predictions.

    Asked is one network by name, one by its cost, or all.

    Args:
        network: a network of the catalog, one of a library's ("mobilenet_v2@224"), a file (.onnx, .pt2), or
            code that makes one ("module:factory").
        board: names of boards or devices, or patterns, as a list or with commas between them, of which each
            that was never fitted is fitted; "all" for every board, predicted as far as they are fitted; else
            the default one.
        batch: "any" for those that the board has, one batch size, or several ("1,4").
        input_shape: the input of "module:factory", "3x224x224".
        ops: operations per image, "4.1G".
        params: its parameters.
        activations: its activations, if known.
        every: whether all networks of the catalog are asked for, and all that other boards predict.
        trust: whether a .pt2 file is read though that could run code which it holds.
        catalog: the catalog folder beside the shipped one, as everywhere.

    Raises:
        AdvisorError: the question contradicts itself, the network or the board is unknown, or a file is
            broken.
    """
    by_cost = ops is not None or params is not None
    _check(network, by_cost, activations, ops, input_shape, every=every)
    opened = Catalog.open(catalog)
    named = read_boards("board", default_board() if board is None else board)
    boards = None if named is None else opened.boards_meant(named)
    wanted: Architecture | None = None
    warnings: tuple[str, ...] = ()
    if network is not None:
        only = boards[0] if boards and len(boards) == 1 else None
        text, which = (network, ()) if only is None else _as_shown(opened, network, only)
        wanted, warnings = named_network(opened, text, _shape(input_shape))
        warnings = (*which, *warnings)
    elif by_cost:
        wanted = _described(ops, params, activations)
    batches = read_batches(batch)
    forecasts: list[Forecast] = []
    notes: list[str] = []
    unfitted: dict[str, str] = {}
    for name in opened.board_layers if boards is None else boards:
        try:
            found, said, why_not = _on_board(
                opened,
                name,
                None if wanted is None else [wanted],
                batches,
                make=boards is not None,
            )
        except BrokenFileError as error:
            if boards is not None:
                raise
            found, said, why_not = [], [f"Left out: {error.message}."], ""
        forecasts += found
        notes += said
        if why_not:
            unfitted[name] = why_not
    notes = [*_nothing_predicted(unfitted), *notes]
    return Predictions(wanted, tuple(forecasts), tuple(notes), warnings)


def _check(
    network: str | None,
    by_cost: bool,
    activations: object,
    ops: object,
    input_shape: str | None,
    *,
    every: bool,
) -> None:
    """Refuse what contradicts itself, or would do nothing."""
    if sum([network is not None, by_cost, every]) != 1:
        raise AdvisorError(
            "predict what?", "name a network, or give --ops and --params, or --all: one of these"
        )
    takes_input = network is not None and is_own(network) and not is_own_file(network)
    if input_shape is not None and not takes_input:
        hint = "a file or a network of the catalog has its own input"
        raise AdvisorError("--input is for MODULE:FACTORY", hint)
    if activations is not None and ops is None:
        raise AdvisorError("--activations goes with --ops and --params", "leave it out")


def _shape(text: str | None) -> tuple[int, int, int] | None:
    if text is None:
        return None
    shape = read_shape(text)
    if shape is None:
        hint = "write channels x height x width: 3x224x224"
        raise AdvisorError(f"input: {shown(text)} is not a shape", hint)
    return shape


def _as_shown(catalog: Catalog, text: str, board: str) -> tuple[str, tuple[str, ...]]:
    """The network that somebody names on a board, and what is to be said of that; see `find_among`."""
    if is_own(text):
        return text, ()
    rows = catalog.measurements(catalog.board(board))
    meaning = catalog.identities.find_among(text, rows.architecture.position)
    if meaning is None or meaning == catalog.identities.find(text):
        return text, ()
    return meaning.identity, (meaning.note,) if meaning.note else ()


def _described(ops: object, params: object, activations: object) -> Architecture:
    """A network that is known by its cost alone."""
    if ops is None or params is None:
        raise AdvisorError("a network is described by --ops and --params", "give both")

    def declared(text: object, what: str, usual: str) -> Estimate:
        value = parse_cost(text, what, usual)
        return Estimate(value, value, value, "declared", "")

    cost = Cost(
        params=declared(params, "params", "M"),
        operations=declared(ops, "ops", "G"),
        activations=None if activations is None else declared(activations, "activations", "M"),
        layers=None,
        window_reads=None,
        peak_activations=None,
    )
    return Architecture(BARE, "", (1, 1, 1), "", None, cost, "")


def _on_board(
    catalog: Catalog,
    board_name: str,
    wanted: Sequence[Architecture] | None,
    batches: Collection[int] | None,
    *,
    make: bool,
) -> tuple[list[Forecast], list[str], str]:
    """What is known of some networks on a board.

    Args:
        catalog: everything that is known.
        board_name: the board.
        wanted: the networks; the catalog need not know them. `None` for all that it describes, and all
            that the board ran or other boards predict.
        batches: the batch sizes; `None` for those that the board has.
        make: whether a board that was never fitted is fitted where something was not measured.

    Returns:
        The forecasts by network and batch size; notes: what became of each asked batch size of which there
        is no forecast; and why nothing is predicted, "" where it is, or nothing is left to predict.

    Raises:
        AdvisorError: there is no such board, or a file is broken.
    """
    surveyed = catalog.surveyed(board_name)
    board = surveyed.board
    own, below_idle = without_power_below_idle(board, surveyed.measurements)
    known = catalog.architectures_with(own)
    if wanted is not None and len(wanted) == 1:
        wanted = [_as_called(catalog, wanted[0], own)]
    all_ran = _all_ran(own, wanted, batches)
    if make and not all_ran:
        fit, said = ready_fit(catalog, board, own, known)
    else:
        fit, said = current_fit(board, own, known, catalog.own_folder)
    if wanted is None:
        transferred = fit.transfer.rows.architecture.names if fit and fit.transfer else ()
        known |= {
            name: catalog.architectures[name]
            for name in transferred
            if name in catalog.architectures
        }
        repeated = catalog.identities.repeated([*own.architecture.names, *transferred, *known])
        wanted = [each for name, each in known.items() if name not in repeated]
    known |= {each.name: each for each in wanted}
    table = own if fit is None else completed(board, own, known, fit, batches or ())
    runs = runs_of(board, table, known)
    ran = table.ran
    sizes = set(usual_sizes(own)) if batches is None else set(batches)
    found: list[Forecast] = []
    notes = [f"{below_idle_text(board, below_idle)}."] if below_idle else []
    if fit and said:
        notes.append(f"{board.name}: {said}.")
    if fit and fit.residuals_from:
        notes.append(f"{board.name}: intervals are made of the residuals of {fit.residuals_from}.")
    for architecture in wanted:
        place = table.architecture.position.get(architecture.name, -1)
        rows = np.flatnonzero(ran & (table.architecture.index == place))
        if batches is not None:
            rows = rows[np.isin(table.batch[rows], sorted(sizes))]
        rows = rows[np.argsort(table.batch[rows], kind="stable")]
        found += [_forecast(board, table, fit, architecture, row, runs) for row in rows.tolist()]
        missing = sizes - set(table.batch[rows].tolist()) if batches or len(wanted) == 1 else set()
        if missing and fit is not None:
            notes.append(_missing(board, table, fit, architecture, place, missing))
    if make and len(wanted) == 1:
        notes += alike_there(catalog, wanted[0].name, own)
    return found, notes, "" if fit or all_ran else said


def alike_there(catalog: Catalog, network: str, table: Measurements) -> Iterator[str]:
    """Which other networks of its name a board ran, where it did not run that one."""
    here, names = table.architecture.position, catalog.identities.names_of(network)
    if any(each in here for each in names):
        return
    if alike := called_alike(names, here):
        verb = "is another network" if len(alike) == 1 else "are other networks"
        yield f"{', '.join(alike)} {verb} of that name, and ran there; advisor predict {alike[0]} shows it."


def _all_ran(
    table: Measurements, wanted: Sequence[Architecture] | None, batches: Collection[int] | None
) -> bool:
    """Whether nothing is left to predict: every network ran at each of the batch sizes, in some way."""
    if wanted is None:
        return False
    sizes = set(usual_sizes(table)) if batches is None else set(batches)
    for each in wanted:
        place = table.architecture.position.get(each.name, -1)
        ran = table.batch[table.ran & (table.architecture.index == place)]
        if not sizes <= set(ran.tolist()):
            return False
    return True


def _nothing_predicted(unfitted: Mapping[str, str]) -> Iterator[str]:
    """What is to be said of boards without a fit, all in one where they are many.

    Args:
        unfitted: why nothing is predicted, by board.
    """
    if len(unfitted) <= MOST_EXPLAINED:
        yield from (f"Nothing is predicted: {why}." for why in unfitted.values())
        return
    yield f"Nothing is predicted of {len(unfitted)} boards without a fit; run: advisor fit NAME."


def _as_called(catalog: Catalog, network: Architecture, table: Measurements) -> Architecture:
    """The network by the name under which a board's rows have it, with the costs that go with that name."""
    names = catalog.identities
    if network.name in table.architecture.position or not names.key(network.name):
        return network
    name = names.called(network.name, table.architecture.position)
    return network if name == network.name else catalog.architectures[name]


def _missing(
    board: Board,
    table: Measurements,
    fit: BoardFit,
    architecture: Architecture,
    place: int,
    sizes: set[int],
) -> str:
    """What became of the batch sizes of which there is no forecast."""
    out_of_memory = table.out_of_memory
    least = table.batch[out_of_memory & (table.architecture.index == place)].min(
        initial=sys.maxsize
    )
    listed = ", ".join(map(str, sorted(sizes)))
    what = f"{architecture.name} at batch {listed} on {board.name}"
    cost = architecture.cost(board.cost)
    if cost is None or cost.operations is None:
        why = f" ({architecture.note})" if architecture.note else ""
        return f"{what}: nothing is predicted, since its operations are unknown{why}."
    if (file := architecture.precision) and not any(
        architecture.runs_in(variant.precision) for variant in fit.models
    ):
        return f"{what}: nothing is predicted: {file} by its file, and the board's models know no {file}."
    if min(sizes) >= least:
        return f"{what}: does not fit in the board's memory."
    return f"{what}: no model knows enough of it, or it does not fit."


def _forecast(
    board: Board,
    table: Measurements,
    fit: BoardFit | None,
    architecture: Architecture,
    row: int,
    runs: Floats,
) -> Forecast:
    variant = table.variant(row)
    latency = table.latency_ms.estimate(row)
    run = runs[row : row + 1]
    outside: tuple[str, ...] = ()
    if fit is not None and latency is not None and latency.source == SOURCE:
        (columns,) = fit.outside(variant, run)
        outside = tuple(name for name, is_so in zip(COLUMNS, columns, strict=True) if is_so)
    return Forecast(
        board=board.name,
        architecture=architecture.name,
        input_size=architecture.input_shape[-1] if architecture.family else None,
        variant=variant,
        batch=int(table.batch[row]),
        latency_ms=latency,
        throughput_fps=table.throughput_fps.estimate(row),
        energy_j=_energy(board, table, row),
        memory_mb=table.memory_mb.estimate(row),
        outside=outside,
    )


def _energy(board: Board, table: Measurements, row: int) -> Estimate | None:
    """Energy per image, by the formula that choosing follows."""
    metered = {name: getattr(table, name).estimate(row) for name in METERED}
    known = {**metered, "certain_idle_w": board.certain_idle_w}
    inputs: dict[str, Any] = {name: _uncertain(each) for name, each in known.items() if each}
    inputs["batch"] = int(table.batch[row])
    energy = evaluate("energy_j", lambda name: inputs.get(name, math.nan))
    if math.isnan(energy.value):
        return None
    time = known["throughput_fps"] or known["latency_ms"]
    power = [known["net_power_w"] or known["gross_power_w"]]
    power += [] if known["net_power_w"] else [board.certain_idle_w]
    used = [each for each in (time, *power) if each]
    value, low, high = (float(end) for end in (energy.value, energy.low, energy.high))
    sure = not np.isnan(low + high)
    return Estimate(
        value,
        low if sure else None,
        high if sure else None,
        max((each.origin for each in used), key=ORIGINS.index),
        ", ".join(dict.fromkeys(each.source for each in used)),
    )


def _uncertain(estimate: Estimate) -> Uncertain:
    bounds = (estimate.value, estimate.low, estimate.high)
    return Uncertain(*(math.nan if each is None else each for each in bounds))
