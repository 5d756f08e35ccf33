"""The libraries' networks on a terminal, and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table

from advisor.catalog.records import Weights
from advisor.catalog.zoo_table import COUNTS, ZooNetwork
from advisor.quantities import rounded
from advisor.report.figures import plain_table
from advisor.report.fitted import Fitted

SCHEMA = "advisor.zoo/1"
"""Name and version of the document's shape."""

_HEADINGS = {
    "family": "family",
    "size": "size",
    "params": "params",
    "operations": "ops",
    "activations": "activations",
    "top1": "top-1\n%",
    "weights": "weights",
}
_DROPPABLE = ("activations", "weights", "size", "family")


@dataclass(frozen=True)
class Shown:
    """A network of the zoo and its best published set of weights, where one is known."""

    network: ZooNetwork
    best: Weights | None


def zoo_text(shown: Sequence[Shown]) -> RenderableType:
    """A table of the networks."""
    return Fitted(lambda keys: _table(shown, keys), list(_HEADINGS), _DROPPABLE)


def _table(shown: Sequence[Shown], keys: Sequence[str]) -> Table:
    table = plain_table("network", *(_HEADINGS[key] for key in keys), left=1 + ("family" in keys))
    for each in shown:
        cells = _cells(each)
        table.add_row(each.network.architecture, *(cells[key] for key in keys))
    return table


def _cells(each: Shown) -> dict[str, str]:
    figures = each.network.figures
    told = {
        name: rounded(figures[name]) if name in figures else "?"
        for name in ("params", "operations", "activations")
    }
    return {
        "family": each.network.family,
        "size": str(each.network.input_shape[-1]),
        **told,
        "top1": f"{each.best.top1_percent.value:.2f}" if each.best else "?",
        "weights": each.best.name if each.best else "",
    }


def _row(each: Shown) -> dict[str, str | int | float | None]:
    network, best = each.network, each.best
    return {
        "architecture": network.architecture,
        "library": network.library,
        "version": network.version,
        "family": network.family,
        "size": network.input_shape[-1],
        **{name: network.figures.get(name) for name in COUNTS},
        "top1_percent": best.top1_percent.value if best else None,
        "weights": best.name if best else None,
        "weights_source": best.top1_percent.source if best else None,
        "fault": network.fault or None,
    }


def zoo_csv(shown: Sequence[Shown]) -> str:
    """The networks as CSV; unknown is empty."""
    stream = io.StringIO()
    columns = list(_row(Shown(ZooNetwork("", "", "", "", (1, 1, 1), None), None)))
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_row, shown))
    return stream.getvalue()


def zoo_json(shown: Sequence[Shown]) -> str:
    """The networks as one JSON document; unknown is null."""
    document = {"schema": SCHEMA, "networks": [_row(each) for each in shown]}
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
