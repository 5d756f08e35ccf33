"""Suggestions of what to measure, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.catalog.records import Architecture
from advisor.quantities import rounded
from advisor.report.terminal import counted, plain_table


def suggest_text(
    names: Sequence[str],
    references: Sequence[str],
    pool: int,
    architectures: Mapping[str, Architecture],
) -> RenderableType:
    """The networks in the order in which they tell the most, and what to do with them."""
    table = plain_table("", "network", "family", "params", "ops")
    for column in table.columns[1:3]:
        column.justify, column.no_wrap = "left", True
    for place, name in enumerate(names, start=1):
        architecture = architectures[name]
        cost = architecture.reported or architecture.counted
        table.add_row(
            str(place),
            name,
            architecture.family,
            rounded(cost.params.value) if cost else "?",
            rounded(cost.operations.value) if cost else "?",
        )
    know = "knows" if len(references) == 1 else "know"
    told = f"{counted(len(names), 'network')} of the {pool} that {' and '.join(references)} {know}"
    likes = " ".join(f"--like {each}" for each in references)
    return Group(
        Text(f"{told}, the most telling first", style="bold"),
        "",
        table,
        "",
        Text(
            "Measure these on the new board (advisor suggest --csv prints the names alone), then:"
        ),
        Text(f"advisor fit NEW {likes}"),
    )
