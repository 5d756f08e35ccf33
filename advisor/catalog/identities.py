"""Which network a name means: one network has one identity, whichever of its names is typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from advisor.architectures.names import (
    ORIGINS,
    PAPERS_OWN,
    PREFIXES,
    TABLES,
    folded,
    refuse_unread_file,
    size_of,
    sized,
    split_prefix,
    split_size,
)
from advisor.catalog.csv_table import MOST_HINTED, read_csv
from advisor.catalog.files import File
from advisor.catalog.listed_networks import ListedNetworks
from advisor.catalog.records import Architecture, Cost, Estimate
from advisor.catalog.tables import ZooNetwork
from advisor.errors import AdvisorError, shown

ALIASES_FILE = "aliases.csv"
ALIASES_COLUMNS = ("name", "network")

TOLERANCE = 0.01
"""How far the counts of two names may differ, as a share, that are to be one network."""
REPORTED_OPERATIONS = 0.03
"""The same of operations that somebody else counted, who may leave out other small ones."""
LAST_DIGIT = 2e7
"""Of operations that are told as G multiply-adds with two digits; half of it they may be off besides."""
COUNTED = ("params", "operations", "activations")
"""The counts that are held against each other."""
USUAL_SIZE = "224"
"""The size of most networks' input, where nothing says which one is meant."""
TAG = re.compile(r"in(1k|12k|21k|22k)")
"""What timm's names of sets of weights say behind a dot: on which images of ImageNet they were trained."""
MOST_HINTS = 3
NEAR = 0.6


@dataclass(frozen=True)
class Name:
    """A name in its parts.

    Attributes:
        origin: whose network it is, one of `ORIGINS` or the name of another library; "" where not said.
        bare: what they call it.
        size: of its input, "224" or "160x320"; "" where not said.
    """

    origin: str
    bare: str
    size: str

    @classmethod
    def read(cls, text: str) -> Name:
        """The parts of a name as it is typed."""
        origin, rest = split_prefix(text.strip())
        return cls(origin, *split_size(rest))

    @cached_property
    def design(self) -> tuple[str, str]:
        """Whose design it is, and which, at any size: equal for names that are spelt alike."""
        return self.origin, folded(self.bare)

    @cached_property
    def qualified(self) -> str:
        """The whole name: prefix:name@size."""
        plain = sized(self.bare, self.size) if self.size else self.bare
        return f"{self.origin}:{plain}" if self.origin else plain


@dataclass(frozen=True)
class Alias:
    """A line of the table of aliases.

    Attributes:
        name: another name; with a prefix it is that of a network with counts of its own, which have to agree.
        network: whose it is, with a prefix; with a size where the name stands for that size only.
        line: where it stands.
    """

    name: Name
    network: Name
    line: int


