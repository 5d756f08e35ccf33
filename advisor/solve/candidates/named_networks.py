"""The networks that a question names, as the boards that it asks call them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from advisor.architectures.names import (
    PAPERS_OWN,
    bare_name,
    folded,
    is_own,
    is_own_file,
    read_name,
    split_prefix,
)
from advisor.catalog.identities import Identities
from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog
from advisor.catalog.zoo import LIBRARIES, installed_version
from advisor.errors import AdvisorError, closest, shown
from advisor.options import Requirements, Selection
from advisor.solve.candidates.candidates import Candidates

PATTERN = frozenset("*?[")
"""What makes a name a pattern, which is held against the names that rows have, and no others."""


@dataclass(frozen=True)
class Nameable(Collection[str]):
    """The names that a question may use: those of the networks that it brings along, and all that are known.

    Attributes:
        own: the names of what it brings along.
        identities: what all other names mean.
    """

    own: Collection[str]
    identities: Identities

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (
            name in self.own or self.identities.find(name) is not None
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.own)

    def __len__(self) -> int:
        return len(self.own)

    def hint(self, name: str) -> str:
        """What may be meant by another name."""
        near = closest(name, self.own) if self.own else ""
        return near if near.startswith("did you mean") else self.identities.hint(name)


def refuse_unknown(catalog: Catalog, requirements: Requirements) -> None:
    """Say which networks that a question names nobody knows, all at once.

    Raises:
        AdvisorError: there are any.
    """
    chosen = requirements.selection
    named: dict[str, Iterable[str]] = {
        "architectures": chosen.architectures or (),
        "exclude": chosen.exclude,
        "explain": requirements.explain,
        "accuracy-of": (_without_variant(catalog, chosen, each) for each in chosen.accuracy_of),
        "include": (text for text in chosen.include.values() if not _is_made(text)),
    }
    unknown = {
        what: [each for each in names if not _is_known(catalog, chosen, each)]
        for what, names in named.items()
    }
    if any(unknown.values()):
        catalog.identities.refuse(unknown)


def _is_known(catalog: Catalog, chosen: Selection, name: str) -> bool:
    """Whether a name is a pattern, a network of the question's own, or one that the catalog knows."""
    if not PATTERN.isdisjoint(name) or name in chosen.include or name in catalog.described:
        return True
    return catalog.identities.find(name) is not None


def _without_variant(catalog: Catalog, chosen: Selection, written: str) -> str:
    """The name in NAME[:PRECISION[:RUNTIME]]."""
    parts = written.split(":")
    starts = [":".join(parts[:count]) for count in range(len(parts), 0, -1)]
    shortest = starts[-2] if split_prefix(written)[0] and len(parts) > 1 else starts[-1]
    return next((each for each in starts if _is_known(catalog, chosen, each)), shortest)


def _is_made(text: str) -> bool:
    """Whether a network is made of a file or code, or can be counted by a library that is installed."""
    return (
        is_own(text)
        or is_own_file(text)
        or (read_name(text) is not None and any(map(installed_version, LIBRARIES)))
    )


def chosen_here(catalog: Catalog, chosen: Selection, here: Collection[str]) -> Selection:
    """The same choice, each network in it by the names that rows have it by.

    Args:
        catalog: everything that is known.
        chosen: the choice as it was typed.
        here: the names of all that may be chosen from.

    Raises:
        AdvisorError: a network that is asked for cannot be chosen here.
    """
    if not chosen.architectures and not chosen.exclude:
        return chosen
    wanted = {each: names_here(catalog, each, here) for each in chosen.architectures or ()}
    if missing := [name for name, found in wanted.items() if not found]:
        raise AdvisorError(
            f"architectures: {', '.join(map(shown, missing))}: nothing to choose from here",
            "--candidates all brings in networks without rows",
        )
    exclude = [name for each in chosen.exclude for name in names_here(catalog, each, here)]
    return replace(
        chosen,
        architectures=chosen.architectures
        and tuple(name for names in wanted.values() for name in names),
        exclude=tuple(exclude),
    )


