"""The libraries' networks that are known without asking these: tables of the catalog, and the cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from advisor._version import __version__
from advisor.architectures.names import TABLES, bare_name, identity_of_plain
from advisor.catalog.accuracy_table import key_of, read_accuracies
from advisor.catalog.files import Layer, entries, write_whole
from advisor.catalog.locks import PATIENCE_S, locked
from advisor.catalog.tables import (
    TIMM,
    Reported,
    ZooNetwork,
    best_of_each,
    imported,
    read_reported,
    read_weights,
    read_zoo_table,
    zoo_table,
)
from advisor.errors import AdvisorError, BrokenFileError
from advisor.folders import cache_folder, ready_cache
from advisor.quality import Quality

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.catalog.records import Architecture, Source, Weights

LIBRARIES = ("torchvision", "timm")

FOLDER = "zoo"
WEIGHTS_END = "-weights.csv"
ACCURACY_END = "-accuracy.csv"
REPORTED_END = "-reported.csv"
REPORTED_FILE = "zoo/timm-reported.csv"
"""Where a user's catalog keeps what timm's tables report of its networks."""

COUNTS = f"counted-by-{__version__}"
"""The folder of the cache in which counts lie. Another version of advisor counts for itself."""

OWN_FILE = "zoo/measured.csv"
"""Where a user's catalog keeps the costs of libraries' networks that its boards have rows of."""


@dataclass(frozen=True)
class Zoo:
    """The networks of torchvision and timm, as far as they are known here.

    Attributes:
        networks: by identity, `name@size`; the size at which a library publishes a network first comes
            before its others.
        notes: which tables could not be used, in words.
        plain: what networks are called here since a table of timm's was imported, by the library's own
            identity where that is another: "timm:resnet50@224" is then plainly "resnet50@224".
        read: reads what tables say of what sets of weights reach, which takes longest and few need.
    """

    networks: Mapping[str, ZooNetwork]
    notes: tuple[str, ...]
    plain: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[], Sequence[Weights]] = tuple

    @cached_property
    def accuracies(self) -> Sequence[Weights]:
        """All that tables say of what sets of weights reach."""
        return renamed_weights(self.read(), self.plain)

    @cached_property
    def weights(self) -> Mapping[tuple[str, str], Weights]:
        """The published sets of weights, by (identity, name), a library's first one first.

        With the accuracy in floats as the network's task usually goes.
        """
        return of_floats(self.accuracies)

    @cached_property
    def architectures(self) -> Mapping[str, Architecture]:
        """Those that were counted, or whose cost a table reports, by identity."""
        return {name: each.known for name, each in self.networks.items() if each.known}

    @cached_property
    def obtainable(self) -> Mapping[str, ZooNetwork]:
        """Those that a library has, or the user; of all others, published tables report times alone."""
        return {name: each for name, each in self.networks.items() if each.library not in TABLES}

    @cached_property
    def best_weights(self) -> Mapping[str, Weights]:
        """By network, its most accurate set."""
        return best_of_each(self.weights)

    @property
    def reported(self) -> Mapping[str, Reported]:
        """What imported tables report of timm's networks, by the name in these."""
        return {
            name: each.reported
            for name, each in self.networks.items()
            if each.reported and each.reported.library == TIMM
        }

    @property
    def not_timms(self) -> frozenset[str]:
        """The names, without a size, that torchvision has and timm has not."""
        return frozenset(
            bare_name(each.architecture)
            for each in self.networks.values()
            if each.library == "torchvision"
        )

    def uncounted(self) -> list[str]:
        """Sentences on what is not counted yet, and how to count it."""
        notes = []
        for library in LIBRARIES:
            listed = [each for each in self.networks.values() if each.library == library]
            left = sum(1 for each in listed if each.known is None and not each.fault)
            if left:
                notes.append(
                    f"{left} of {len(listed)} networks of {library} are not counted yet and cannot be "
                    f"chosen (advisor zoo --count {library})"
                )
            elif not listed and installed_version(library):
                notes.append(
                    f"{library}'s networks are not counted yet and cannot be chosen "
                    f"(advisor zoo --count {library})"
                )
        return notes


