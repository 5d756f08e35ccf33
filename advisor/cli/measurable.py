"""The networks that `advisor measure` is to run, by name; what a library's cost is kept with the rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog
from advisor.cli.output import complain
from advisor.errors import AdvisorError, closest, shown


def measurable(catalog: Catalog, names: Iterable[str]) -> list[Architecture]:
    """The networks of these names; a library's that is not counted yet is counted.

    Raises:
        AdvisorError: a name is none that can be built.
    """
    from advisor.architectures.identity import is_own
    from advisor.architectures.registry import BUILDERS
    from advisor.solve.named_network import network_to_build

    found = []
    for name in dict.fromkeys(names):
        if is_own(name):
            hint = "advisor predict takes files and module:factory"
            raise AdvisorError(f"{shown(name)} is no name of a network that can be measured", hint)
        network, notes = network_to_build(catalog, name)
        if network.name not in BUILDERS and network.name in dict(catalog.architectures):
            hint = closest(name, BUILDERS)
            raise AdvisorError(f"unknown architecture {shown(name)}: nothing builds it", hint)
        found.append(network)
        for note in notes:
            complain(f"warning: {note}")
    return found


def keep(catalog: Path, networks: Iterable[Architecture]) -> None:
    """Write what a library's networks cost into the user's catalog, whose rows are to name them.

    Raises:
        AdvisorError: the file cannot be written, or is broken.
    """
    from advisor.architectures.registry import BUILDERS
    from advisor.catalog.zoo import OWN_FILE
    from advisor.catalog.zoo_table import of_architecture, read_zoo_table, zoo_table

    path = catalog / OWN_FILE
    known = read_zoo_table(path) if path.exists() else {}
    more = {each.name: of_architecture(each) for each in networks if each.name not in BUILDERS}
    if more.keys() - known.keys():
        from advisor.catalog.writing import write_whole

        write_whole(path, zoo_table({**known, **more}.values()))
