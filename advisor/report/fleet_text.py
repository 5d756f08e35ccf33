"""A fleet in words: who is there, and in what they differ."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.documents import document, document_text
from advisor.measuring.fleet import FleetFound
from advisor.report.terminal import plain_table

FLEET = "advisor.fleet/1"
"""Name and version of the document's shape."""


def fleet_text(found: FleetFound) -> RenderableType:
    """A line a unit; below it versions that differ, clocks that disagree, and who else is there."""
    table = plain_table("board", "unit", "host", "devices", "meters", "doing", left=6)
    for each in found.units:
        devices = ", ".join(f"{device} ({model})" for device, model in each.devices.items())
        meters = ", ".join(each.meters) or "none"
        table.add_row(
            each.board, each.unit or "-", each.host, devices, meters, each.doing or "nothing"
        )
    notes = [
        f"{what} differs: "
        + "; ".join(f"{version} on {', '.join(names)}" for version, names in by_version.items())
        for what, by_version in found.unlike.items()
    ]
    notes += [f"A clock disagrees with this machine's: {each}." for each in found.clocks_apart]
    if found.others:
        notes.append(f"Workers that are no boards, or do not answer: {', '.join(found.others)}.")
    return Group(table, *([""] if notes else []), *map(Text, notes))


def fleet_json(found: FleetFound) -> str:
    """The same as one JSON document."""
    return document_text({"schema": FLEET, **document(found)})
