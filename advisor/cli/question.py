"""The options in which a question is asked, shared by all commands that answer one."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

from advisor.cli.options import CatalogOption
from advisor.errors import AdvisorError

_FROM, _HOW = "Choosing from", "Choosing by"


def _limit(metavar: str, text: str) -> typer.models.OptionInfo:
    info: typer.models.OptionInfo = typer.Option(
        metavar=metavar, help=text, rich_help_panel="Limits", show_default=False
    )
    return info


def _option(metavar: str, text: str, panel: str, default: str | bool, *names: str) -> Any:
    return typer.Option(
        *names, metavar=metavar, help=text, rich_help_panel=panel, show_default=default
    )


def _question(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[REQUIREMENTS.yaml]",
            help="A file that asks; options override it.",
            show_default=False,
        ),
    ] = None,
    constraints: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The same file, as an option.", show_default=False),
    ] = None,
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
    hours: Annotated[str | None, _limit("HOURS", "How long the battery is to last.")] = None,
    where: Annotated[
        list[str] | None,
        _limit("CONDITION", "A limit of any metric, such as 'time <= 20 ms'; can be repeated."),
    ] = None,
    battery: Annotated[
        str | None,
        _limit("ENERGY", "The battery's energy, such as 10Wh; its life is shown."),
    ] = None,
    overhead: Annotated[
        str | None,
        _limit("TIME", "Pre- and post-processing per batch, added to the response."),
    ] = None,
    board: Annotated[
        str | None,
        _option("NAME,...|any", "The board, or several.", _FROM, "$ADVISOR_BOARD or jetson-tx1"),
    ] = None,
    batch: Annotated[
        str | None, _option("1,4|any", "Batch sizes to choose from.", _FROM, "any")
    ] = None,
    weights: Annotated[
        str | None,
        _option(
            "NAME|any", "Sets of weights to choose from.", _FROM, "those of the board's source"
        ),
    ] = None,
    architectures: Annotated[
        str | None, _option("NAME,...", "Networks, or patterns like 'resnet-*'.", _FROM, "any")
    ] = None,
    families: Annotated[
        str | None, _option("NAME,...", "Families of networks, or patterns.", _FROM, "any")
    ] = None,
    runtime: Annotated[
        str | None, _option("NAME,...", "Runtimes, or patterns.", _FROM, "any")
    ] = None,
    precision: Annotated[
        str | None, _option("NAME,...", "Precisions, or patterns.", _FROM, "any")
    ] = None,
    candidates: Annotated[
        str | None,
        _option(
            "board|all",
            "Networks that the board has rows of, or every one, predicted where not measured.",
            _FROM,
            "board",
        ),
    ] = None,
    predictions: Annotated[
        bool | None,
        typer.Option(
            "--predictions/--no-predictions",
            help="Whether predictions may be chosen.",
            rich_help_panel=_FROM,
            show_default="predictions",
        ),
    ] = None,
    include: Annotated[
        list[str] | None,
        _option(
            "NAME=NETWORK",
            "A network of your own as a candidate, by prediction: NAME=net.onnx, NAME=net.pt2 or "
            "NAME=MODULE:FACTORY[@SIZE]; can be repeated.",
            _FROM,
            False,
        ),
    ] = None,
    accuracy_of: Annotated[
        list[str] | None,
        _option(
            "NAME=PERCENT",
            "Its accuracy, or that of one measured (net@224=71.2); can be repeated.",
            _FROM,
            False,
        ),
    ] = None,
    accuracy_table: Annotated[
        str | None,
        _option(
            "FILE",
            "CSV of your own task's accuracies, which replace ImageNet's: architecture,top1_percent.",
            _FROM,
            False,
        ),
    ] = None,
    objective: Annotated[
        str | None,
        _option(
            "METRIC,...",
            "What to rank by: accuracy, fps, latency, energy, power, memory, params, ops, hours, "
            "time, batch-latency, net-power, board-energy; or several with tolerances: "
            "'accuracy within 0.5, energy'.",
            _HOW,
            "accuracy",
        ),
    ] = None,
    confidence: Annotated[
        str | None,
        _option(
            "P",
            "Probability of meeting all limits together; figures are to meet them in any case, "
            "and 'none' asks for no more.",
            _HOW,
            "0.9",
        ),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """The options, for `asks` to hand on."""


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a question.

    The command gets them in `question`, as `advisor.pick` takes them; its own options follow them.
    """
    shared = _parameters(_question)
    own = {name: each for name, each in _parameters(command).items() if name != "question"}

    def asking(**options: Any) -> None:
        # Choosing multiplies no matrices; numpy's idle pool of threads would double its start.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        question = {name: options.pop(name) for name in shared}
        command(question=_handed_on(question), **options)

    merged = [*shared.values(), *own.values()]
    asking.__signature__ = inspect.Signature(merged)  # type: ignore[attr-defined]
    asking.__annotations__ = {each.name: each.annotation for each in merged}
    asking.__doc__, asking.__name__ = command.__doc__, command.__name__
    return asking


def _parameters(command: Callable[..., None]) -> dict[str, inspect.Parameter]:
    """A command's parameters by name, their annotations no longer text."""
    hints = get_type_hints(command, include_extras=True)
    return {
        name: each.replace(annotation=hints[name])
        for name, each in inspect.signature(command).parameters.items()
    }


def _handed_on(question: dict[str, Any]) -> dict[str, Any]:
    """The options as `advisor.pick` takes them.

    Raises:
        AdvisorError: two files.
    """
    file, constraints = question.pop("file"), question.pop("constraints")
    if file is not None and constraints is not None:
        raise AdvisorError(
            "two files of requirements", f"give {file} or --constraints {constraints}"
        )
    return {
        **question,
        "requirements": constraints if file is None else file,
        "where": question["where"] or (),
    }