def as_called(catalog: Catalog, requirements: Requirements, candidates: Candidates) -> Requirements:
    """The same question; the networks to explain by the names that the candidates' rows have them by."""
    here = candidates.measurements.architecture.position
    explain = [
        name for each in requirements.explain for name in names_here(catalog, each, here) or (each,)
    ]
    return replace(requirements, explain=tuple(dict.fromkeys(explain)))


def one_name_each(
    catalog: Catalog,
    known: Mapping[str, Architecture],
    here: Collection[str],
    predicted: Collection[str],
) -> dict[str, Architecture]:
    """Networks, each once: by the names that a board has it by, else by the one that others predict it by.

    Args:
        catalog: everything that is known.
        known: networks by name.
        here: the names that the board's rows have.
        predicted: the names of those that other boards predict.
    """
    found = {}
    for name in known:
        names = [
            each for each in catalog.identities.names_of(name) if each in known or each == name
        ]
        on_board = [each for each in names if each in here]
        first = next((each for each in names if each in predicted), names[0])
        if name in (on_board or (first,)):
            found[name] = known[name]
    return found


def names_here(catalog: Catalog, name: str, here: Collection[str]) -> Sequence[str]:
    """The names, of those that rows have, of the network that somebody names; a pattern is itself."""
    if not PATTERN.isdisjoint(name):
        return (name,)
    if name in here and PAPERS_OWN.issuperset(here):
        return (name,)  # each of these is a network of its own
    meaning = catalog.identities.find_among(name, here)
    if meaning is None:
        return (name,) if name in here else ()
    return [each for each in catalog.identities.names_of(meaning.name) if each in here]


def without_rows(
    catalog: Catalog,
    chosen: Selection,
    ran: Collection[str],
    here: Collection[str],
    stated_for: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    """What is to be said of networks that a question names, and of which there are no rows.

    Args:
        catalog: everything that is known.
        chosen: the choice as it was typed.
        ran: the names of those that have rows.
        here: the names of all that may be chosen from.
        stated_for: by what the user states an accuracy of, the names of that network.
    """
    named = {f"--accuracy-of {written}": names for written, names in stated_for.items()}
    for each in chosen.architectures or ():
        if each not in chosen.include and PATTERN.isdisjoint(each):
            named[f"--architectures {each}"] = names_here(catalog, each, here)
    for what, names in named.items():
        if names and not set(ran).intersection(names):
            alike = called_alike(names, ran)
            others = "is another network" if len(alike) == 1 else "are other networks"
            hint = f"; {' and '.join(alike)} {others}" if alike else ""
            yield f"{what} is of no candidate: {names[0]} has no rows here{hint}"


def called_alike(names: Iterable[str], here: Iterable[str]) -> list[str]:
    """Of the names that rows have those that are called like some others, whoever has them, at any size."""
    bare = set(map(_bare, names))
    return sorted(each for each in here if _bare(each) in bare)


def _bare(name: str) -> str:
    return folded(bare_name(split_prefix(name)[1])).replace("-", "")


def said_which(
    catalog: Catalog, requirements: Requirements, here: Collection[str]
) -> Iterator[str]:
    """Which of several networks of a name is taken, for each such name of a question.

    Args:
        catalog: everything that is known.
        requirements: the question.
        here: the names of all that may be chosen from.
    """
    chosen = requirements.selection
    accurate = (_without_variant(catalog, chosen, each) for each in chosen.accuracy_of)
    named = (*(chosen.architectures or ()), *chosen.exclude, *requirements.explain, *accurate)
    for name in dict.fromkeys(named):
        if name in chosen.include or not PATTERN.isdisjoint(name) or PAPERS_OWN.issuperset(here):
            continue
        meaning = catalog.identities.find_among(name, here)
        if meaning and meaning.note:
            yield meaning.note
