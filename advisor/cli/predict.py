"""`advisor predict`: what a network takes on a board, measured or by the board's laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit, emit_table
from advisor.errors import AdvisorError, BrokenFileError, shown

if TYPE_CHECKING:
    from advisor.catalog.records import Architecture
    from advisor.catalog.store import Catalog
    from advisor.solve.forecast import Forecast

BARE = "network"
"""What a network is called that is described by its cost alone."""


def command(
    network: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE|MODULE:FACTORY]",
            help="A network, one of a library's (mobilenet_v2@224), a file (.onnx, .pt2), or code "
            "that makes one (MODULE:FACTORY[@SIZE]).",
        ),
    ] = None,
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|all", help="The board.", show_default="$ADVISOR_BOARD or jetson-tx1"
        ),
    ] = None,
    batch: Annotated[
        str, typer.Option(metavar="1,4|any", help="Batch sizes; any is those that the board has.")
    ] = "any",
    input_shape: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="CxHxW", help="Input of MODULE:FACTORY.", show_default="3x224x224"
        ),
    ] = None,
    ops: Annotated[
        str | None, typer.Option(metavar="4.1G", help="Operations per image, instead of a network.")
    ] = None,
    params: Annotated[str | None, typer.Option(metavar="25.6M", help="Its parameters.")] = None,
    activations: Annotated[str | None, typer.Option(metavar="11M", help="Its activations.")] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Every network of the catalog, and all that other boards tell of."
        ),
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: time per image.")] = False,
    catalog: CatalogOption = None,
) -> None:
    """What a network takes on a board: measured figures where there are, else predictions.

    Exits with 1 where nothing is known and nothing can be predicted.
    """
    from advisor.catalog.store import Catalog
    from advisor.quantities import read_batches
    from advisor.report.predict_text import predict_csv, predict_notes, predict_text

    _check(network, ops, params, activations, input_shape, every=every)
    opened = Catalog.open(catalog)
    wanted: list[Architecture] | None = None
    if network is not None:
        found_network, told = _network(opened, network, input_shape)
        wanted = [found_network]
        for note in told:
            complain(f"warning: {note}")
    elif not every:
        wanted = [_described(ops, params, activations)]
    batches = read_batches(batch)
    found, notes = _forecasts(opened, board, wanted, batches)
    if as_csv:
        emit(predict_csv(found))
        for note in notes:
            complain(f"warning: {note}")
    else:
        emit_table(predict_text(_heading(wanted, found), found, [*predict_notes(found), *notes]))
    if not found:
        raise typer.Exit(1)


def _check(
    network: str | None,
    ops: str | None,
    params: str | None,
    activations: str | None,
    input_shape: str | None,
    *,
    every: bool,
) -> None:
    """Refuse options that contradict each other, or would do nothing."""
    from advisor.architectures.names import is_own, is_own_file

    if sum([network is not None, ops is not None or params is not None, every]) != 1:
        raise AdvisorError(
            "predict what?", "name a network, or give --ops and --params, or --all: one of these"
        )
    takes_input = network is not None and is_own(network) and not is_own_file(network)
    if input_shape is not None and not takes_input:
        hint = "a file or a network of the catalog has its own input"
        raise AdvisorError("--input is for MODULE:FACTORY", hint)
    if activations is not None and ops is None:
        raise AdvisorError("--activations goes with --ops and --params", "leave it out")


def _forecasts(
    catalog: Catalog,
    board: str | None,
    wanted: list[Architecture] | None,
    batches: frozenset[int] | None,
) -> tuple[list[Forecast], list[str]]:
    """The forecasts on the asked boards, and what is to be said of them."""
    from advisor.solve.forecast import forecast

    found: list[Forecast] = []
    notes: list[str] = []
    for name in _boards(catalog, board):
        try:
            forecasts, own_notes = forecast(catalog, name, wanted, batches)
        except BrokenFileError as error:
            if board != "all":
                raise
            forecasts, own_notes = [], [f"Left out: {error.message}."]
        found += forecasts
        notes += own_notes
    return found, notes


def _boards(catalog: Catalog, asked: str | None) -> list[str]:
    from advisor.solve.question.reading import default_board

    if asked == "all":
        return list(catalog.board_layers)
    return [asked or default_board()]


def _network(
    catalog: Catalog, name: str, input_shape: str | None
) -> tuple[Architecture, tuple[str, ...]]:
    from advisor.architectures.names import read_shape
    from advisor.catalog.naming import named_network

    if input_shape is None:
        return named_network(catalog, name)
    shape = read_shape(input_shape)
    if shape is None:
        raise AdvisorError(
            f"input: {shown(input_shape)} is no shape", "write channels x height x width: 3x224x224"
        )
    return named_network(catalog, name, shape)


def _described(ops: str | None, params: str | None, activations: str | None) -> Architecture:
    from advisor.quantities import COUNT, parse

    if ops is None or params is None:
        raise AdvisorError("a network is described by --ops and --params", "give both")
    figures = {"operations": parse(ops, COUNT, "ops"), "params": parse(params, COUNT, "params")}
    if activations is not None:
        figures["activations"] = parse(activations, COUNT, "activations")
    from advisor.catalog.records import Architecture, Cost, Estimate

    known = {name: Estimate(value, value, value, "declared", "") for name, value in figures.items()}
    cost = Cost(
        known["params"],
        known["operations"],
        known.get("activations"),
        layers=None,
        window_reads=None,
        peak_activations=None,
    )
    return Architecture(BARE, "", (1, 1, 1), "", None, cost, "")


def _heading(wanted: list[Architecture] | None, found: list[Forecast]) -> str:
    from advisor.report.predict_text import cost_text
    from advisor.report.terminal import counted

    if wanted is None:
        return counted(len({each.architecture for each in found}), "network")
    (only,) = wanted
    cost = only.counted or only.reported
    figures = {
        "parameters": cost and cost.params.value,
        "operations": cost and cost.operations.value,
        "activations": cost and cost.activations and cost.activations.value,
    }
    return cost_text(only.name, {what: value or None for what, value in figures.items()})
