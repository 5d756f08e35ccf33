"""The networks that are to be measured, by name; what each costs is kept with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.architectures.names import is_own, split_name
from advisor.catalog.files import write_whole
from advisor.catalog.naming import Measurable, measurable_own, network_to_build
from advisor.catalog.records import OWN, Architecture
from advisor.catalog.store import Catalog
from advisor.catalog.tables import of_architecture, read_zoo_table, zoo_table
from advisor.catalog.writers import writing
from advisor.catalog.zoo import OWN_FILE
from advisor.errors import AdvisorError, BrokenFileError, closest, shown
from advisor.quality import CLASSIFICATION


@dataclass(frozen=True)
class Networks:
    """What is to be measured.

    Attributes:
        named: every network, in the order in which they were named.
        own: those of them that are the user's own, by name.
        notes: what is to be said of the tables of counts.
    """

    named: tuple[Architecture, ...]
    own: Mapping[str, Measurable]
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The networks' names, each once."""
        return tuple(dict.fromkeys(each.name for each in self.named))


def measurable(catalog: Catalog, names: Iterable[str], *, trained: bool = True) -> Networks:
    """The networks of these names.

    A library's that is not counted yet is counted; so is the user's own.

    Raises:
        AdvisorError: there is no such network, it cannot be built, or it cannot be counted.
    """
    named: list[Architecture] = []
    own: dict[str, Measurable] = {}
    notes: list[str] = []
    for text in dict.fromkeys(names):
        if is_own(split_name(text)[1]):
            each = measurable_own(catalog, text, trained=trained)
            name = each.architecture.name
            if own.setdefault(name, each).content != each.content:
                raise AdvisorError(
                    f"two networks are called {name}", f"name one: NAME={split_name(text)[1]}"
                )
            named.append(each.architecture)
        else:
            network, its_notes = _known(catalog, text)
            named.append(network)
            notes += its_notes
    return Networks(tuple(named), own, tuple(notes))


def _known(catalog: Catalog, name: str) -> tuple[Architecture, Sequence[str]]:
    """A network of the catalog or of a library, and what is to be said of it."""
    from advisor.architectures.builders import BUILDERS

    network, notes = network_to_build(catalog, name)
    if network.family == OWN:
        hint = f"name it: advisor measure {network.name}=net.onnx"
        raise AdvisorError(
            f"{network.name} is your own: it is measured from its file or code", hint
        )
    if network.name not in BUILDERS and network.name in dict(catalog.architectures):
        hint = closest(name, BUILDERS)
        raise AdvisorError(f"unknown architecture {shown(name)}: nothing builds it", hint)
    return network, notes


def called_as_on(catalog: Catalog, board: str, networks: Networks) -> Networks:
    """The networks by the names under which a board has them, and each network once.

    So all rows of a network are of one name.
    """
    there: dict[str, object] = {}
    with suppress(BrokenFileError):  # which measuring writes anew
        if board in catalog.board_layers:
            there |= catalog.measurements(catalog.board(board)).architecture.position
    named, notes = [], [*networks.notes]
    for each in networks.named:
        called = (
            each.name if each.name in networks.own else catalog.identities.called(each.name, there)
        )
        network = each
        if called != each.name:
            network, its_notes = network_to_build(catalog, called)
            notes += [*its_notes, f"{each.name} is measured as {called}, the same network"]
        there[called] = None
        named.append(network)
    return replace(networks, named=tuple(named), notes=tuple(notes))


def keep_costs(folder: Path, networks: Sequence[Architecture]) -> None:
    """Write what these networks cost into the user's catalog, whose rows are to name them.

    Raises:
        AdvisorError: the file cannot be written, or is broken.
    """
    from advisor.architectures.builders import BUILDERS

    path = folder / OWN_FILE
    more = {each.name: of_architecture(each) for each in networks if each.name not in BUILDERS}
    if not more:
        return
    with writing(folder):
        known = read_zoo_table(path) if path.exists() else {}
        for key, each in more.items():  # measuring does not know what a network is for
            if key in known and each.task == CLASSIFICATION:
                more[key] = replace(each, task=known[key].task)
        # One of the user's own that an earlier version counted less well is of the same content all the same.
        new = {key: each for key, each in more.items() if key not in known or each.library == OWN}
        if {**known, **new} != known:
            write_whole(path, zoo_table({**known, **new}.values()), make_folder=True)
