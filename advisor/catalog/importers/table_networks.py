"""Networks that a user's table names: those of the catalog, and new ones with what the table says of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice

from advisor.architectures.names import (
    NAME,
    family_of,
    folded,
    size_of,
    sized,
    split_prefix,
    split_size,
)
from advisor.catalog.identities import Meaning, difference
from advisor.catalog.importers.board_files import same_board
from advisor.catalog.importers.cells import Values
from advisor.catalog.importers.columns import is_usual_input
from advisor.catalog.records import Architecture, Cost, Estimate
from advisor.catalog.store import Catalog
from advisor.catalog.yaml_file import scalar
from advisor.errors import AdvisorError, shown
from advisor.quality import CLASSIFICATION, read_task
from advisor.quantities import COUNT, rounded, written_as

Shape = tuple[int, int, int]

USUAL_INPUT: Shape = (3, 224, 224)
"""The input of a network of which nothing says it."""
MOST_CHANNELS = 4
MOST_ROUNDED = 0.05
"""By which share a rounded figure may be off what it stands for; "4" says no more than "4.0"."""
FILES = re.compile(r"\.(onnx|tflite|engine|plan|hef|rknn|pt2?|pth|pb|xml)$", re.IGNORECASE)
MOST_SAID = 5
REFERENCE = "reported in "
"""How the reference of a network begins that a table brought."""
STATED = ("params", "operations", "activations")
NOTHING = Cost(None, None, None, None, None, None)


@dataclass
class Network:
    """A network that a table brings.

    Attributes:
        name: what the catalog is to call it.
        family: the family that it belongs to.
        input_shape: channels, height, width.
        size_said: whether something says that input.
        task: what it is for; "" where nothing says it.
        cost: what the table reports of it: params, operations, activations.
        again: whether an earlier import of the same board has brought it, too.
    """

    name: str
    family: str
    input_shape: Shape
    size_said: bool
    task: str
    cost: Cost
    again: bool = False

    @property
    def is_of_activations_alone(self) -> bool:
        """Whether activations are known and nothing else, which is no cost that the catalog has."""
        return bool(self.cost.activations) and not (self.cost.params or self.cost.operations)


@dataclass
class Networks:
    """The networks of a table, found or made.

    Attributes:
        catalog: it knows networks.
        source: what the table's figures name as their source.
        described: the networks that the user's catalog describes already, by name.
        made: those that the table brings, by name.
        notes: what a reader must know of how names were read, in words.
    """

    catalog: Catalog
    source: str
    described: Mapping[str, Architecture] = field(default_factory=dict)
    made: dict[str, Network] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    _meanings: dict[tuple[str, str], Meaning | None] = field(default_factory=dict)
    _called: dict[str, str] = field(default_factory=dict)
    _overruled: dict[str, None] = field(default_factory=dict)
    _by_name: dict[str, list[str]] = field(default_factory=dict)
    _sizes_in_words: dict[str, None] = field(default_factory=dict)

    def name_of(self, values: Values) -> str:
        """What the catalog calls the network of a row, or is to call it.

        A name that the catalog knows means its network, unless the table says another input or other
        counts: then it is a network of the user's own. All names of one network become the first of them.

        Raises:
            AdvisorError: the row's name, or its input, cannot be one; or another row, or another table, has
                a network of that name with other counts.
        """
        text, stated = _named(values)
        meaning = self._meaning(text, stated)
        if meaning is None:
            return self._new(text, stated, values)
        known = self.catalog.architecture(meaning.name)
        if self._is_ours(known):
            return self._again(known, values)
        if which := contradiction(known, stated, self._cost(values)):
            name = self._new(text, stated or known.input_shape, values, own=True)
            self.notes[f"{text}: {which}, so it is {name}"] = None
            return name
        if meaning.note:
            self.notes[meaning.note] = None
        if self._cost(values) != NOTHING or "family" in values:
            self._overruled[meaning.identity] = None
        return self._called.setdefault(meaning.identity, meaning.name)

    def costs_of(self, values: Values) -> Sequence[Cost]:
        """What is known of the network of the name that a row has, whatever else the row says."""
        if "architecture" not in values:
            return ()
        try:
            text, stated = _named(values)
            meaning = self._meaning(text, stated)
            known = self.catalog.architecture(meaning.name) if meaning else None
        except AdvisorError:
            return ()  # as `name_of` says
        return () if known is None else [*filter(None, (known.reported, known.counted))]

    def _meaning(self, text: str, stated: Shape | None) -> Meaning | None:
        """What a name means at an input, looked up once."""
        key = text, size_of(stated) if stated else ""
        if key not in self._meanings:
            self._meanings[key] = self.catalog.identities.find(*key)
        return self._meanings[key]

    def _cost(self, values: Values) -> Cost:
        """What a row says of what its network costs; a multiply and an add are two operations."""
        figures = {key: float(values.get(key, 0)) for key in STATED}
        errors = {key: _rounding(value) for key, value in figures.items()}
        macs = float(values.get("macs", 0))
        if not figures["operations"]:
            figures["operations"], errors["operations"] = 2 * macs, 2 * _rounding(macs)
        said = {
            key: Estimate(value, value - errors[key], value + errors[key], "reported", self.source)
            for key, value in figures.items()
            if value >= 1
        }
        return replace(NOTHING, **said)

    def _is_ours(self, known: Architecture) -> bool:
        """Whether an earlier import of the same board has brought a network, and nothing else has since."""
        if known.name not in self.described or not known.reference.startswith(REFERENCE):
            return False
        costs = [getattr(known.reported, key, None) for key in STATED]
        return all(same_board(each.source, self.source) for each in costs if each)

    def _new(self, text: str, stated: Shape | None, values: Values, *, own: bool = False) -> str:
        """The name of a network that the catalog does not know by the name that the row has."""
        origin, rest = split_prefix(text)
        bare, size = split_size(rest)
        plain = re.sub(r"[^A-Za-z0-9._+-]+", "-", bare).strip("-._+")
        task, by_name = self._task(values, plain)
        shape = stated or _shape(size) or self._assumed_input(plain, task)
        prefix = "own" if own else origin
        name = (f"{prefix}:" if prefix else "") + sized(plain, size_of(shape))
        if not plain or not NAME.fullmatch(name):
            raise AdvisorError(
                "it cannot be a name", "give letters, digits and . _ -, a letter first"
            )
        name = self._called.setdefault(folded(name), name)
        if key := self.catalog.identities.key(name):
            known = self.catalog.architecture(key)
            if self._is_ours(known):
                return self._again(known, values)
            if which := contradiction(known, shape, self._cost(values)):
                raise AdvisorError(which, "call it otherwise")
            return key
        if not (stated or size) and (other := _size_in_words(bare)):
            taken = "x".join(map(str, shape))
            said = f"{text}: its name says {other}, and nothing that this is its input, taken as {taken}"
            self._sizes_in_words[f"{said}: a column of inputs, or --map input=..., says it"] = None
        family = str(values.get("family", "")) or family_of(folded(plain).replace("-", "_"))
        if by_name:
            self._by_name.setdefault(task, []).append(name)
        network = Network(name, family, shape, bool(stated or size), task, NOTHING)
        return self._brought(network, values)

    def _task(self, values: Values, bare: str) -> tuple[str, bool]:
        """What a network is for, "" where that is to classify, and whether only its name says so.

        The name does where all networks of that name that the catalog knows are for the same.
        """
        if said := read_task(str(values.get("task", ""))):
            return said, False
        tasks = {each.task for each in self._spelt_like(bare)}
        if len(tasks) != 1 or tasks == {CLASSIFICATION}:
            return "", False
        return tasks.pop(), True

    def _spelt_like(self, bare: str) -> list[Architecture]:
        """The networks of a name that the catalog knows, whosever they are."""
        return [
            self.catalog.architecture(each) for each in self.catalog.identities.spelt_like(bare)
        ]

    def _assumed_input(self, bare: str, task: str) -> Shape:
        """The input of a network of which nothing says it.

        Classifiers have a usual one. Others have none: theirs is that of all of the name that the catalog
        knows, classifiers aside.

        Raises:
            AdvisorError: it is unknown.
        """
        if task in ("", CLASSIFICATION) or not NAME.fullmatch(task):  # which is a fault by itself
            return USUAL_INPUT
        known = {
            each.input_shape
            for each in self._spelt_like(bare)
            if each.task != CLASSIFICATION and not each.reference.startswith(REFERENCE)
        }
        if len(known) == 1:
            return known.pop()
        sizes = " and ".join(sorted(map(size_of, known), key=lambda size: (len(size), size)))
        why = f"those that are known have {sizes}" if known else "such networks have no usual one"
        raise AdvisorError(
            f"unknown input of {shown(bare)}, which is for {task}: {why}",
            f"call it {bare}@640, say, or give a column input, or --map input==640",
        )

    def _again(self, known: Architecture, values: Values) -> str:
        """A network that an earlier import of the board has brought, with what the table says of it now."""
        network = Network(
            known.name, known.family, known.input_shape, True, known.task, NOTHING, again=True
        )
        if _named(values)[1] not in (None, known.input_shape):
            raise AdvisorError(f"another input than {known.name} has", "call it otherwise")
        return self._brought(network, values)

    def _brought(self, network: Network, values: Values) -> str:
        """Add a network, and what a row says of it; the first row that says a count is enough.

        Raises:
            AdvisorError: an earlier row says otherwise.
        """
        network = self.made.setdefault(network.name, network)
        cost = self._cost(values)
        earlier = Architecture(
            network.name, "", network.input_shape, "", network.cost, None, "", network.task
        )
        if which := contradiction(earlier, None, cost):
            raise AdvisorError(f"{which} in an earlier row", "call one of them otherwise")
        said = {key: getattr(network.cost, key) or getattr(cost, key) for key in STATED}
        network.cost = replace(network.cost, **said)
        return network.name

    def said(self, used: Iterable[str]) -> list[str]:
        """What the user must know of the networks that rows are left of."""
        brought = [self.made[name] for name in dict.fromkeys(used) if name in self.made]
        new = [each for each in brought if not each.again]
        notes = [*self.notes, *islice(self._sizes_in_words, MOST_SAID)]
        if len(self._sizes_in_words) > MOST_SAID:
            further = len(self._sizes_in_words) - MOST_SAID
            notes.append(f"{further} more names may say an input likewise")
        for task, names in self._by_name.items():
            which = ", ".join(names[:MOST_SAID]) + (", ..." if len(names) > MOST_SAID else "")
            notes.append(f"for {task} by its name: {which} (--map task==... says another)")
        if self._overruled:
            count = len(self._overruled)
            known = f"{count} network{'s' * (count != 1)} that the catalog knows"
            notes.append(f"what the table says of {known} agrees with it, and its figures count")
        if alone := [each.name for each in brought if each.is_of_activations_alone]:
            why = "without params or operations"
            notes.append(f"activations {why} are not kept: {', '.join(alone[:MOST_SAID])}")
        if new:
            names = [f"{each.name}{self._meant(each)}" for each in new[:MOST_SAID]]
            more = f" and {len(new) - MOST_SAID} more" if len(new) > MOST_SAID else ""
            notes.append(f"new to the catalog: {', '.join(names)}{more}")
            assumed = Counter(each.input_shape for each in new if not each.size_said)
            for shape, count in assumed.items():
                size = "x".join(map(str, shape))
                like = "" if shape == USUAL_INPUT else ", as networks of their names have it"
                notes.append(
                    f"the input of {count} of them taken as {size}{like}: --map input=... says another"
                )
        return notes

    def _meant(self, network: Network) -> str:
        """A network that may have been meant, where a new name looks like a slip."""
        hint = self.catalog.identities.hint(split_size(network.name)[0])
        first = hint.partition(" or ")[0].rstrip("?")
        return f" ({first}?)" if hint.startswith("did you mean") else ""


def _size_in_words(name: str) -> int | None:
    """A number at the end of a name that may be an input other than the usual one."""
    found = re.search(r"[-_ ]([0-9]{2,4})$", name)
    pixels = int(found[1]) if found else 0
    return pixels if pixels not in USUAL_INPUT and is_usual_input(pixels) else None


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


def _named(values: Values) -> tuple[str, Shape | None]:
    """The network's name in a row, without the ending of a file, and the input that the row says.

    Raises:
        AdvisorError: it is no input, or another one than the name says.
    """
    text = FILES.sub("", str(values["architecture"]).strip())
    stated = _shape(str(values["input"])) if "input" in values else None
    size = size_of(stated) if stated else ""
    if size and split_size(text)[1] not in ("", size):
        raise AdvisorError(f"its name and its input {size} contradict each other", "mend one")
    return text, stated


def _rounding(figure: float) -> float:
    """How far a figure may be off by its rounding: half a unit of the last digit that is not 0."""
    if not figure:
        return 0.0
    exponent = Decimal(repr(figure)).normalize().as_tuple().exponent
    return min(0.5 * 10.0 ** int(exponent), MOST_ROUNDED * figure)


def contradiction(known: Architecture, shape: Shape | None, cost: Cost) -> str:
    """What of a row cannot be said of a network, in words; "" where nothing contradicts it.

    Args:
        known: the network; of one that was published with other counts than are counted on it, either do.
        shape: the input that the row says.
        cost: what it says that the network costs.
    """
    row = replace(known, input_shape=shape or known.input_shape, reported=cost, counted=None)
    found = [
        (difference(replace(known, reported=each, counted=None), row), each)
        for each in (known.reported, known.counted)
        if each
    ] or [(difference(known, row), NOTHING)]
    which, own = found[0]
    if not all(each for each, _ in found):
        return ""
    if which == "input":
        return f"another input than {known.name} has"
    here, there = getattr(cost, which).value, getattr(own, which).value
    return f"its {which} are {rounded(here)}, and not {rounded(there)} as {known.name} has"


def with_networks(before: str, networks: Iterable[Network], source: str, title: str) -> str:
    """An `architectures.yaml` with networks put in; of those that it has, what is reported."""
    text = before if not before or before.endswith("\n") else before + "\n"
    for each in networks:
        if each.again:
            text = _with_reported(text, each, source)
        else:
            text += _block(each, source, title)
    return text


def _with_reported(text: str, network: Network, source: str) -> str:
    """The file with what is reported now of a network that it has; all else in it stays."""
    block = re.search(
        rf"^{re.escape(network.name)}:.*\n(?:[ \t].*\n|\s*\n|#.*\n)*", text, re.MULTILINE
    )
    if block is None:
        return text
    old = re.sub(r"^  reported:.*\n(?:   +.*\n)*", "", block.group(), count=1, flags=re.MULTILINE)
    head, _, rest = old.partition("\n")
    new = f"{head}\n{_reported(network, source)}{rest}"
    return text[: block.start()] + new + text[block.end() :]


def _block(network: Network, source: str, title: str) -> str:
    entries: dict[str, str] = {
        "family": scalar(network.family),
        "input": "x".join(map(str, network.input_shape)),
        "reference": scalar(REFERENCE + title),
    }
    if network.task:
        entries["task"] = scalar(network.task)
    if not network.size_said:
        entries["note"] = scalar("The input is assumed; nothing in the table says it.")
    lines = [f"  {key}: {value}\n" for key, value in entries.items()]
    return f"\n{network.name}:\n{''.join(lines)}{_reported(network, source)}"


def _reported(network: Network, source: str) -> str:
    """The line of what a table reports of a network; "" where that is nothing."""
    figures = {
        key: f"{{value: {scalar(written_as(round(each.value), COUNT))}}}"
        for key in STATED
        if (each := getattr(network.cost, key))
    }
    if not figures or network.is_of_activations_alone:
        return ""
    return f"  reported: {_flow({'source': source, **figures})}\n"


def _flow(entries: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
