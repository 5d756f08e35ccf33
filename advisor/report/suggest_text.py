"""Suggestions of what to measure, on a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.prediction.transfer.suggestions import Suggestions
from advisor.quantities import rounded
from advisor.report.terminal import counted, plain_table


def suggest_text(suggestions: Suggestions, *, like: bool = False) -> RenderableType:
    """The networks, those that show the most first, and what to do with them.

    Args:
        suggestions: the networks.
        like: whether the boards were named, which then are to be named where the new one is fitted.
    """
    table = plain_table("", "network", "family", "params", "ops", left=3)
    named = zip(suggestions.networks, suggestions.names, strict=True)
    for place, (network, name) in enumerate(named, start=1):
        cost = network.reported or network.counted
        table.add_row(
            str(place),
            name,
            network.family,
            rounded(cost.params.value) if cost and cost.params else "?",
            rounded(cost.operations.value) if cost and cost.operations else "?",
        )
    references, networks = suggestions.references, counted(len(suggestions.networks), "network")
    know = "knows" if len(references) == 1 else "know"
    heading = f"{networks} of the {suggestions.known} that {' and '.join(references)} {know}"
    likes = [f"--like {each}" for each in references] if like else []
    return Group(
        Text(f"{heading}, those that show the most first", style="bold"),
        "",
        table,
        "",
        Text(
            "Measure these on the new board (advisor suggest --csv prints the names alone), then:"
        ),
        Text(" ".join(["advisor fit", suggestions.board or "NEW", *likes])),
    )
