"""The libraries' networks that are known without asking these: tables of the catalog, and the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from advisor.architectures.identity import IN_BOTH, PREFIXES, Written, identity
from advisor.catalog.count_cache import LIBRARIES, cached, installed_version
from advisor.catalog.layers import Layer, entries
from advisor.catalog.weights_table import read_weights
from advisor.catalog.zoo_table import ZooNetwork, read_zoo_table
from advisor.errors import AdvisorError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.catalog.records import Architecture, Source, Weights

FOLDER = "zoo"
WEIGHTS_END = "-weights.csv"
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
    """

    networks: Mapping[str, ZooNetwork]
    weights: Mapping[tuple[str, str], Weights]
    notes: tuple[str, ...]

    @cached_property
    def architectures(self) -> Mapping[str, Architecture]:
        """Those that were counted, by identity."""
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
        best: dict[str, Weights] = {}
        for (architecture, _), each in self.weights.items():
            other = best.get(architecture)
            if other is None or each.top1_percent.value > other.top1_percent.value:
                best[architecture] = each
        return best

    def find(self, written: Written) -> ZooNetwork | None:
        """The network that someone names, if it is listed here; without a size, the first of its sizes.

        Raises:
            AdvisorError: both libraries have one of that name.
        """
        library = written.library or ("timm" if written.tag else "")
        if not library and written.name in IN_BOTH:
            at = f"@{written.size}" if written.size else ""
            both = " or ".join(f"{prefix}:{written.name}{at}" for prefix in PREFIXES)
            raise AdvisorError(
                f"both torchvision and timm have a network {shown(written.name)}", f"name {both}"
            )
        for each in self.networks.values():
            size = written.size or each.input_shape[-1]
            if library in ("", each.library) and each.architecture == identity(
                each.library, written.name, size
            ):
                return each
        return None

    def uncounted(self) -> list[str]:
        """Sentences on what is not counted yet, and how to count it."""
        told = []
        for library in LIBRARIES:
            listed = [each for each in self.networks.values() if each.library == library]
            left = sum(1 for each in listed if each.counts is None and not each.fault)
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
    notes: list[str] = []
    for place, layer in enumerate(layers):
        for name in zoo_files(layer):
            path = layer.folder / FOLDER / name
            if name.endswith(WEIGHTS_END):
                weights.update(read_weights(path, None, sources_for(layer)))
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
    return Zoo(networks, weights, tuple(notes))


def zoo_files(layer: Layer) -> list[str]:
    """The tables in a layer's folder `zoo`, by name."""
    if not entries(layer.folder).get(FOLDER, False):
        return []
    names = entries(layer.folder / FOLDER)
    return [name for name, is_folder in names.items() if name.endswith(".csv") and not is_folder]
