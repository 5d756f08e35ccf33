"""The catalog's YAML files: sources, architectures, boards."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from advisor.architectures.names import PAPERS_OWN, SHAPE_EXPECTED, read_shape, size_of, split_size
from advisor.catalog.files import File, content_of
from advisor.catalog.records import Architecture, BetweenRuns, Board, Cost, Source
from advisor.catalog.yaml_file import LARGEST_BYTES, Fields, estimate, read_yaml
from advisor.errors import AdvisorError, shown
from advisor.quality import CLASSIFICATION, read_task
from advisor.quantities import COUNT, MEMORY, PERCENT, POWER, parse

PUBLISHED = ("repository", "file", "version", "licence", "sha256")
"""What the source of a published table says beside what was read of it and how."""

MOVED = ("activations", "layers", "window_reads", "peak_activations")
"""What a cost says beside parameters and operations."""


def fields_of(file: File) -> Fields:
    """The fields of a YAML file."""
    content = content_of(file, LARGEST_BYTES)
    return Fields(content.path, read_yaml(content))


def read_sources(file: File) -> dict[str, Source]:
    """Read `sources.yaml`.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    block = fields_of(file)
    sources = {}
    for key, fields in block.blocks():
        reproduced = fields.inner("reproducibility")
        within = reproduced.quantity("within", PERCENT, required=True) if reproduced else None
        sources[key] = Source(
            key=key,
            citation=fields.text("citation", required=True),
            read=fields.text("read", required=True),
            error=fields.text("error", required=True),
            accuracy_spread=_points(fields, "accuracy_spread"),
            reproducibility=None if within is None else within / 100,
            evidence=reproduced.text("evidence", required=True) if reproduced else "",
            **{name: fields.text(name) for name in PUBLISHED},
        )
        if reproduced:
            reproduced.leftovers()
        fields.leftovers()
    block.finish()
    return sources


def _points(fields: Fields, key: str) -> float | None:
    """A difference of accuracies, such as "0.31 points"; `None` where there is none."""
    text = fields.text(key)
    if not text:
        return None
    try:
        return parse(text.removesuffix("points").strip(), PERCENT, key)
    except AdvisorError as error:
        fields.note(
            fields.block.entries[key].mark, shown(text), f"points like '0.31' ({error.hint})"
        )
        return None


def read_architectures(file: File, sources: Collection[str] | None) -> dict[str, Architecture]:
    """Read `architectures.yaml`.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    block = fields_of(file)
    architectures = {}
    for name, fields in block.blocks():
        architecture = _architecture(name, fields, sources)
        architectures[name] = architecture
        size = size_of(architecture.input_shape)
        accepted = (size, str(architecture.input_shape[-1]))  # the width alone named any, once
        if name not in PAPERS_OWN and split_size(name)[1] not in accepted:
            block.note(
                block.block.key_marks[name], shown(name), f"a name with its size, like net@{size}"
            )
        fields.leftovers()
    block.finish()
    return architectures


def _architecture(name: str, fields: Fields, sources: Collection[str] | None) -> Architecture:
    counted = _cost(fields, "counted", sources)
    return Architecture(
        name=name,
        family=fields.name("family", required=True),
        input_shape=_shape(fields),
        reference=fields.text("reference", required=True),
        reported=_cost(fields, "reported", sources, counted),
        counted=counted,
        note=fields.text("note"),
        task=read_task(fields.name("task")) or CLASSIFICATION,
        licence=fields.text("licence"),
    )


def _details(fields: Fields) -> dict[str, str]:
    inner = fields.inner("details")
    if inner is None:
        return {}
    return {key: inner.text(key) for key in inner.block.entries}


def _cost(
    fields: Fields, key: str, sources: Collection[str] | None, alike: Cost | None = None
) -> Cost | None:
    """One kind of cost.

    With `same_layers: yes` all but parameters and operations is taken from the cost `alike`: what
    a network moves follows from its layers, whoever counted their products in which way.
    """
    inner = fields.inner(key)
    if inner is None:
        return None
    source = inner.name("source", sources, required=True)
    params = estimate(inner, "params", COUNT, sources, source)
    operations = estimate(inner, "operations", COUNT, sources, source)
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
    if not {"params", "operations"} & set(inner.block.entries):
        inner.note(inner.block.mark, "neither params nor operations", "one of them")
    return Cost(params, operations, **moved) if params or operations else None


def _between_runs(fields: Fields) -> BetweenRuns | None:
    inner = fields.inner("between_runs")
    if inner is None:
        return None
    within = inner.quantity("within", PERCENT, required=True)
    days = inner.quantity("days", COUNT, required=True)
    inner.leftovers()
    return None if within is None or days is None else BetweenRuns(within / 100, int(days))


def _shape(fields: Fields) -> tuple[int, int, int]:
    text = fields.text("input", required=True)
    shape = read_shape(text)
    if shape is None and text:
        mark = fields.block.entries["input"].mark
        fields.note(mark, shown(text), SHAPE_EXPECTED)
    return shape or (1, 1, 1)


def read_board(
    folder: Path, layer: str, sources: Collection[str] | None, file: File | None = None
) -> Board:
    """Read a board's `board.yaml`.

    Args:
        folder: the board's folder; its name is the board's.
        layer: which catalog it belongs to.
        sources: the known sources; `None` for any.
        file: the file itself, where it is not the one in the folder.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    fields = fields_of(folder / "board.yaml" if file is None else file)
    memory = fields.inner("memory")
    board = Board(
        name=folder.name,
        title=fields.text("title", required=True),
        processor=fields.text("processor"),
        accelerator=fields.text("accelerator"),
        memory_mb=memory.quantity("value", MEMORY, required=True) if memory else None,
        memory_shared=memory.flag("shared") if memory else None,
        idle_power_w=estimate(fields, "idle_power", POWER, sources, bound_allowed=True),
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
        between_runs=_between_runs(fields),
        folder=folder,
        layer=layer,
    )
    if memory:
        memory.leftovers()
    fields.finish()
    return board
