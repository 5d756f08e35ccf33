"""`advisor zoo`: the networks of torchvision and timm."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import (
    CatalogOption,
    CsvOption,
    InsecureOption,
    JsonOption,
    SpreadOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    check_one_form,
    spreading,
)
from advisor.cli.output import complain, emit, emit_table, warn
from advisor.errors import AdvisorError


def command(
    family: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help="Only of these families, or patterns."),
    ] = None,
    library: Annotated[
        str | None, typer.Option(metavar="torchvision|timm", help="Only of this library.")
    ] = None,
    max_params: Annotated[
        str | None, typer.Option(metavar="COUNT", help="Only with at most so many parameters.")
    ] = None,
    max_ops: Annotated[
        str | None, typer.Option(metavar="COUNT", help="Only with at most so many operations.")
    ] = None,
    count: Annotated[
        str | None,
        typer.Option(
            metavar="torchvision|timm|NAME",
            help="Count a library's networks, or one, and keep the counts; needs torch. "
            "What was counted before is not counted again, so it can be interrupted.",
        ),
    ] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    on: SpreadOption = None,
    tls_ca_file: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
    catalog: CatalogOption = None,
) -> None:
    """The networks of torchvision and timm: what they cost, and the best published accuracy.

    They are candidates of `advisor pick --candidates all`. Exits with 1 where none is as asked.
    """
    check_one_form(json=as_json, csv=as_csv)
    from advisor.catalog.listing import zoo
    from advisor.catalog.zoo import LIBRARIES
    from advisor.cli.progress import PROGRESS
    from advisor.report.catalog_text import zoo_csv, zoo_json, zoo_text

    if on is not None and count not in LIBRARIES:
        raise AdvisorError("--on goes with --count of a whole library", "name one: --count timm")
    with PROGRESS.said() as say, spreading(on, tls_ca_file, tls_cert, tls_key, insecure) as spread:
        found = zoo(
            family,
            library=library,
            max_params=max_params,
            max_ops=max_ops,
            count=count,
            catalog=catalog,
            on_progress=say,
            spread=spread,
        )
    if as_json:
        emit(zoo_json(found.networks))
    elif as_csv:
        emit(zoo_csv(found.networks))
    elif found.networks:
        emit_table(zoo_text(found.networks))
    warn(found.notes)
    if not found.networks:
        complain("no network is as asked for; `advisor zoo` lists all that are known")
        raise typer.Exit(1)
