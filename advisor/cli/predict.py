"""`advisor predict`: what a network takes on a board, measured or by the board's models."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.completion import boards, networks
from advisor.cli.options import CatalogOption, JsonOption, TrustOption, check_one_form
from advisor.cli.output import emit, emit_table, warn


def command(
    network: Annotated[
        str | None,
        typer.Argument(
            autocompletion=networks,
            metavar="[NAME|FILE|MODULE:FACTORY]",
            help="A network, one of a library's (mobilenet_v2@224), a file (.onnx, .pt2), or code "
            "that makes one (MODULE:FACTORY[@SIZE]).",
        ),
    ] = None,
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...|all",
            help="The board, or several; a device's name is all its boards.",
            show_default="$ADVISOR_BOARD or jetson-tx1",
            autocompletion=boards,
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
            "--all", help="Every network of the catalog, and all that other boards predict."
        ),
    ] = False,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: time per image.")] = False,
    trust: TrustOption = False,
    catalog: CatalogOption = None,
) -> None:
    """What a network takes on a board: measured figures where there are, else predictions.

    Exits with 1 where nothing is known and nothing can be predicted.
    """
    check_one_form(json=as_json, csv=as_csv)
    from advisor.report.answer_documents import PREDICT, answer_json
    from advisor.report.predict_text import predict_csv, predict_text
    from advisor.solve.forecast import predict

    answer = predict(
        network,
        board=board,
        batch=batch,
        input_shape=input_shape,
        ops=ops,
        params=params,
        activations=activations,
        every=every,
        trust=trust,
        catalog=catalog,
    )
    warn(answer.warnings)
    if as_json:
        emit(answer_json(PREDICT, answer))
    elif as_csv:
        emit(predict_csv(answer))
        warn(answer.notes)
    else:
        emit_table(predict_text(answer))
    if not answer.forecasts:
        raise typer.Exit(1)
