"""`advisor pick`: which network to ship on a board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from advisor.cli.options import (
    CsvOption,
    InsecureOption,
    JsonOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    check_one_form,
)
from advisor.cli.output import complain, emit, emit_table, note, warn
from advisor.cli.question import asks
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor.solve.recommend.recommendation import Recommendation
    from advisor.solve.verify.verification import Check, Verification

VERIFYING = "Verifying"


@asks(listing=True)
def command(
    question: dict[str, Any],
    plot: Annotated[
        bool,
        typer.Option("--plot", help="Draw accuracy against time of what meets every limit."),
    ] = False,
    verify: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Measure the pick and what may be better, up to N of them, and pick anew after each; "
            "among all candidates, as with --candidates all.",
            rich_help_panel=VERIFYING,
            show_default=False,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="cpu|cuda:0",
            help="What to measure on.",
            rich_help_panel=VERIFYING,
            show_default="what the board was measured on",
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="How long measuring may take, such as 5min; what takes longer is not begun.",
            rich_help_panel=VERIFYING,
            show_default="as long as it takes",
        ),
    ] = None,
    simulate: Annotated[
        str | None,
        typer.Option(
            metavar="TABLE",
            help="Take the measurements from a CSV file instead, and write nothing.",
            rich_help_panel=VERIFYING,
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR|FILE",
            help="Images of your own, as advisor evaluate takes them: accuracies are found out, too.",
            rich_help_panel=VERIFYING,
            show_default=False,
        ),
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="So many of them, by a fixed seed.",
            rich_help_panel=VERIFYING,
            show_default="all",
        ),
    ] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Images by which int8 ranges are set.",
            rich_help_panel=VERIFYING,
            show_default=False,
        ),
    ] = None,
    download: Annotated[
        bool,
        typer.Option(
            "--download",
            help="Let torchvision or timm fetch their own weights, without which no accuracy is found out.",
            rich_help_panel=VERIFYING,
        ),
    ] = False,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="tcp://HOST:8786",
            help="Measure on the board elsewhere, by its Dask scheduler.",
            rich_help_panel=VERIFYING,
            show_default="this machine",
        ),
    ] = None,
    tls_ca_file: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Which network to ship on a board, and why.

    Exits with 1 where nothing meets every limit.
    """
    check_one_form(json=as_json, csv=as_csv, plot=plot)
    verified: Verification | None = None
    on_images = {
        "data": data,
        "images": images,
        "calibrate": calibrate,
        "download": download or None,
    }
    from advisor.measuring.access import Access

    access = Access.given(on, tls_ca_file, tls_cert, tls_key, insecure)
    if verify is None:
        _refuse_unverified(simulate=simulate, device=device, time=time, on=on, **on_images)
        from advisor.solve.recommend.pick import pick

        recommendation = pick(**question)
    else:
        if plot:
            hint = "ask again without --verify"
            raise AdvisorError("--plot draws what the catalog holds, which --verify changes", hint)
        recommendation, verified = _verified(
            question,
            verify,
            aside=as_json or as_csv,
            simulate=simulate,
            device=device,
            time=time,
            on=on,
            access=access,
            **_of_images(on_images),
        )
    warn(recommendation.notes)
    if as_json:
        from advisor.report.answer_documents import pick_json

        emit(pick_json(recommendation, verified))
    elif as_csv:
        _emit_csv(recommendation, verified)
    else:
        from advisor.report.pick_text import pick_text

        emit_table(pick_text(recommendation, verified))
        if plot and recommendation.best:
            _draw(question)
    if recommendation.best is None:
        raise typer.Exit(1)


def _of_images(options: dict[str, Any]) -> dict[str, Any]:
    """What is said of images.

    Raises:
        AdvisorError: something is, but no images.
    """
    said = {name: each for name, each in options.items() if each is not None}
    if said and "data" not in said:
        raise AdvisorError(f"--{next(iter(said))} goes with --data", "name images: --data DIR")
    return said


def _refuse_unverified(**options: object) -> None:
    """Refuse options of verifying where nothing is to be verified."""
    for name, given in options.items():
        if given is not None:
            raise AdvisorError(f"--{name} goes with --verify", "say up to how many: --verify 5")


def _verified(
    question: dict[str, Any], most: int, *, aside: bool, **how: Any
) -> tuple[Recommendation, Verification]:
    """The answer and how it was verified; each measurement is shown when it is done.

    Args:
        question: as `advisor.pick` takes it.
        most: how many measurements may be spent.
        aside: whether measurements are shown on standard error.
        how: what stands in for measuring, what to measure on, how long, on which images, as
            `advisor.verified_pick` takes it.
    """
    from rich.text import Text

    from advisor.api import verified_pick
    from advisor.cli.progress import PROGRESS
    from advisor.report.verify_text import check_text

    with PROGRESS.said() as say:

        def show(check: Check) -> None:
            line = check_text(check, most)
            if aside:
                note(line)
            else:
                emit_table(Text(line))

        try:
            recommendation, verified = verified_pick(
                question,
                most,
                on_check=show,
                on_progress=say,
                **how,
            )
        except KeyboardInterrupt as stop:
            for reason in stop.args:
                complain(reason)
            raise
    if verified.steps and not aside:
        emit("\n")
    return recommendation, verified


def _emit_csv(recommendation: Recommendation, verified: Verification | None) -> None:
    from advisor.report.answer_documents import candidates_csv

    emit(candidates_csv(recommendation.candidates))
    if recommendation.best is None:
        note("nothing fits; without --csv the answer says why")
    if verified is not None:
        from advisor.report.verify_text import certainty_text

        for sentence in certainty_text(recommendation, verified):
            note(sentence)


def _draw(question: dict[str, Any]) -> None:
    """Accuracy against time of all that meets the limits."""
    from advisor.report.frontier_text import frontier_scatter
    from advisor.solve.recommend.frontier import frontier

    emit("\n")
    emit_table(frontier_scatter(frontier(**question)))
