"""Counting networks that no table has: a library's, and the user's own. The catalog's one need of torch.

A library's are counted one after the other, or on several machines, and what is counted is kept on the way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.architectures.names import family_of, is_onnx, read_name, refuse_unread_file
from advisor.catalog.csv_table import FORMULA_STARTS
from advisor.catalog.records import OWN, Architecture
from advisor.catalog.tables import COUNTS, NOT_COUNTED, ZooNetwork, exact_cost
from advisor.catalog.zoo import Zoo, installed_version, remember
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor.architectures.design import Design, Identified
    from advisor.architectures.own_network import OwnNetwork

KEEP_EVERY_S = 15.0
"""How often the counts of a library's networks are kept."""

Spread = Callable[
    [Callable[[ZooNetwork], ZooNetwork], Iterable[ZooNetwork]], Iterable[ZooNetwork | AdvisorError]
]
"""Calls a function with each of some networks, here as `map` does or on several machines."""

MOST_FAULT = 200
"""How much of a message is kept of a network that cannot be counted."""


def listed(library: str) -> list[ZooNetwork]:
    """Every network of a library, not counted.

    Raises:
        AdvisorError: the library is not installed.
    """
    with _needing("zoo"):
        from advisor.architectures.libraries import designs

    return [_network(each) for each in designs(library)]


def found(text: str) -> ZooNetwork:
    """The library's network that a name means, not counted.

    Raises:
        AdvisorError: there is none, or its library is not installed.
    """
    refuse_unread_file(text)
    with _needing("zoo"):
        from advisor.architectures.libraries import find

    return _network(find(text))


def counted(network: ZooNetwork) -> ZooNetwork:
    """The network with its counts, and with why something is not counted, where that is so."""
    with _needing("zoo"):
        from advisor.architectures.libraries import count_design, find
    try:
        return _network(design := find(network.identity), count_design(design))
    except AdvisorError as error:
        return _network_with_fault(network, error)


def own_network(what: str, input_shape: Sequence[int] | None) -> OwnNetwork:
    """A network of the user's own, counted as far as that is possible.

    Args:
        what: a file of the ONNX format or of torch.export, or `module:factory`.
        input_shape: channels, height and width, where `what` does not state them.

    Raises:
        AdvisorError: it cannot be read or run; the message says why.
    """
    from advisor.architectures.own_network import read_own

    with _needing("runtimes" if is_onnx(what) else "measure"):
        return read_own(what, input_shape)


def own_architecture(name: str, own: OwnNetwork) -> Architecture:
    """A network of the user's own as the catalog has it; its reference holds a digest of its content."""
    counts = [getattr(own.counts, each) for each in COUNTS]
    cost = None if all(each is None for each in counts) else exact_cost(counts)
    note = f"{NOT_COUNTED}: {_kept(own.fault)}" if own.fault else ""
    return Architecture(
        name,
        OWN,
        own.input_shape,
        f"{OWN} {own.content}",
        None,
        cost,
        note,
        precision="" if own.precision == "fp32" else own.precision,
    )


def _network(design: Design, read: Identified | None = None) -> ZooNetwork:
    return ZooNetwork(
        architecture=design.identity,
        library=design.library,
        version=installed_version(design.library) or "unknown",
        family=design.family,
        input_shape=design.input_shape,
        counts=None if read is None else tuple(getattr(read.counts, name) for name in COUNTS),
        fault=_kept(read.fault) if read else "",
    )


def _network_with_fault(network: ZooNetwork, error: AdvisorError) -> ZooNetwork:
    return ZooNetwork(
        architecture=network.identity,
        library=network.library,
        version=network.version,
        family=network.family,
        input_shape=network.input_shape,
        counts=None,
        fault=_kept(error.message),
    )


def _kept(reason: str) -> str:
    """A reason as a table may hold it: printable, and no formula."""
    printable = "".join(letter if letter.isprintable() else " " for letter in reason)
    return printable.lstrip(FORMULA_STARTS + " ")[:MOST_FAULT]


@contextmanager
def _needing(extra: str) -> Iterator[None]:
    """Say which extra to install where a library is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise AdvisorError(
            f"counting needs {error.name}, which is not installed",
            f"install it: pip install 'dnn-advisor[{extra}]'",
        ) from None


@dataclass(frozen=True)
class Step:
    """How far the counting is.

    Attributes:
        network: what has been counted, or could not be: then it has a fault.
        left: how many are to follow.
        note: why the counts could not be kept, or why it was not counted elsewhere and may be another time;
            "" where neither is so.
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


def count_each(
    library: str, networks: Sequence[ZooNetwork], spread: Spread = map
) -> Generator[Step, None, None]:
    """Count these networks; every now and then, and when it is interrupted, the counts are kept.

    Args:
        library: whose they are.
        networks: not counted; all of them are kept as listed at once.
        spread: has each counted, and gives the counts in the same order.
    """
    waiting: list[ZooNetwork] = [each for each in networks if not each.fault]
    note = remember(library, networks)
    done: list[ZooNetwork] = []
    kept_s = time.monotonic()
    try:
        for place, network in enumerate(spread(counted, waiting)):
            left = len(waiting) - place - 1
            if isinstance(network, AdvisorError):
                yield Step(waiting[place], left, f"not counted: {network}")
                continue
            done.append(network)
            if time.monotonic() - kept_s > KEEP_EVERY_S:
                note, done, kept_s = remember(library, done), [], time.monotonic()
            yield Step(network, left, note)
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
    """The networks of which a table has the accuracy, and none the cost; only timm's are read from one."""
    if library != "timm":
        return set()
    known = {name: zoo.networks.get(name) for name, _ in zoo.weights}
    return {
        name if each is None else each.identity
        for name, each in known.items()
        if each is None or (each.library == library and each.reported is None)
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
