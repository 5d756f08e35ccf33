"""The networks that a question may choose from beside those that boards measured, and their weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.catalog.records import Architecture, Measurements, Weights
from advisor.catalog.store import Catalog
from advisor.catalog.zoo import renamed_weights
from advisor.errors import AdvisorError, closest, shown
from advisor.options import Selection
from advisor.solve.candidates.weight_sets import OWN, declared, read_accuracy_table


@dataclass(frozen=True)
class NetworkPool:
    """What a question may choose from.

    Attributes:
        architectures: every network that may come up, by name.
        added: the networks that are candidates on every board, by prediction where not measured;
            `None` for all.
        weights: every set of weights of these, by (network, name).
        stand_ins: by network, the set that counts where it lacks the one that the board names.
        best: by network, the set that counts on a board whose source names none.
        notes: what is to be said of it, in words.
    """

    architectures: Mapping[str, Architecture]
    added: frozenset[str] | None
    weights: Mapping[tuple[str, str], Weights]
    stand_ins: Mapping[str, str]
    best: Mapping[str, str]
    notes: tuple[str, ...]


def network_pool(
    catalog: Catalog, selection: Selection, tables: Iterable[Measurements]
) -> NetworkPool:
    """The networks that a question may choose from.

    A library's network has no weights that a board names. Where no weights are asked for, it goes with the
    set that its library publishes first, on a board whose source names none with its best; `--weights any`
    has it with every set.

    Args:
        catalog: everything that is known.
        selection: what may be chosen from.
        tables: the rows of the boards that are asked.

    Raises:
        AdvisorError: a network that the question brings along cannot be counted, or the user's table of
            accuracies cannot be read.
    """
    every = selection.networks == "all"
    measured = {name for table in tables for name in table.architecture.names}
    architectures = dict(catalog.architectures)
    uses_zoo = every or not measured <= architectures.keys()
    zoo = catalog.zoo if uses_zoo else None
    if zoo:
        from_zoo = (
            zoo.architectures if every else {name: catalog.architectures[name] for name in measured}
        )
        architectures.update(from_zoo)
    notes = [*zoo.notes, *zoo.uncounted()] if zoo and every else []
    own, own_notes = _own(catalog, selection.include)
    for name, network in own.items():
        if name in catalog.architectures and catalog.architectures[name] != network:
            raise AdvisorError(
                f"include: the catalog has a network {shown(name)}", "call yours something else"
            )
    architectures.update({each.name: each for each in own.values()})
    stand_ins: dict[str, str] = {}
    best: dict[str, str] = {}
    if selection.accuracy_table is not None:
        known = {*architectures, *catalog.zoo.networks, *catalog.zoo.plain}
        weights = renamed_weights(
            read_accuracy_table(Path(selection.accuracy_table), known), catalog.zoo.plain
        )
        stand_ins = dict.fromkeys((name for name, _ in weights), OWN)
    else:
        weights = dict(catalog.weights)
        weights.update(
            {
                key: each
                for key, each in (zoo.weights if zoo else {}).items()
                if key[0] in architectures
            }
        )
        if zoo:
            best = {
                name: each.name
                for name, each in catalog.best_weights.items()
                if name in architectures
            }
        if zoo and selection.weights is None:
            stand_ins = {
                name: first for name, first in zoo.first_weights.items() if name in architectures
            }
    for stated, percent in selection.accuracy_of.items():
        plain = zoo.plain.get(stated, stated) if zoo else stated
        name = own[stated].name if stated in own else plain
        if name not in architectures:
            hint = closest(name, architectures)
            raise AdvisorError(f"accuracy-of: no network {shown(name)} to choose from", hint)
        weights = {key: known for key, known in weights.items() if key[0] != name}
        weights[name, OWN] = declared(name, percent)
        stand_ins[name] = OWN
        best.pop(name, None)
    return NetworkPool(
        architectures=architectures,
        added=None if every else frozenset(each.name for each in own.values()),
        weights=weights,
        stand_ins=stand_ins,
        best=best,
        notes=(*notes, *own_notes),
    )


def _own(
    catalog: Catalog, included: Mapping[str, str]
) -> tuple[dict[str, Architecture], list[str]]:
    """The networks that the question brings along, counted, by the names that it gives them."""
    found: dict[str, Architecture] = {}
    notes: list[str] = []
    for name, text in included.items():
        from advisor.catalog.naming import included_network  # few questions bring networks along

        network, said = included_network(catalog, name, text)
        found[name] = network
        notes += said
    return found, notes