def read_aliases(file: File) -> dict[tuple[str, str], Alias]:
    """Read `aliases.csv`: names, and the networks that they are names of.

    Returns:
        The aliases by the design that their name says.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(file, ALIASES_COLUMNS, ("note",))
    table.texts("note")
    found: dict[tuple[str, str], Alias] = {}
    names, networks = (table.labels(column).tolist() for column in ALIASES_COLUMNS)
    for row, (text, network) in enumerate(zip(names, networks, strict=True)):
        alias = Alias(Name.read(text), Name.read(network), table.lines[row])
        if not alias.network.origin:
            expected = f"a network with its prefix: {', '.join(ORIGINS)}"
            table.note(row, "network", shown(network), expected)
        if alias.name.size:
            table.note(row, "name", shown(text), "a name without a size, since it is of every size")
        if alias.name.design in found:
            table.note(row, "name", shown(text), "each name once")
        found[alias.name.design] = alias
    table.finish()
    return found


@dataclass(frozen=True)
class Meaning:
    """What a name means.

    Attributes:
        name: what the catalog calls the network.
        identity: its qualified name, prefix:name@size.
        note: which of several networks of that name was taken; "" where there is one.
    """

    name: str
    identity: str
    note: str = ""


class Identities:
    """The names of all networks that the catalog knows.

    Two names are of one network where a table of aliases says so and their counts do not contradict it:
    counts never make two names one, since twins differ in what is not counted.
    """

    def __init__(
        self,
        described: Mapping[str, Architecture],
        listed: ListedNetworks,
        aliases: Callable[[], Mapping[tuple[str, str], Alias]],
        is_board: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Take in all names.

        Args:
            described: the networks that the catalog describes, by name.
            listed: the libraries' networks, by name.
            aliases: gives what `read_aliases` returned; asked only where a name is not an entry's own.
            is_board: whether a name is that of a board, which a hint says.
        """
        self._is_board = is_board
        self._described, self._listed, self._read_aliases = described, listed, aliases
        self._is_whole = listed.is_whole
        self._take_in(listed if self._is_whole else listed.near)

    def _take_in(self, listed: Mapping[str, ZooNetwork]) -> None:
        self._names = {name: _of_library(name, each) for name, each in listed.items()}
        self._names |= {name: _of_catalog(name, each) for name, each in self._described.items()}
        self.by_qualified = {each.qualified: name for name, each in self._names.items()}

    def _widen(self) -> bool:
        """Take in those names, too, that are read when they are asked for; whether there are any.

        No alias is of these, so that what was said of the others holds.
        """
        if self._is_whole:
            return False
        self._take_in(self._listed)
        for name in ("_identity", "_groups", "_spelt"):
            vars(self).pop(name, None)
        self._is_whole = True
        return True

    @cached_property
    def _aliases(self) -> Mapping[tuple[str, str], Alias]:
        return self._read_aliases()

    @cached_property
    def _identity(self) -> Mapping[str, Name]:
        """The identity of every name of the catalog's.

        Of the names that aliases give to a network whose counts nobody knows, those keep their own whose
        counts contradict an earlier one's.
        """
        found: dict[str, Name] = {}
        joined: dict[Name, list[Name]] = {}
        for name, each in self._names.items():
            meant = self._belonging(each)
            others = joined.setdefault(meant, []) if meant != each else []
            found[name] = each if any(self.contradiction(each, one) for one in others) else meant
            if found[name] == meant:
                others.append(each)
        return found

    def _belonging(self, name: Name) -> Name:
        alias = self._aliases.get(name.design)
        if alias is None or alias.network.size not in ("", name.size):
            return name
        meant = Name(alias.network.origin, alias.network.bare, name.size)
        return name if self.contradiction(name, meant) else meant

    def contradiction(self, one: Name, other: Name) -> str:
        """In which count two networks differ, in words; "" where they do not, or it is not known."""
        keys = [self.by_qualified.get(each.qualified) for each in (one, other)]
        here, there = (self._known(key) if key else None for key in keys)
        return "" if here is None or there is None else difference(here, there)

    def _known(self, key: str) -> Architecture | None:
        return self._described[key] if key in self._described else self._listed[key].known

    def faults(self, aliases: Iterable[Alias]) -> Iterator[tuple[int, str, str, str]]:
        """What is wrong with lines of a table of aliases: line, column, what stands there, what should.

        Counts that contradict a line, and networks that nobody knows; of timm's most are known elsewhere.
        """
        self._widen()
        designs: dict[tuple[str, str], list[Name]] = {}
        for name in self._names.values():
            designs.setdefault(name.design, []).append(name)
        for alias in aliases:
            if alias.network.design not in designs and alias.network.origin != "timm":
                hint = self.hint(alias.network.qualified)
                yield alias.line, "network", alias.network.qualified, f"a known network ({hint})"
            for name in designs.get(alias.name.design, ()):
                meant = Name(alias.network.origin, alias.network.bare, name.size)
                if of := self.contradiction(name, meant):
                    found = f"{name.qualified}, whose {of} differ from those of {meant.qualified}"
                    yield alias.line, "name", found, "no alias of another network"

    @cached_property
    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        """By identity, the names of its network; the names of those to whom it belongs come first."""
        groups: dict[str, list[str]] = {}
        for name, identity in self._identity.items():
            groups.setdefault(identity.qualified, []).append(name)
        return {
            identity: tuple(sorted(names, key=lambda each: _rank(self._names[each].origin)))
            for identity, names in groups.items()
        }

    @cached_property
    def _spelt(self) -> Mapping[str, Sequence[str]]:
        """The names of the catalog's as they are typed in any case, and without prefix and size."""
        spelt: dict[str, list[str]] = {}
        for name, each in self._names.items():
            for form in {folded(name), folded(each.bare)}:
                spelt.setdefault(form, []).append(name)
        return spelt

    def identity(self, name: str) -> str:
        """The qualified name of the network that the catalog calls so."""
        if name not in self._names:
            self._widen()
        return self._identity[name].qualified

    def names_of(self, name: str) -> tuple[str, ...]:
        """What the catalog calls a network, all its names, that of its identity first."""
        return self._groups[self.identity(name)] if name in self._names else (name,)

    def key(self, name: str) -> str:
        """What the catalog calls the network of exactly that name, qualified or not; "" if there is none."""
        found = name if name in self._names else self.by_qualified.get(name, "")
        return self.key(name) if not found and self._widen() else found

    def spelt_like(self, bare: str) -> Sequence[str]:
        """What the catalog calls the networks of a name without prefix and size, whosever they are."""
        self._widen()
        return self._spelt.get(folded(bare), ())

    def called(self, name: str, among: Collection[str]) -> str:
        """What some rows call a network: the name by which they have it, else the one given."""
        return next((each for each in self.names_of(name) if each in among), name)

    def repeated(self, names: Iterable[str]) -> dict[str, str]:
        """Of some names those whose network an earlier one names, with that one."""
        first: dict[str, str] = {}
        identity = self._identity
        known = [name for name in dict.fromkeys(names) if name in self._names]
        called = {name: first.setdefault(identity[name].qualified, name) for name in known}
        return {name: earlier for name, earlier in called.items() if name != earlier}

    def numbers(self, names: Sequence[str]) -> list[int]:
        """For each of some names a number, which those share that are of one network."""
        found: dict[str, int] = {}
        known = (self.identity(name) if name in self._names else name for name in names)
        return [found.setdefault(each, len(found)) for each in known]

    def design(self, name: str) -> str:
        """The design that a network is of, equal for all its sizes, whatever the catalog calls these."""
        if name not in self._names:
            self._widen()
        if name not in self._names:
            return folded(split_size(name)[0])
        return ":".join(self._identity[name].design)

    def find(self, text: str, size: str = "") -> Meaning | None:
        """The network that somebody names; `None` where there is none, or several and none of them is meant.

        Of several networks of a bare name the one is meant that belongs to the first of `tv`, `timm` and
        `paper`, and the note says so; any other name that is an entry's own, in whatever case, means that
        entry. Without a size the network is meant at that at which it was published first.

        Args:
            text: a name, short or qualified.
            size: the size of its input, where that is known besides: "224", "160x320".
        """
        named = Name.read(text)
        if size and named.size not in ("", size):
            return None
        if not named.origin and not named.size and named.bare not in self._described:
            self._widen()  # any network of that name may come before an entry's
        exactly = self.key(text) or self._alone(text)
        if exactly and size in ("", self._names[exactly].size) and self._is_first(exactly, named):
            return self._meaning(text, exactly, named)
        self._widen()
        wanted = named.size or size
        found = self._of_size_in(self._of_design(named), wanted)
        # What the catalog has of that very name may be of other sizes only.
        found = found or self._of_size_in(self._of_alias(named), wanted)
        designs = self._designs(found)
        if not designs or (len(designs) > 1 and _rank(next(iter(designs))[0]) >= len(RANKED)):
            return None
        meant = min(next(iter(designs.values())), key=self._off_default)
        return self._meaning(text, self.names_of(meant)[0], named)

    def _is_first(self, entry: str, named: Name) -> bool:
        """Whether no other network of a bare name comes before an entry's."""
        if named.origin or named.size:
            return True
        designs = self._designs([entry, *self._of_design(named)])
        return next(iter(designs)) == self._identity[entry].design

    def written(self, name: str) -> str:
        """How one writes a name of the catalog's so that it means that entry, and no other network."""
        meaning = self.find(name)
        if meaning is None or self.identity(meaning.name) == self.identity(name):
            return name
        return self._names[name].qualified

    def find_among(self, text: str, here: Collection[str]) -> Meaning | None:
        """The network of some rows that somebody names: as `find` has it.

        Where that one has no rows, and some have the very name, it is theirs, and the note says so. Of
        several networks of a bare name of which none comes first, it is the only one that has rows.

        Args:
            text: a name, short or qualified.
            here: the names that the rows have.
        """
        meaning = self.find(text)
        if meaning is None:
            named = Name.read(text)
            alike = self._of_size_in(self._of_design(named), named.size)
            alone = [each for each in alike if each in here]
            return Meaning(alone[0], self.identity(alone[0])) if len(alone) == 1 else None
        if text not in here or text not in self._names:
            return meaning
        if any(each in here for each in self.names_of(meaning.name)):
            return meaning
        own = self.identity(text)
        return Meaning(
            text,
            own,
            f"{text} is {own} here; {meaning.identity}, another network of that name, is not",
        )

    def _of_size_in(self, names: Iterable[str], size: str) -> list[str]:
        """Those of some names whose network has that size; all of them where it is ""."""
        return [each for each in names if size in ("", self._names[each].size)]

    def _alone(self, text: str) -> str:
        """The entry whose whole name this is in another case; "" where that is not one."""
        whole = [each for each in self._spelt.get(folded(text), ()) if folded(each) == folded(text)]
        return whole[0] if len(whole) == 1 else ""

    def _of_design(self, named: Name) -> list[str]:
        """The names of the catalog's that may be meant, at any size."""
        spelt = self._spelt.get(folded(named.bare), ())
        network, _, tag = named.bare.partition(".")
        if TAG.search(tag) and not spelt and not self._of_alias(named):
            return self._of_design(Name(named.origin or "timm", network, named.size))
        origins = {each: self._names[each].origin for each in spelt}
        found = [
            each
            for each, origin in origins.items()
            if self._names[each].design[1] == folded(named.bare)
            and named.origin in ("", origin, self._identity[each].origin)
        ]
        if not named.origin or named.origin not in origins.values():
            found += self._of_alias(named)
        return list(dict.fromkeys(found))

    def _of_alias(self, named: Name) -> list[str]:
        """The names of the network that the tables of aliases give for a name."""
        bare = folded(named.bare)
        origins = (named.origin,) if named.origin else ("", *ORIGINS)
        alias = next(
            (self._aliases[each, bare] for each in origins if (each, bare) in self._aliases), None
        )
        if alias is None:
            return []
        return [
            name
            for name, identity in self._identity.items()
            if identity.design == alias.network.design and alias.network.size in ("", identity.size)
        ]

    def _designs(self, names: Iterable[str]) -> dict[tuple[str, str], list[str]]:
        """Names by the design that they are of; the first is that which a bare name means."""
        designs: dict[tuple[str, str], list[str]] = {}
        for name in names:
            designs.setdefault(self._identity[name].design, []).append(name)
        return dict(sorted(designs.items(), key=lambda each: _rank(each[0][0])))

    def _off_default(self, name: str) -> tuple[int, int]:
        """How far a name is from what is meant where no size is said."""
        each, listed = self._names[name], self._listed.get(name)
        ordered = listed is None or bool(listed.version)  # an imported table has no order of sizes
        height = int(each.size.partition("x")[0])
        return _rank(each.origin), -1 if ordered else abs(height - int(USUAL_SIZE))

    def _meaning(self, text: str, name: str, named: Name) -> Meaning:
        identity = self.identity(name)
        same = self._identity[name].design
        others = [
            min(names, key=self._off_default)
            for design, names in self._designs(
                [] if named.origin else self._spelt.get(folded(named.bare), ())
            ).items()
            if design != same and design[0] not in TABLES  # who asks for one of theirs says whose
        ]
        if not others:
            return Meaning(name, identity)
        listed = ", ".join(self.identity(each) for each in others)
        other = "another network" if len(others) == 1 else "other networks"
        verb = "is" if len(others) == 1 else "are"
        return Meaning(
            name, identity, f"{text} is {identity}; {listed} {verb} {other} of that name"
        )

    def hint(self, text: str) -> str:
        """What may be meant by a name that no network has, or that several have."""
        self._widen()
        named = Name.read(text)
        designs = self._designs(self._of_design(named))
        if designs and named.size and not self._of_size(designs, named.size):
            sizes = sorted({self._names[each].size for each in next(iter(designs.values()))})
            return f"{named.bare} is known at {', '.join(sizes)}"
        if len(designs) > 1:
            return "name " + " or ".join(self.identity(names[0]) for names in designs.values())
        if self._is_board(text):
            return f"{text} is a board: name a network, and the board by --board {text}"
        near = self._near(folded(named.bare))
        if not near:
            return "no network of such a name is known; advisor zoo lists those of the libraries"
        return "did you mean " + " or ".join(map(self._offered, near)) + "?"

    def _of_size(self, designs: Mapping[tuple[str, str], Sequence[str]], size: str) -> bool:
        return any(self._names[each].size == size for names in designs.values() for each in names)

    def _near(self, bare: str) -> list[str]:
        """The names nearest to one that no network has, of each network one."""
        from difflib import get_close_matches  # costs more to import than most commands need

        forms = {folded(each.bare): each.bare for each in reversed(self._names.values())}
        forms |= {folded(each.name.bare): each.name.bare for each in self._aliases.values()}
        found: dict[tuple[str, str], str] = {}
        for form in get_close_matches(bare, forms, n=2 * MOST_HINTS, cutoff=NEAR):
            for design in self._designs(self._of_design(Name.read(forms[form]))):
                found.setdefault(design, forms[form])
        return list(dict.fromkeys(found.values()))[:MOST_HINTS]

    def _offered(self, name: str) -> str:
        """A name, and which network it is, so that no hint leads to another one unseen."""
        meaning = self.find(name)
        exactly = meaning is None or meaning.identity == name
        return repr(name) if exactly or meaning is None else f"{name!r} ({meaning.identity})"

    def meanings(self, texts: Iterable[str], what: str = "") -> Iterator[Meaning]:
        """The networks of some names.

        Args:
            texts: the names.
            what: where they stand, for the message.

        Raises:
            AdvisorError: there are no such networks; it names all that are unknown.
        """
        found = {text: self.find(text) for text in texts}
        self.refuse({what: [text for text, meaning in found.items() if meaning is None]})
        return (meaning for meaning in found.values() if meaning)

    def refuse(self, unknown: Mapping[str, Sequence[str]]) -> None:
        """Say what is wrong with names that mean no network, all at once.

        Args:
            unknown: such names by where they stand; "" where that needs not be said.

        Raises:
            AdvisorError: there are any.
        """
        places = {what: names for what, names in unknown.items() if names}
        every = list(dict.fromkeys(name for names in places.values() for name in names))
        for each in every:
            refuse_unread_file(each)
        if not every:
            return
        said = "; ".join(
            (f"{what}: " if what else "")
            + ("unknown architectures " if len(names) > 1 else "unknown architecture ")
            + ", ".join(map(shown, names))
            for what, names in places.items()
        )
        hints = [self.hint(each) for each in every[:MOST_HINTED]]
        if len(every) > 1:
            hints = [f"{shown(each)}: {hint}" for each, hint in zip(every, hints, strict=False)]
        raise AdvisorError(said, "\n  ".join(hints))


