"""`advisor zoo`: the networks of torchvision and timm."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from fnmatch import translate
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit, emit_table
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor.catalog.tables import ZooNetwork
    from advisor.catalog.zoo import Zoo


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
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    catalog: CatalogOption = None,
) -> None:
    """The networks of torchvision and timm: what they cost, and the best published accuracy.

    They are candidates of `advisor pick --candidates all`. Exits with 1 where none is as asked.
    """
    if as_json and as_csv:
        raise AdvisorError("--json and --csv exclude each other", "give one of them")
    from advisor.catalog.store import Catalog
    from advisor.catalog.zoo import LIBRARIES
    from advisor.errors import closest
    from advisor.errors import shown as quoted
    from advisor.quantities import COUNT, parse
    from advisor.report.catalog_text import Shown, zoo_csv, zoo_json, zoo_text

    if library is not None and library not in LIBRARIES:
        raise AdvisorError(f"library: {quoted(library)} is none", closest(library, LIBRARIES))
    most = {
        "params": None if max_params is None else parse(max_params, COUNT, "max-params"),
        "operations": None if max_ops is None else parse(max_ops, COUNT, "max-ops"),
    }
    zoo = Catalog.open(catalog).zoo
    _tell(zoo.notes)
    if count is not None:
        _count(zoo, count)
        library = library or (count if count in LIBRARIES else None)
        zoo = Catalog.open(catalog).zoo
    wanted = [each for each in zoo.networks.values() if library in (None, each.library)]
    wanted = [each for each in _of_families(wanted, family) if _within(each, most)]
    found = [Shown(each, zoo.best_weights.get(each.architecture)) for each in wanted]
    if as_json:
        emit(zoo_json(found))
    elif as_csv:
        emit(zoo_csv(found))
    elif found:
        emit_table(zoo_text(found))
    _tell(zoo.uncounted())
    if not found:
        complain("no network is as asked for; `advisor zoo` lists all that are known")
        raise typer.Exit(1)


def _tell(notes: Sequence[str]) -> None:
    for note in notes:
        complain(f"warning: {note}")


def _of_families(networks: list[ZooNetwork], family: str | None) -> list[ZooNetwork]:
    """Those of the families named, whatever their case.

    Raises:
        AdvisorError: a pattern matches none.
    """
    from advisor.errors import closest, shown
    from advisor.solve.question.reading import read_patterns

    patterns = read_patterns("family", family)
    if patterns is None:
        return networks
    known = {each.family for each in networks}
    for pattern in patterns:
        if not any(re.match(translate(pattern), name, re.IGNORECASE) for name in known):
            raise AdvisorError(f"family: {shown(pattern)} matches nothing", closest(pattern, known))
    joined = re.compile("|".join(map(translate, patterns)), re.IGNORECASE)
    return [each for each in networks if joined.match(each.family)]


def _within(network: ZooNetwork, most: dict[str, float | None]) -> bool:
    """Whether a network keeps the limits; of what is not known nobody knows."""
    figures = network.figures
    return all(
        limit is None or (name in figures and figures[name] <= limit)
        for name, limit in most.items()
    )


def _count(zoo: Zoo, what: str) -> None:
    """Count what is named, and say how far it is."""
    from advisor.catalog.counting import count_each, count_one, found, uncounted_of
    from advisor.catalog.zoo import LIBRARIES
    from advisor.cli.progress import Progress

    if what not in LIBRARIES:
        network, note = count_one(zoo, found(what))
        if network.fault:
            raise AdvisorError(f"{network.architecture} cannot be counted: {network.fault}")
        _tell([note] if note else [])
        return
    todo = uncounted_of(zoo, what)
    started = time.monotonic()
    failed = 0
    with Progress() as progress:
        for place, step in enumerate(count_each(what, todo), start=1):
            failed += bool(step.network.fault)
            left_s = (time.monotonic() - started) / place * step.left
            progress.show(f"counted {step.network.architecture}", left_s)
            if step.note:
                progress.clear()
                complain(f"warning: {step.note}")
    if failed:
        complain(f"warning: {failed} of them cannot be counted; --json says why")
