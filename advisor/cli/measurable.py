"""The networks that `advisor measure` is to run, by name; what each costs is kept with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog
from advisor.cli.output import complain
from advisor.errors import AdvisorError, closest, shown

if TYPE_CHECKING:
    from advisor.catalog.own_networks import Measurable


WEIGHT_FILES = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".h5", ".keras", ".tflite", ".pb")
"""Files in which people keep networks, and from which none can be made."""


def measurable(
    catalog: Catalog, names: Iterable[str]
) -> tuple[list[Architecture], dict[str, Measurable]]:
    """The networks of these names, and those of them that are the user's own, by name.

    A library's that is not counted yet is counted; so is the user's own.

    Raises:
        AdvisorError: a name is none that can be built, or a network cannot be counted.
    """
    from advisor.architectures.names import is_own
    from advisor.catalog.own_networks import measurable_own, split_name

    found: list[Architecture] = []
    own: dict[str, Measurable] = {}
    for text in dict.fromkeys(names):
        if is_own(split_name(text)[1]):
            each = measurable_own(catalog, text)
            name = each.architecture.name
            if own.setdefault(name, each).content != each.content:
                raise AdvisorError(
                    f"two networks are called {name}", f"name one: NAME={split_name(text)[1]}"
                )
            found.append(each.architecture)
        else:
            found.append(_known(catalog, text))
    return found, own


def _known(catalog: Catalog, name: str) -> Architecture:
    """A network of the catalog or of a library."""
    from advisor.architectures.builders import BUILDERS
    from advisor.catalog.named_network import network_to_build
    from advisor.catalog.records import OWN

    _refuse_file(name)
    network, notes = network_to_build(catalog, name)
    if network.family == OWN:
        hint = f"name it: advisor measure {network.name}=net.onnx"
        raise AdvisorError(
            f"{network.name} is your own: it is measured from its file or code", hint
        )
    if network.name not in BUILDERS and network.name in dict(catalog.architectures):
        hint = closest(name, BUILDERS)
        raise AdvisorError(f"unknown architecture {shown(name)}: nothing builds it", hint)
    for note in notes:
        complain(f"warning: {note}")
    return network


def _refuse_file(text: str) -> None:
    """Refuse what is no library's network but a file that does not say what it holds, or says its size."""
    from advisor.architectures.names import is_own_file

    file, _, size = text.rpartition("@")
    if is_own_file(file):
        raise AdvisorError(f"{text}: the size of its images is in the file", f"leave @{size} out")
    if Path(text).suffix in WEIGHT_FILES:
        raise AdvisorError(
            f"{text}: a file of this kind cannot be read",
            "give net.onnx, net.pt2 (torch.export) or MODULE:FACTORY",
        )


def keep(catalog: Path, networks: Sequence[Architecture]) -> None:
    """Write what these networks cost into the user's catalog, whose rows are to name them.

    Raises:
        AdvisorError: the file cannot be written, or is broken.
    """
    from advisor.architectures.builders import BUILDERS
    from advisor.catalog.zoo import OWN_FILE
    from advisor.catalog.zoo_table import of_architecture, read_zoo_table, zoo_table

    path = catalog / OWN_FILE
    known = read_zoo_table(path) if path.exists() else {}
    more = {each.name: of_architecture(each) for each in networks if each.name not in BUILDERS}
    if more.keys() - known.keys():
        from advisor.catalog.writing import write_whole

        write_whole(path, zoo_table({**known, **more}.values()))
