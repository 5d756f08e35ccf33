"""The networks that a question may choose from beside those that boards measured, and their weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.catalog.accuracy import Accuracies
from advisor.catalog.accuracy_table import key_of
from advisor.catalog.records import Architecture, Weights
from advisor.catalog.stack import Stack
from advisor.catalog.store import Catalog
from advisor.catalog.tables import best_of_each
from advisor.catalog.zoo import Zoo, of_floats
from advisor.errors import AdvisorError, shown
from advisor.options import Selection
from advisor.quality import TASKS, Quality, read_data_set, usual
from advisor.solve.candidates.named_networks import Nameable, names_here
from advisor.solve.candidates.stated_accuracies import of_which, read_accuracy_table, stated
from advisor.solve.candidates.weight_sets import OWN


@dataclass(frozen=True)
class NetworkPool:
    """What a question may choose from.

    Attributes:
        architectures: every network that may come up, by name.
        added: the networks that are candidates on every board, by prediction where not measured;
            `None` for all.
        quality: in what accuracy is stated: the task, its metric, the data set.
        accuracies: what is known of the sets of weights of these networks, as that.
        stand_ins: by network, the set that counts where it lacks the one that the board names.
        sets: the names of all sets of weights, whatever their accuracy is stated in.
        stated_for: by what the user states an accuracy of, the names of that network.
        included: the networks that the question brings along, by the names that it gives them; one that was
            measured is called as its rows call it.
        notes: what is to be said of it, in words.
    """

    architectures: Mapping[str, Architecture]
    added: frozenset[str] | None
    quality: Quality
    accuracies: Accuracies
    stand_ins: Mapping[str, str]
    sets: frozenset[str]
    stated_for: Mapping[str, Sequence[str]]
    included: Mapping[str, str]
    notes: tuple[str, ...]

    def as_called(self, chosen: Selection) -> Selection:
        """The same choice, the networks that the question brings along under the names of their rows."""
        if not self.included:
            return chosen
        named = chosen.architectures and tuple(map(self._row_name, chosen.architectures))
        exclude = tuple(map(self._row_name, chosen.exclude))
        return replace(chosen, architectures=named, exclude=exclude)

    def _row_name(self, name: str) -> str:
        return self.included.get(name, name)


def network_pool(catalog: Catalog, selection: Selection, stack: Stack, task: str) -> NetworkPool:
    """The networks that a question may choose from.

    A network of which there are no weights that a board names goes with its best, where no others are asked
    for; `--weights any` has it with every set that is published of it, under whichever of its names.

    Args:
        catalog: everything that is known.
        selection: what may be chosen from.
        stack: the boards that are asked, with their rows.
        task: what the networks are to be for.

    Raises:
        AdvisorError: a network that the question brings along cannot be counted, or the user's table of
            accuracies cannot be read.
    """
    every = selection.networks == "all"
    measured = set(stack.networks)
    architectures = dict(catalog.architectures)
    zoo = catalog.zoo if every or _needs_zoo(catalog, selection, stack) else None
    if zoo:
        names = (zoo.obtainable.keys() & zoo.architectures.keys()) | measured if every else measured
        architectures.update({name: catalog.architectures[name] for name in sorted(names)})
    notes = [*zoo.notes, *zoo.uncounted()] if zoo and every else []
    own, own_notes = _own(catalog, selection.include, task)
    for name, network in own.items():
        meant = catalog.identities.find(name)
        if meant is None:
            continue
        theirs = catalog.architectures[meant.name]
        if replace(theirs, name=network.name, task=task, precision=network.precision) != network:
            called = "" if meant.name == name else f", which is {meant.name}"
            raise AdvisorError(
                f"include: the catalog has a network {shown(name)}{called}",
                "call yours something else: NAME=FILE",
            )
    architectures.update({each.name: each for each in own.values()})
    published = _published(catalog, zoo, architectures)
    quality = _quality(task, selection.data_set, published)

    def names_of(name: str) -> Sequence[str]:
        return (own[name].name,) if name in own else names_here(catalog, name, architectures)

    if selection.accuracy_table is not None:
        path, known = Path(selection.accuracy_table), Nameable(own, catalog.identities)
        table = read_accuracy_table(path, known, quality)
        found = _under_names(path, table, names_of)
        quality = table[0].quality
    else:
        found = [each for each in published if each.quality == quality]
    found = _with_stated(found, selection.accuracy_of, names_of, quality)
    floats = of_floats(found, quality)
    return NetworkPool(
        architectures=architectures,
        added=None if every else frozenset(each.name for each in own.values()),
        quality=quality,
        accuracies=catalog.accuracies_of(found, selection.quantised_loss),
        stand_ins=_stand_ins(floats, selection),
        sets=frozenset(each.name for each in (*published, *found)),
        stated_for={each: of_which(each, names_of)[0] for each in selection.accuracy_of},
        included={name: each.name for name, each in own.items()},
        notes=(*notes, *own_notes),
    )


def _needs_zoo(catalog: Catalog, selection: Selection, stack: Stack) -> bool:
    """Whether networks, or the sets of weights that count, may be others than the catalog's own."""
    if selection.weights is not None:
        return True
    if any(name not in catalog.described for name in stack.networks):
        return True
    own = {(each.architecture, each.name) for each in catalog.accuracies}
    names = stack.table.architecture.names
    pairs = zip(*(each.tolist() for each in stack.pairs), strict=True)
    return any((names[name], stack.boards[board].weights) not in own for board, name in pairs)


