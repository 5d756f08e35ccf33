"""`advisor pick`: which network to ship on a board."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit, emit_table
from advisor.errors import AdvisorError


def _limit(metavar: str, text: str) -> typer.models.OptionInfo:
    info: typer.models.OptionInfo = typer.Option(
        metavar=metavar, help=text, rich_help_panel="Limits", show_default=False
    )
    return info


def command(
    fps: Annotated[str | None, _limit("N", "Least throughput, images per second.")] = None,
    latency: Annotated[
        str | None,
        _limit(
            "TIME[@p90|@p99]",
            "Longest response, of the median or of the tail. With --fps it includes the wait for "
            "the batch to fill.",
        ),
    ] = None,
    energy: Annotated[
        str | None, _limit("ENERGY", "Most energy per image, idle power left out.")
    ] = None,
    power: Annotated[
        str | None,
        _limit("POWER", "Most average power, idle included: at --fps, else running flat out."),
    ] = None,
    memory: Annotated[str | None, _limit("SIZE", "Most memory.")] = None,
    accuracy: Annotated[str | None, _limit("PERCENT", "Least ImageNet top-1 accuracy.")] = None,
    params: Annotated[str | None, _limit("COUNT", "Most parameters.")] = None,
    ops: Annotated[
        str | None,
        _limit("COUNT", "Most operations per image; a multiply and an add are two."),
    ] = None,
    overhead: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Pre- and post-processing per batch, added to the response.",
            show_default="0 ms",
        ),
    ] = None,
    batch: Annotated[
        str, typer.Option(metavar="1,4|any", help="Batch sizes to choose from.")
    ] = "any",
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The board.", show_default="$ADVISOR_BOARD or jetson-tx1"
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|any",
            help="Sets of weights to choose from.",
            show_default="those of the board's source",
        ),
    ] = None,
    objective: Annotated[
        str,
        typer.Option(
            metavar="METRIC",
            help="What to rank by: accuracy, fps, latency, energy, power, memory, params, ops, "
            "time, batch-latency, net-power.",
        ),
    ] = "accuracy",
    top: Annotated[str, typer.Option(metavar="N", help="How many networks to list.")] = "5",
    all_batches: Annotated[
        bool,
        typer.Option("--all-batches", help="List every fitting batch size, not only the best."),
    ] = False,
    candidates: Annotated[
        str,
        typer.Option(
            metavar="board|all",
            help="Networks that the board has rows of, or every one, predicted where not measured.",
        ),
    ] = "board",
    predictions: Annotated[
        bool,
        typer.Option("--predictions/--no-predictions", help="Whether predictions may be chosen."),
    ] = True,
    confidence: Annotated[
        str,
        typer.Option(
            metavar="P",
            help="Probability of meeting all limits together; 0 takes figures as they are.",
        ),
    ] = "0.9",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    catalog: CatalogOption = None,
) -> None:
    """Which network to ship on a board, and why.

    Exits with 1 where nothing meets every limit.
    """
    if as_json and as_csv:
        raise AdvisorError("--json and --csv exclude each other", "give one of them")
    # Choosing multiplies no matrices; numpy's idle pool of threads would double its start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from advisor.solve.pick import pick

    recommendation = pick(
        board=board,
        fps=fps,
        latency=latency,
        energy=energy,
        power=power,
        memory=memory,
        accuracy=accuracy,
        params=params,
        ops=ops,
        overhead=overhead,
        batch=batch,
        weights=weights,
        objective=objective,
        top=top,
        all_batches=all_batches,
        catalog=catalog,
        candidates=candidates,
        predictions=predictions,
        confidence=confidence,
    )
    for note in recommendation.notes:
        complain(f"warning: {note}")
    if as_json:
        from advisor.report.pick_documents import pick_json

        emit(pick_json(recommendation))
    elif as_csv:
        from advisor.report.pick_documents import pick_csv

        emit(pick_csv(recommendation))
        if recommendation.best is None:
            complain("nothing fits; without --csv the answer says why")
    else:
        from advisor.report.pick_text import pick_text

        emit_table(pick_text(recommendation))
    if recommendation.best is None:
        raise typer.Exit(1)
