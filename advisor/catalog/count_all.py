"""Counting a library's networks one after the other, and keeping what is counted on the way."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from advisor.architectures.names import family_of, read_name
from advisor.catalog.count_cache import installed_version, remember
from advisor.catalog.counting import counted, found, listed
from advisor.catalog.zoo import Zoo
from advisor.catalog.zoo_table import ZooNetwork
from advisor.errors import AdvisorError

KEEP_EVERY_S = 15.0


@dataclass(frozen=True)
class Step:
    """How far the counting is.

    Attributes:
        network: what has been counted, or could not be: then it has a fault.
        left: how many are to follow.
        note: why the counts could not be kept; "" where they were.
    """

    network: ZooNetwork
    left: int
    note: str = ""


def uncounted_of(zoo: Zoo, library: str) -> list[ZooNetwork]:
    """The networks of a library, in the version that is installed, that are not counted.

    Those that have a published accuracy at another size than the library's own are among them. The
    library is asked only where the tables leave something open.

    Raises:
        AdvisorError: the library is not installed.
    """
    version = installed_version(library)
    here = [
        each
        for each in zoo.networks.values()
        if each.library == library and each.version == version
    ]
    settled = {each.identity for each in here if each.counts or each.fault}
    named = _with_accuracy(zoo, library)
    if version and here and len(settled) == len(here) and named <= settled:
        return []
    known = {each.architecture: each for each in listed(library)}
    known.update(
        {name: _named(name, library, version or "unknown") for name in sorted(named - known.keys())}
    )
    return [each for name, each in known.items() if name not in settled]


def count_each(library: str, networks: Sequence[ZooNetwork]) -> Generator[Step, None, None]:
    """Count these networks; every now and then, and when it is interrupted, the counts are kept.

    Args:
        library: whose they are.
        networks: not counted; all of them are kept as listed at once.
    """
    waiting: list[ZooNetwork] = [each for each in networks if not each.fault]
    note = remember(library, networks)
    done: list[ZooNetwork] = []
    kept_s = time.monotonic()
    try:
        for place, each in enumerate(waiting):
            network = counted(each)
            done.append(network)
            if time.monotonic() - kept_s > KEEP_EVERY_S:
                note, done, kept_s = remember(library, done), [], time.monotonic()
            yield Step(network, len(waiting) - place - 1, note)
            note = ""
    finally:
        remember(library, done)


def count_one(zoo: Zoo, network: ZooNetwork) -> tuple[ZooNetwork, str]:
    """Count one network and keep it, beside the list of all that its library has.

    Returns:
        The network with its counts, or with a fault; and why it could not be kept, or "".
    """
    others = uncounted_of(zoo, network.library)
    again = counted(network)
    return again, remember(network.library, [*others, again])


def _with_accuracy(zoo: Zoo, library: str) -> set[str]:
    """The networks of whose accuracy the user has a table; only timm's are read from one."""
    if library != "timm":
        return set()
    known = {name: zoo.networks.get(name) for name, _ in zoo.weights}
    return {
        name if each is None else each.identity
        for name, each in known.items()
        if each is None or each.library == library
    }


def _named(name: str, library: str, version: str) -> ZooNetwork:
    """A network that a table of accuracies names; with a fault where the library cannot make it."""
    try:
        return found(name)
    except AdvisorError as error:
        written = read_name(name)
        size = (written and written.size) or 1
        family = family_of(written.name if written else name)
        return ZooNetwork(name, library, version, family, (3, size, size), None, error.message)