RANKED = ("tv", "timm", "paper")
"""To whom a network belongs that several have, the first first."""


def _rank(origin: str) -> int:
    return RANKED.index(origin) if origin in RANKED else len(RANKED)


def _of_library(name: str, network: ZooNetwork) -> Name:
    prefixes = {library: prefix for prefix, library in PREFIXES.items()}
    origin = prefixes.get(network.library, network.library)
    return Name(origin, split_size(split_prefix(name)[1])[0], size_of(network.input_shape))


def _of_catalog(name: str, architecture: Architecture) -> Name:
    origin, rest = split_prefix(name)
    others = "paper" if name in PAPERS_OWN else "own"
    return Name(origin or others, split_size(rest)[0], size_of(architecture.input_shape))


def difference(one: Architecture, other: Architecture) -> str:
    """In which count two networks differ, or "input"; "" where those agree that both have.

    Counts agree within `TOLERANCE`, reported operations within `REPORTED_OPERATIONS`, and as far as the
    error of one of them goes, as of a rounded figure.
    """
    if one.input_shape != other.input_shape:
        return "input"
    for here in filter(None, (one.reported, one.counted)):
        for there in filter(None, (other.reported, other.counted)):
            if which := _unlike(here, there):
                return which
    return ""


def _unlike(one: Cost, other: Cost) -> str:
    for name in COUNTED:
        here, there = getattr(one, name), getattr(other, name)
        if here and there and not _agree(name, here, there):
            return name
    return ""


def _agree(name: str, one: Estimate, other: Estimate) -> bool:
    within = TOLERANCE * max(one.value, other.value)
    if name == "operations" and "reported" in (one.origin, other.origin):
        within = REPORTED_OPERATIONS * max(one.value, other.value)
        within += sum(map(_rounding, (one, other)))
    errors = (0.0 if each.low is None else each.value - each.low for each in (one, other))
    return abs(one.value - other.value) <= max(within, *errors)


def _rounding(operations: Estimate) -> float:
    """How far reported operations may be off since they were rounded, as their last digits show."""
    is_rounded = operations.origin == "reported" and operations.value % LAST_DIGIT == 0
    return LAST_DIGIT / 2 if is_rounded else 0.0
