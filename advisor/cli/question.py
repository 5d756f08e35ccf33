"""The options in which a question is asked, shared by all commands that answer one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

from advisor.cli.completion import PARTS
from advisor.cli.options import TrustOption, parameter
from advisor.errors import AdvisorError
from advisor.metrics import METRICS
from advisor.options import LIMITED, OPTIONS, WHERE, Option

FILES = (
    (
        "file",
        Annotated[
            str | None,
            typer.Argument(
                metavar="[REQUIREMENTS.yaml]",
                help="A file that asks; options override it.",
                show_default=False,
            ),
        ],
    ),
    (
        "constraints",
        Annotated[
            str | None,
            typer.Option(metavar="FILE", help="The same file, as an option.", show_default=False),
        ],
    ),
    ("trust", TrustOption),
)


def _limit(name: str, key: str) -> inspect.Parameter:
    metric = METRICS[key]
    synonym = name != metric.argument
    info = typer.Option(
        f"--{name if synonym else metric.name}",  # a key as it is written elsewhere, with underscores
        metavar=metric.option_metavar,
        help=f"The same as --{metric.name}." if synonym else metric.option,
        rich_help_panel="Limits",
        show_default=False,
        hidden=synonym,
    )
    return parameter(name, Annotated[str | None, info])


def _where() -> inspect.Parameter:
    info = typer.Option(
        metavar="CONDITION", help=WHERE, rich_help_panel="Limits", show_default=False
    )
    return parameter("where", Annotated[list[str] | None, info])


def _part(option: Option) -> inspect.Parameter:
    """A part of a question as typer takes it."""
    flag = option.kind.shape == "flag"
    repeated = option.kind.shape in ("pairs", "texts")
    info = typer.Option(
        f"{option.flag}/--{option.off}" if flag else option.flag,
        metavar=option.metavar or None,
        help=option.help,
        rich_help_panel=option.panel or None,
        show_default=option.default or False,
        autocompletion=PARTS.get(option.name),
    )
    taken = bool | None if flag else list[str] | None if repeated else str | None
    return parameter(option.name, Annotated[taken, info])


def asks(*, listing: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a question.

    The command gets them in `question`, as `advisor.pick` takes them; its own options follow them.

    Args:
        listing: with those that only say what an answer lists.
    """
    shared = [
        *(parameter(name, annotation) for name, annotation in FILES),
        *(_limit(name, key) for name, key in LIMITED.items()),
        _where(),
        *(_part(each) for each in OPTIONS.values() if listing or not each.listing),
    ]
    names = [each.name for each in shared]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, include_extras=True)
        own = [
            each.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
            for name, each in inspect.signature(command).parameters.items()
            if name != "question"
        ]

        def asking(**options: Any) -> None:
            question = {name: options.pop(name) for name in names}
            command(question=_handed_on(question), **options)

        merged = [*shared, *own]
        asking.__signature__ = inspect.Signature(merged)  # type: ignore[attr-defined]
        asking.__annotations__ = {each.name: each.annotation for each in merged}
        asking.__doc__, asking.__name__ = command.__doc__, command.__name__
        return asking

    return decorate


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
    for name, option in OPTIONS.items():
        if option.kind.shape == "texts" and option.kind.joined and question.get(name):
            question[name] = ",".join(question[name])  # given twice, or with commas: the same
    return {
        **question,
        "requirements": constraints if file is None else file,
        "where": question["where"] or (),
    }
