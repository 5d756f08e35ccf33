"""Networks that a user's table names: those of the catalog, and new ones with what the table says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from advisor.architectures.names import (
    NAME,
    family_of,
    folded,
    size_of,
    sized,
    split_prefix,
    split_size,
)
from advisor.catalog.files import write_whole
from advisor.catalog.importers.table_rows import Values
from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog
from advisor.catalog.yaml_file import scalar
from advisor.errors import AdvisorError, shown
from advisor.quality import read_task
from advisor.quantities import COUNT, written_as

Shape = tuple[int, int, int]

USUAL_INPUT: Shape = (3, 224, 224)
"""The input of a network of which nothing says it."""
MOST_CHANNELS = 4
VETO = 0.05
"""By which share the parameters of two networks differ that cannot be one, as tables round them."""
FILES = re.compile(r"\.(onnx|tflite|engine|plan|hef|rknn|pt2?|pth|pb|xml)$", re.IGNORECASE)
MOST_SAID = 5


@dataclass
class Network:
    """A network that a table brings.

    Attributes:
        name: what the catalog is to call it.
        family: the family that it belongs to.
        input_shape: channels, height, width.
        size_said: whether something says that input.
        task: what it is for; "" where nothing says it.
        costs: what the table reports of it: params, operations, activations.
    """

    name: str
    family: str
    input_shape: Shape
    size_said: bool
    task: str
    costs: dict[str, float]


@dataclass
class Networks:
    """The networks of a table, found or made.

    Attributes:
        catalog: it knows networks.
        made: the new ones, by name.
        notes: what a reader must know of how names were read, in words.
    """

    catalog: Catalog
    made: dict[str, Network] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def name_of(self, values: Values) -> str:
        """What the catalog calls the network of a row, or is to call it.

        A name that the catalog knows means its network, unless the table says another input or other
        parameters: then it is a network of the user's own.

        Raises:
            AdvisorError: the row's name, or its input, cannot be one.
        """
        text = FILES.sub("", str(values["architecture"]).strip())
        stated = _shape(str(values["input"])) if "input" in values else None
        size = size_of(stated) if stated else ""
        if size and split_size(text)[1] not in ("", size):
            raise AdvisorError(f"its name and its input {size} contradict each other", "mend one")
        meaning = self.catalog.identities.find(text, size)
        if meaning is None:
            return self._new(text, stated, values)
        known = self.catalog.architectures[meaning.name]
        if _contradicts(known, values):
            name = self._new(text, stated or known.input_shape, values, own=True)
            what = f"{text}: other parameters than {meaning.name} has, so it is {name}"
            self.notes[what] = None
            return name
        if meaning.note:
            self.notes[meaning.note] = None
        return meaning.name

    def _new(self, text: str, stated: Shape | None, values: Values, *, own: bool = False) -> str:
        """The name of a network that is new, of which the first row that says something counts."""
        origin, rest = split_prefix(text)
        bare, size = split_size(rest)
        shape = stated or _shape(size) or USUAL_INPUT
        plain = re.sub(r"[^A-Za-z0-9._+-]+", "-", bare).strip("-._+")
        prefix = "own" if own else origin
        name = (f"{prefix}:" if prefix else "") + sized(plain, size_of(shape))
        if not plain or not NAME.fullmatch(name):
            raise AdvisorError(
                "it cannot be a name", "letters, digits and . _ - with a letter first"
            )
        if known := self.catalog.identities.key(name):
            return known  # made by an earlier import
        costs = _costs(values)
        network = self.made.setdefault(
            name,
            Network(
                name,
                str(values.get("family", "")) or family_of(folded(plain).replace("-", "_")),
                shape,
                bool(stated or size),
                read_task(str(values.get("task", ""))),
                costs,
            ),
        )
        for key, value in costs.items():
            if abs(network.costs.setdefault(key, value) - value) > VETO * value:
                self.notes[f"{name}: several {key} in the table; the first count"] = None
        return name

    def said(self, used: Iterable[str]) -> list[str]:
        """What the user must know of the networks that rows are left of."""
        new = [self.made[name] for name in dict.fromkeys(used) if name in self.made]
        notes = [*self.notes]
        if new:
            names = [f"{each.name}{self._meant(each)}" for each in new[:MOST_SAID]]
            more = f" and {len(new) - MOST_SAID} more" if len(new) > MOST_SAID else ""
            notes.append(f"new to the catalog: {', '.join(names)}{more}")
            assumed = sum(not each.size_said for each in new)
            if assumed:
                size = "x".join(map(str, USUAL_INPUT))
                notes.append(
                    f"the input of {assumed} of them taken as {size}: --map input=... says another"
                )
        return notes

    def _meant(self, network: Network) -> str:
        """A network that may have been meant, where a new name looks like a slip."""
        hint = self.catalog.identities.hint(split_size(network.name)[0])
        first = hint.partition(" or ")[0].rstrip("?")
        return f" ({first}?)" if hint.startswith("did you mean") else ""


def _shape(text: str) -> Shape | None:
    """Channels, height, width of an input as people write it: "224", "224x224", "1x3x224x224", NHWC.

    Raises:
        AdvisorError: it is none of these.
    """
    if not text:
        return None
    sizes = [int(each) for each in re.findall(r"[0-9]+", text)]
    if len(sizes) == len("NCHW"):
        sizes = sizes[1:]
    if len(sizes) == 1:
        sizes *= 2
    if len(sizes) == len("HW"):
        sizes.insert(0, USUAL_INPUT[0])
    if len(sizes) != len("CHW") or not all(1 <= each < 1e5 for each in sizes):
        raise AdvisorError(f"{shown(text)} is no input", "write it like 3x224x224")
    first, second, third = sizes
    if first > MOST_CHANNELS >= third:
        return third, first, second
    return first, second, third


def _costs(values: Values) -> dict[str, float]:
    """What a row says of what its network costs; a multiply and an add are two operations."""
    costs = {
        key: float(values[key])
        for key in ("params", "operations", "activations")
        if float(values.get(key, 0)) >= 1
    }
    if "operations" not in costs and float(values.get("macs", 0)) >= 1:
        costs["operations"] = 2 * float(values["macs"])
    return costs


def _contradicts(known: Architecture, values: Values) -> bool:
    """Whether the table reports other parameters than are known."""
    own = _costs(values).get("params")
    costs = [cost.params.value for cost in (known.reported, known.counted) if cost and cost.params]
    return bool(own and costs) and all(abs(own - each) > VETO * each for each in costs if own)


def write_networks(path: Path, networks: Iterable[Network], source: str, title: str) -> None:
    """Add networks to a catalog's `architectures.yaml`.

    Raises:
        AdvisorError: it cannot be written.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    blocks = [text if not text or text.endswith("\n") else text + "\n"]
    blocks += [_block(each, source, title) for each in networks]
    if len(blocks) > 1:
        write_whole(path, "".join(blocks), make_folder=True)


def _block(network: Network, source: str, title: str) -> str:
    entries: dict[str, str] = {
        "family": scalar(network.family),
        "input": "x".join(map(str, network.input_shape)),
        "reference": scalar(f"reported in {title}"),
    }
    if network.task:
        entries["task"] = scalar(network.task)
    if not network.size_said:
        entries["note"] = scalar("The input is assumed; nothing in the table says it.")
    if network.costs:
        figures = {
            key: f"{{value: {scalar(written_as(round(value), COUNT))}}}"
            for key, value in network.costs.items()
        }
        entries["reported"] = _flow({"source": source, **figures})
    lines = [f"  {key}: {value}\n" for key, value in entries.items()]
    return f"\n{network.name}:\n{''.join(lines)}"


def _flow(entries: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
