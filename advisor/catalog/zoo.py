"""The libraries' networks that are known without asking these: tables of the catalog, and the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from advisor.architectures.names import IN_BOTH, PREFIXES, Written, identity, identity_of_plain
from advisor.catalog.count_cache import LIBRARIES, cached, installed_version
from advisor.catalog.layers import Layer, entries
from advisor.catalog.reported_table import Reported, read_reported
from advisor.catalog.weights_table import best_of_each, read_weights
from advisor.catalog.zoo_table import ZooNetwork, imported, read_zoo_table
from advisor.errors import AdvisorError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.catalog.records import Architecture, Source, Weights

FOLDER = "zoo"
WEIGHTS_END = "-weights.csv"
REPORTED_END = "-reported.csv"
REPORTED_FILE = "zoo/timm-reported.csv"
"""Where a user's catalog keeps what timm's tables tell of its networks."""

USUAL_SIZE = 224
"""The height and width in pixels of most networks' input, where nothing says which size is meant."""

OWN_FILE = "zoo/measured.csv"
"""Where a user's catalog keeps the costs of libraries' networks that its boards have rows of."""


@dataclass(frozen=True)
class Zoo:
    """The networks of torchvision and timm, as far as they are known here.

    Attributes:
        networks: by identity, `name@size`; the size at which a library publishes a network first comes
            before its others.
        weights: their published sets of weights, by (identity, name), a library's first one first.
        notes: which tables could not be used, in words.
        plain: what networks are called here since a table of timm's was imported, by the library's own
            identity where that is another: "timm:resnet50@224" is then plainly "resnet50@224".
    """

    networks: Mapping[str, ZooNetwork]
    weights: Mapping[tuple[str, str], Weights]
    notes: tuple[str, ...]
    plain: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def architectures(self) -> Mapping[str, Architecture]:
        """Those that were counted, or whose cost a table tells, by identity."""
        return {name: each.known for name, each in self.networks.items() if each.known}

    @cached_property
    def first_weights(self) -> Mapping[str, str]:
        """By network, the name of the set that its library publishes first."""
        first: dict[str, str] = {}
        for architecture, name in self.weights:
            first.setdefault(architecture, name)
        return first

    @cached_property
    def best_weights(self) -> Mapping[str, Weights]:
        """By network, its set of the highest top-1 accuracy."""
        return best_of_each(self.weights)

    @property
    def reported(self) -> Mapping[str, Reported]:
        """What imported tables tell of timm's networks, by the name in these."""
        return {name: each.reported for name, each in self.networks.items() if each.reported}

    @property
    def not_timms(self) -> frozenset[str]:
        """The names, without a size, that torchvision has and timm has not."""
        return frozenset(
            each.architecture.partition("@")[0]
            for each in self.networks.values()
            if each.library == "torchvision"
        )

    def find(self, written: Written) -> ZooNetwork | None:
        """The network that someone names, if it is listed here; without a size, the first of its sizes.

        Raises:
            AdvisorError: both libraries have one of that name, and no table of timm's was imported that does.
        """
        library = written.library or ("timm" if written.tag else "")
        ambiguous = not library and written.name in IN_BOTH
        meant = [
            each
            for each in self.networks.values()
            if (each.reported is not None if ambiguous else library in ("", each.library))
            and each.identity
            == identity(each.library, written.name, written.size or each.input_shape[-1])
        ]
        if meant:
            return min(meant, key=_off_default)
        if ambiguous:
            at = f"@{written.size}" if written.size else ""
            both = " or ".join(f"{prefix}:{written.name}{at}" for prefix in PREFIXES)
            raise AdvisorError(
                f"both torchvision and timm have a network {shown(written.name)}", f"name {both}"
            )
        return None

    def uncounted(self) -> list[str]:
        """Sentences on what is not counted yet, and how to count it."""
        told = []
        for library in LIBRARIES:
            listed = [each for each in self.networks.values() if each.library == library]
            left = sum(1 for each in listed if each.known is None and not each.fault)
            if left:
                told.append(
                    f"{left} of {len(listed)} networks of {library} are not counted yet and cannot be "
                    f"chosen (advisor zoo --count {library})"
                )
            elif not listed and installed_version(library):
                told.append(
                    f"{library}'s networks are not counted yet and cannot be chosen "
                    f"(advisor zoo --count {library})"
                )
        return told


def _off_default(network: ZooNetwork) -> int:
    """How far a size is from the usual one, where only an imported table, which has no order, tells of it."""
    return abs(network.input_shape[-1] - USUAL_SIZE) if not network.version else -1


def read_zoo(layers: Sequence[Layer], sources_for: Callable[[Layer], Mapping[str, Source]]) -> Zoo:
    """Read what the catalog's layers and the cache know.

    What the user's installed version of a library counts goes before what was shipped; what the user's
    catalog holds goes before both, since boards were measured with it.

    Args:
        layers: the catalog's, the shipped one first.
        sources_for: the sources that a layer's files may name.

    Raises:
        BrokenFileError: a file of the catalog is broken.
    """
    networks: dict[str, ZooNetwork] = {}
    weights: dict[tuple[str, str], Weights] = {}
    reported: dict[str, Reported] = {}
    notes: list[str] = []
    for place, layer in enumerate(layers):
        for name in zoo_files(layer):
            path = layer.folder / FOLDER / name
            if name.endswith(WEIGHTS_END):
                weights.update(read_weights(path, None, sources_for(layer)))
            elif name.endswith(REPORTED_END):
                reported.update(read_reported(path, sources_for(layer)))
            else:
                networks.update(read_zoo_table(path))
        for library in LIBRARIES if place == 0 else ():
            counted, note = cached(library)
            networks.update(
                {
                    name: each
                    for name, each in counted.items()
                    if each.counts is not None or name not in networks
                }
            )
            notes += [note] if note else []
    return _with_reported(Zoo(networks, weights, tuple(notes)), reported)


def _with_reported(zoo: Zoo, reported: Mapping[str, Reported]) -> Zoo:
    """The zoo with the networks of imported tables, each one network with what was counted of it."""
    own_names = {identity_of_plain(name): name for name in reported}
    plain = {own: name for own, name in own_names.items() if own != name}
    networks = {
        own_names.get(own, own): each.as_imported(reported[own_names[own]])
        if own in own_names
        else each
        for own, each in zoo.networks.items()
    }
    for name, each in reported.items():
        networks.setdefault(name, imported(each))
    return replace(zoo, networks=networks, weights=renamed_weights(zoo.weights, plain), plain=plain)


def renamed_weights(
    weights: Mapping[tuple[str, str], Weights], plain: Mapping[str, str]
) -> dict[tuple[str, str], Weights]:
    """Sets of weights, those of networks that are called otherwise here under that name."""
    return {
        (plain.get(architecture, architecture), name): replace(
            each, architecture=plain[architecture]
        )
        if architecture in plain
        else each
        for (architecture, name), each in weights.items()
    }


def zoo_files(layer: Layer) -> list[str]:
    """The tables in a layer's folder `zoo`, by name."""
    if not entries(layer.folder).get(FOLDER, False):
        return []
    names = entries(layer.folder / FOLDER)
    return [name for name, is_folder in names.items() if name.endswith(".csv") and not is_folder]