def _published(
    catalog: Catalog, zoo: Zoo | None, architectures: Mapping[str, Architecture]
) -> list[Weights]:
    """What the catalog knows of the accuracy of these networks; what its own tables say counts most."""
    if not zoo:
        return list({key_of(each): each for each in catalog.accuracies}.values())
    own = {id(each) for each in catalog.accuracies}
    return [
        each for each in catalog.published if each.architecture in architectures or id(each) in own
    ]


def _quality(task: str, data_set: str | None, known: Iterable[Weights]) -> Quality:
    """In what the accuracy of a task is stated: as usual, else as most of its networks have it."""
    quality = usual(task)
    of_task = [each.quality for each in known if each.quality.task == task]
    if data_set is not None:
        quality = replace(quality, data_set=read_data_set(data_set))
        of_task = [each for each in of_task if each.data_set == quality.data_set]
        if not of_task:
            known_sets = sorted(
                {each.quality.data_set for each in known if each.quality.task == task}
            )
            hint = (
                f"known are {', '.join(known_sets)}"
                if known_sets
                else "none is known for this task"
            )
            raise AdvisorError(
                f"data-set: no accuracy of {task} on {shown(data_set)} is known", hint
            )
    if task in TASKS and (quality in of_task or data_set is None):
        return quality
    commonest = Counter(of_task).most_common()
    return min(commonest, key=lambda each: (-each[1], str(each[0])))[0] if commonest else quality


def _under_names(
    path: Path, table: Iterable[Weights], names_of: Callable[[str], Sequence[str]]
) -> list[Weights]:
    """What a table says of networks, under the names that rows have them by.

    Raises:
        AdvisorError: two of its rows are of one network.
    """
    found: dict[object, Weights] = {}
    written: dict[object, str] = {}
    for each in table:
        for name in names_of(each.architecture):
            row = replace(each, architecture=name)
            first = written.setdefault(key_of(row), each.architecture)
            if first != each.architecture:
                raise AdvisorError(
                    f"{path}: {shown(first)} and {shown(each.architecture)} are one network",
                    "leave one of them out",
                )
            found[key_of(row)] = row
    return list(found.values())


def _with_stated(
    found: Iterable[Weights],
    accuracy_of: Mapping[str, float],
    names_of: Callable[[str], Sequence[str]],
    quality: Quality,
) -> list[Weights]:
    """What is known and what the user states, which counts instead of all else of the network in floats."""
    kept, own = list(found), []
    for written, percent in accuracy_of.items():
        names, precision, runtime = of_which(written, names_of)
        if not precision and not runtime:
            kept = [each for each in kept if each.architecture not in names or not each.in_floats]
        own += [stated(name, percent, quality, precision, runtime) for name in names]
    replaced = {key_of(each) for each in own}
    return [*(each for each in kept if key_of(each) not in replaced), *own]


def _stand_ins(floats: Mapping[tuple[str, str], Weights], selection: Selection) -> dict[str, str]:
    """By network, the set that counts where it lacks the one that the board names: its best."""
    best = best_of_each(floats) if selection.weights is None else {}
    found = {name: each.name for name, each in best.items()}
    return found | {name: OWN for name, set_name in floats if set_name == OWN}


def _own(
    catalog: Catalog, included: Mapping[str, str], task: str
) -> tuple[dict[str, Architecture], list[str]]:
    """The networks that the question brings along, counted, by the names that it gives them."""
    found: dict[str, Architecture] = {}
    notes: list[str] = []
    for name, text in included.items():
        from advisor.catalog.naming import included_network  # few questions bring networks along

        network, said = included_network(catalog, name, text)
        found[name] = replace(network, task=task)
        notes += said
    return found, notes