def read_zoo(layers: Sequence[Layer], sources_for: Callable[[Layer], Mapping[str, Source]]) -> Zoo:
    """Read what the catalog's layers and the cache know.

    What the user's installed version of a library counts goes before what was shipped; what the user's
    catalog holds goes before both, since boards were measured with it.

    Args:
        layers: the catalog's, the shipped one first.
        sources_for: the sources that a layer's files may name.

    Raises:
        BrokenFileError: a file of the catalog is broken; of accuracies, where these are asked for.
    """
    networks: dict[str, ZooNetwork] = {}
    reported: dict[str, Reported] = {}
    notes: list[str] = []
    for place, layer in enumerate(layers):
        for name in zoo_files(layer):
            path = layer.folder / FOLDER / name
            if name.endswith((WEIGHTS_END, ACCURACY_END)):
                continue
            if name.endswith(REPORTED_END):
                reported.update(read_reported(path, sources_for(layer)))
            else:
                found = read_zoo_table(path)
                if f"{FOLDER}/{name}" == OWN_FILE:
                    found = {key: replace(each, measured=True) for key, each in found.items()}
                networks.update(found)
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
    read = partial(_read_accuracies, tuple(layers), sources_for)
    return _with_reported(Zoo(networks, tuple(notes), read=read), reported)


def _read_accuracies(
    layers: Sequence[Layer], sources_for: Callable[[Layer], Mapping[str, Source]]
) -> Sequence[Weights]:
    """What the tables of the layers' zoos say of sets of weights, the later one where two say the same."""
    found: dict[object, Weights] = {}
    for layer in layers:
        for name in zoo_files(layer):
            path = layer.folder / FOLDER / name
            rows: Iterable[Weights] = ()
            if name.endswith(WEIGHTS_END):
                rows = read_weights(path, None, sources_for(layer)).values()
            elif name.endswith(ACCURACY_END):
                rows = read_accuracies(path, None, sources_for(layer))
            found.update({key_of(each): each for each in rows})
    return tuple(found.values())


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
    return replace(zoo, networks=networks, plain=plain)


def renamed_weights(accuracies: Iterable[Weights], plain: Mapping[str, str]) -> tuple[Weights, ...]:
    """Accuracies, those of networks that are called otherwise here under that name."""
    return tuple(
        replace(each, architecture=plain[each.architecture]) if each.architecture in plain else each
        for each in accuracies
    )


def of_floats(
    accuracies: Iterable[Weights], quality: Quality | None = None
) -> dict[tuple[str, str], Weights]:
    """By (architecture, name), what sets of weights reach wherever they run in floats.

    Args:
        accuracies: what is known.
        quality: the metric and the data set; `None` for those that each network's task usually goes by.
    """
    return {
        (each.architecture, each.name): each
        for each in accuracies
        if each.is_of_floats and (each.quality == quality if quality else each.quality.is_usual)
    }


def zoo_files(layer: Layer) -> list[str]:
    """The tables in a layer's folder `zoo`, by name."""
    if not entries(layer.folder).get(FOLDER, False):
        return []
    names = entries(layer.folder / FOLDER)
    return [name for name, is_folder in names.items() if name.endswith(".csv") and not is_folder]


def installed_version(library: str) -> str | None:
    """The version of a library, found without importing it; `None` where it is not installed."""
    # Reading the field from the text spares a parser of e-mail, which is loaded by `version`.
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        metadata = distribution(library).read_text("METADATA") or ""
    except PackageNotFoundError:
        return None
    field = "\nVersion: "
    return metadata.partition(field)[2].partition("\n")[0].strip() or None


def cached(library: str) -> tuple[dict[str, ZooNetwork], str]:
    """What was counted of the installed version of a library.

    Returns:
        The networks by identity; and what is wrong with the file, or "". A file that cannot be read is
        as good as none, since all in it can be counted again.
    """
    cache = cache_folder()
    if cache is None or not (cache / COUNTS).is_dir():
        return {}, ""
    of_version = installed_version(library)
    if of_version is None:
        return {}, ""
    path = cache / COUNTS / f"{library}-{of_version}.csv"
    try:
        return (read_zoo_table(path), "") if path.exists() else ({}, "")
    except BrokenFileError as error:
        return {}, f"counts kept from before are broken and are counted again: {error.message}"


def remember(library: str, networks: Iterable[ZooNetwork]) -> str:
    """Add networks to what is kept of the installed version of a library, or replace them.

    Returns:
        Why they could not be kept; "" where they were.
    """
    of_version = installed_version(library)
    if of_version is None:
        return f"{library} is not installed"
    busy = f"somebody else is keeping counts of {library}"
    try:
        path = ready_cache(COUNTS) / f"{library}-{of_version}.csv"
        with locked(path.with_suffix(".lock"), busy, "run it again", patience_s=PATIENCE_S):
            known: Mapping[str, ZooNetwork] = cached(library)[0]
            kept = {**known, **{each.architecture: each for each in networks}}
            write_whole(path, zoo_table(kept.values()))
    except AdvisorError as error:
        return f"the counts are not kept for the next time: {error.message}"
    return ""
