"""The catalog's YAML files: sources, architectures, boards."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.catalog.fields import Fields, estimate
from advisor.catalog.records import Architecture, Board, Cost, Source
from advisor.catalog.yaml_file import read_yaml
from advisor.errors import shown
from advisor.quantities import COUNT, MEMORY, POWER

if TYPE_CHECKING:
    from advisor.catalog.csv_file import Table

_SHAPE = re.compile(r"([1-9]\d{0,3})x([1-9]\d{0,4})x([1-9]\d{0,4})", re.ASCII)

_PAPERS_OWN = """
alexnet bn-alexnet bn-nin enet googlenet vgg-16 vgg-19 resnet-18 resnet-34 resnet-50 resnet-101
resnet-152 inception-v3 inception-v4
"""
PAPERS_OWN = frozenset(_PAPERS_OWN.split())
"""The architectures whose bare name is their identity; that of all others is name@size."""


MOVED = ("activations", "layers", "window_reads", "peak_activations")
"""What a cost says beside parameters and operations."""


def read_sources(path: Path) -> dict[str, Source]:
    """Read `sources.yaml`.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    file = Fields(path, read_yaml(path))
    sources = {}
    for key, fields in file.blocks():
        sources[key] = Source(
            key=key,
            citation=fields.text("citation", required=True),
            read=fields.text("read", required=True),
            error=fields.text("error", required=True),
        )
        fields.leftovers()
    file.finish()
    return sources


def read_architectures(path: Path, sources: Collection[str]) -> dict[str, Architecture]:
    """Read `architectures.yaml`.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    file = Fields(path, read_yaml(path))
    architectures = {}
    for name, fields in file.blocks():
        architecture = _architecture(name, fields, sources)
        architectures[name] = architecture
        size = str(architecture.input_shape[-1])
        if name not in PAPERS_OWN and name.partition("@")[2] != size:
            file.note(
                file.block.key_marks[name], shown(name), f"a name with its size, like net@{size}"
            )
        fields.leftovers()
    file.finish()
    return architectures


def _architecture(name: str, fields: Fields, sources: Collection[str]) -> Architecture:
    counted = _cost(fields, "counted", sources)
    return Architecture(
        name=name,
        family=fields.name("family", required=True),
        input_shape=_shape(fields),
        reference=fields.text("reference", required=True),
        reported=_cost(fields, "reported", sources, counted),
        counted=counted,
        note=fields.text("note"),
    )


def _details(fields: Fields) -> dict[str, str]:
    inner = fields.inner("details")
    if inner is None:
        return {}
    return {key: inner.text(key) for key in inner.block.entries}


def _cost(
    fields: Fields, key: str, sources: Collection[str], alike: Cost | None = None
) -> Cost | None:
    """One kind of cost.

    With `same_layers: yes` all but parameters and operations is taken from the cost `alike`: what
    a network moves follows from its layers, whoever counted their products in which way.
    """
    inner = fields.inner(key)
    if inner is None:
        return None
    source = inner.name("source", sources, required=True)
    params = estimate(inner, "params", COUNT, sources, source, required=True)
    operations = estimate(inner, "operations", COUNT, sources, source, required=True)
    moved = {
        name: estimate(inner, name, COUNT, sources, source, zero_allowed=name == "window_reads")
        for name in MOVED
    }
    same_layers = inner.flag("same_layers")
    if same_layers and alike is None:
        inner.note(
            inner.block.key_marks["same_layers"], "no counted cost", "one to take the layers of"
        )
    if same_layers and alike:
        moved = {name: moved[name] or getattr(alike, name) for name in MOVED}
    inner.leftovers()
    return Cost(params, operations, **moved) if params and operations else None


def _shape(fields: Fields) -> tuple[int, int, int]:
    text = fields.text("input", required=True)
    shape = read_shape(text)
    if shape is None and text:
        mark = fields.block.entries["input"].mark
        fields.note(mark, shown(text), "channels x height x width, like 3x224x224")
    return shape or (1, 1, 1)


def read_shape(text: str) -> tuple[int, int, int] | None:
    """Channels, height and width from text like "3x224x224"; `None` if it is none."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    channels, height, width = match.groups()
    return int(channels), int(height), int(width)


def shapes_in(table: Table) -> list[tuple[int, int, int]]:
    """The column `input` of a CSV table as shapes; what is none is noted."""
    cells = table.cells("input")
    known = {cell: read_shape(cell) for cell in set(cells)}
    for row, cell in enumerate(cells):
        if known[cell] is None:
            table.note(row, "input", shown(cell), "channels x height x width, like 3x224x224")
    return [known[cell] or (1, 1, 1) for cell in cells]


def read_board(folder: Path, layer: str, sources: Collection[str]) -> Board:
    """Read a board's `board.yaml`.

    Args:
        folder: the board's folder; its name is the board's.
        layer: which catalog it belongs to.
        sources: the known sources.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    path = folder / "board.yaml"
    fields = Fields(path, read_yaml(path))
    memory = fields.inner("memory")
    board = Board(
        name=folder.name,
        title=fields.text("title", required=True),
        processor=fields.text("processor"),
        accelerator=fields.text("accelerator"),
        memory_mb=memory.quantity("value", MEMORY, required=True) if memory else None,
        memory_shared=memory.flag("shared") if memory else None,
        idle_power_w=estimate(fields, "idle_power", POWER, sources),
        power_scope=fields.text("power_scope"),
        power_meter=fields.text("power_meter"),
        memory_scope=fields.text("memory_scope"),
        software=fields.text("software"),
        weights=fields.name("weights"),
        cost=fields.name("cost", ("reported", "counted")) or "counted",
        date=fields.text("date"),
        source=fields.name("source", sources, required=True),
        details=_details(fields),
        note=fields.text("note"),
        folder=folder,
        layer=layer,
    )
    if memory:
        memory.leftovers()
    fields.finish()
    return board
