"""Options that several commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperOption

from advisor.cli.output import be_quiet, be_verbose
from advisor.errors import AdvisorError


def parameter(name: str, annotation: object, default: object = None) -> inspect.Parameter:
    """A parameter of a command whose signature is put together from declarations."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, keyword, default=default, annotation=annotation)


CatalogOption = Annotated[
    str | None,
    typer.Option(
        "--catalog",
        metavar="DIR",
        help="Your own catalog folder, which overlays the shipped one. "
        "Default: $ADVISOR_CATALOG, else the user data folder.",
        show_default=False,
    ),
]


JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


def check_one_form(**asked: bool) -> None:
    """Refuse several forms of one answer, such as `json=True, csv=True`.

    Raises:
        AdvisorError: more than one is asked for.
    """
    if sum(asked.values()) > 1:
        *names, last = (f"--{name}" for name in asked)
        raise AdvisorError(f"{', '.join(names)} and {last} exclude each other", "give one of them")


def _drawable(plot: Path | None) -> Path | None:
    """Refuse a picture that could not be written, before anything else is done."""
    if plot is not None:
        from advisor.report.charts.answer_figures import kind_of

        kind_of(plot)
    return plot


PlotOption = Annotated[
    Path | None,
    typer.Option(
        "--plot",
        metavar="FILE",
        help="Draw it, too: .svg or .png.",
        show_default=False,
        callback=_drawable,
    ),
]
LabelOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help="Networks whose names are written in the picture in any case.",
        show_default=False,
    ),
]


def check_label(label: str | None, plot: Path | None) -> None:
    """Refuse names for a picture that nobody asks for."""
    if label and plot is None:
        raise AdvisorError("--label names networks in a picture", "say which: --plot FILE")


TrustOption = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Read a .pt2 file though that could run code which it holds. Or set ADVISOR_TRUST=1.",
    ),
]


RuntimesOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME,...",
        help="What runs a network: eager, compile, onnxruntime, openvino.",
        show_default="eager; onnxruntime for ONNX files",
    ),
]
CalibrateOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Images by which int8 ranges are set; 128 by a fixed seed.",
        show_default="evaluate needs them; measure takes random ones",
    ),
]
DeviceOption = Annotated[str, typer.Option(metavar="cpu|cuda:0", help="What to run on.")]
TlsCaOption = Annotated[
    str | None,
    typer.Option("--tls-ca-file", metavar="FILE", help="The authority's certificate, of a fleet."),
]
TlsCertOption = Annotated[
    str | None, typer.Option("--tls-cert", metavar="FILE", help="This machine's certificate.")
]
TlsKeyOption = Annotated[
    str | None, typer.Option("--tls-key", metavar="FILE", help="This machine's key.")
]
InsecureOption = Annotated[
    bool,
    typer.Option(
        "--insecure",
        help="Reach a scheduler elsewhere without certificates: whoever is on that network can run code.",
    ),
]

SpreadOption = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="SCHEDULER",
        help="Spread it over the workers of a Dask scheduler that are no boards.",
        show_default="this machine",
    ),
]


@contextmanager
def spreading(
    on: str | None, *right: Any
) -> Iterator[Callable[[Callable[..., Any], Iterable[Any]], Iterable[Any]]]:
    """What calls a function with each of some arguments: here, or on a cluster.

    Args:
        on: the scheduler; `None` for here.
        right: by which it is reached, as `Access.given` takes it.
    """
    from advisor.measuring.access import Access

    access = Access.given(on, *right)
    if on is None:
        yield map
        return
    from advisor.measuring.cluster import cluster

    with cluster(on, access) as workers:
        yield workers.map


def said_beside() -> list[TyperOption]:
    """What every command takes, on how much it says beside its answer."""
    return [
        TyperOption(
            param_decls=["--quiet", "-q"],
            is_flag=True,
            expose_value=False,
            callback=lambda _, __, asked: be_quiet() if asked else None,
            help="Print the answer and errors alone: no notes, no progress.",
        ),
        TyperOption(
            param_decls=["--verbose", "-v"],
            is_flag=True,
            expose_value=False,
            callback=lambda _, __, asked: be_verbose() if asked else None,
            help="Say on standard error what is read and fitted, and how long each part takes.",
        ),
    ]
