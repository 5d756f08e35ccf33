"""The libraries' networks that are known without asking these: tables of the catalog, and the cache."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from advisor._version import __version__
from advisor.architectures.names import TABLES, bare_name, folded, identity_of_plain
from advisor.catalog.accuracy_table import key_of, read_accuracies
from advisor.catalog.files import Content, File, Layer, content_of, entries, write_whole
from advisor.catalog.listed_networks import KnownArchitectures, ListedNetworks
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
"""Where a catalog keeps what timm's tables report of its networks."""
TIMMS_ACCURACIES = "zoo/timm-accuracy.csv"
"""Where the shipped catalog keeps what timm's weights reach."""

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
        read: reads what tables say of what sets of weights reach, which takes longest and few need: of all
            networks, or of those that are read at once.
    """

    networks: ListedNetworks
    notes: tuple[str, ...]
    plain: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[bool], Sequence[Weights]] = lambda _: ()

    @property
    def accuracies(self) -> Sequence[Weights]:
        """What tables say of what sets of weights reach, of the networks that are read so far."""
        return self._all_accuracies if self.networks.is_whole else self._near_accuracies

    @cached_property
    def _near_accuracies(self) -> Sequence[Weights]:
        return renamed_weights(self.read(False), self.plain)

    @cached_property
    def _all_accuracies(self) -> Sequence[Weights]:
        return renamed_weights(self.read(True), self.plain)

    @cached_property
    def weights(self) -> Mapping[tuple[str, str], Weights]:
        """The published sets of weights, by (identity, name), a library's first one first.

        With the accuracy in floats as the network's task usually goes.
        """
        return of_floats(self._all_accuracies)

    @cached_property
    def architectures(self) -> Mapping[str, Architecture]:
        """Those that were counted, or whose cost a table reports, by identity."""
        return KnownArchitectures(self.networks)

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
            known = [each for each in self.networks.values() if each.library == library]
            # What is of published tables alone has no version, and need not be counted.
            listed = [each for each in known if each.version]
            left = sum(1 for each in listed if each.known is None and not each.fault)
            if left:
                notes.append(
                    f"{left} of {len(listed)} networks of {library} are not counted yet and cannot be "
                    f"chosen (advisor zoo --count {library})"
                )
            elif not known and installed_version(library):
                notes.append(
                    f"{library}'s networks are not counted yet and cannot be chosen "
                    f"(advisor zoo --count {library})"
                )
        return notes


def read_zoo(
    layers: Sequence[Layer],
    sources_for: Callable[[Layer], Mapping[str, Source]],
    aliased: Callable[[], Collection[str]],
) -> Zoo:
    """Read what the catalog's layers and the cache know.

    What the user's installed version of a library counts goes before what was shipped; what the user's
    catalog holds goes before both, since boards were measured with it.

    The shipped table of timm's 1,600 networks is read when one of them is asked for; at once those that
    boards may have by other names.

    Args:
        layers: the catalog's, the shipped one first.
        sources_for: the sources that a layer's files may name.
        aliased: gives the names that may be of networks under other names, folded and without a size.

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
            if place == 0 and f"{FOLDER}/{name}" == REPORTED_FILE:
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
    shipped = _Shipped(layers[0], sources_for(layers[0]), aliased) if layers else None
    # What is known of timm's otherwise, and by other names, has to be joined with all of the table.
    others = TIMM in {
        *(each.library for each in networks.values()),
        *(each.library for each in reported.values()),
    }
    by_need = shipped is not None and not others
    if shipped is not None:
        reported = {**shipped.reported(whole=not by_need), **reported}
    zoo = Zoo(
        ListedNetworks(networks),
        tuple(notes),
        read=partial(_read_accuracies, tuple(layers), sources_for, shipped if by_need else None),
    )
    return _with_reported(zoo, reported, shipped.networks if shipped and by_need else None)


@dataclass(frozen=True)
class _Shipped:
    """The shipped tables of timm's networks: all of them, or those that have other names.

    Attributes:
        layer: the shipped one.
        sources: those that its files may name.
        aliased: gives the names of the latter, folded and without a size.
    """

    layer: Layer
    sources: Mapping[str, Source]
    aliased: Callable[[], Collection[str]]

    def reported(self, *, whole: bool) -> Mapping[str, Reported]:
        """What they cost."""
        file = self.file(REPORTED_FILE, whole=whole)
        return read_reported(file, self.sources) if file else {}

    def networks(self) -> Mapping[str, ZooNetwork]:
        """All of them."""
        return {name: imported(each) for name, each in self.reported(whole=True).items()}

    def file(self, name: str, *, whole: bool) -> File | None:
        """A table, or what it says of those with other names; `None` where there is none."""
        path = self.layer.folder / name
        if not path.exists():
            return None
        if whole:
            return path
        head, *lines = content_of(path).text.splitlines()
        names = frozenset(self.aliased())
        kept = [line for line in lines if folded(_bare(line)) in names]
        return Content(path, "\n".join([head, *kept]))


def _bare(line: str) -> str:
    """The network's name at the beginning of a line, without prefix and size."""
    return line.partition(",")[0].partition("@")[0].removeprefix("timm:")


def _read_accuracies(
    layers: Sequence[Layer],
    sources_for: Callable[[Layer], Mapping[str, Source]],
    shipped: _Shipped | None,
    whole: bool,
) -> Sequence[Weights]:
    """What the tables of the layers' zoos say of sets of weights, the later one where two say the same.

    Args:
        layers: the catalog's.
        sources_for: the sources that a layer's files may name.
        shipped: the tables of timm's that need not be read whole.
        whole: whether they are to be.
    """
    found: dict[object, Weights] = {}
    for place, layer in enumerate(layers):
        for name in zoo_files(layer):
            file: File | None = layer.folder / FOLDER / name
            if place == 0 and shipped and f"{FOLDER}/{name}" == TIMMS_ACCURACIES:
                file = shipped.file(TIMMS_ACCURACIES, whole=whole)
            rows: Iterable[Weights] = ()
            if file and name.endswith(WEIGHTS_END):
                rows = read_weights(file, None, sources_for(layer)).values()
            elif file and name.endswith(ACCURACY_END):
                rows = read_accuracies(file, None, sources_for(layer))
            found.update({key_of(each): each for each in rows})
    return tuple(found.values())


def _with_reported(
    zoo: Zoo,
    reported: Mapping[str, Reported],
    rest: Callable[[], Mapping[str, ZooNetwork]] | None = None,
) -> Zoo:
    """The zoo with the networks of imported tables, each one network with what was counted of it.

    Args:
        zoo: the zoo without them.
        reported: what tables report of networks.
        rest: reads further ones of which nothing else is known.
    """
    own_names = {identity_of_plain(name): name for name in reported}
    plain = {own: name for own, name in own_names.items() if own != name}
    networks = {
        own_names.get(own, own): each.as_imported(reported[own_names[own]])
        if own in own_names
        else each
        for own, each in zoo.networks.items()
    }
    for name in own_names.values():  # of a network that two layers have, as the later one has it
        networks.setdefault(name, imported(reported[name]))
    return replace(zoo, networks=ListedNetworks(networks, rest), plain=plain)


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
