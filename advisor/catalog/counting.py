"""Counting networks that no table has: a library's, and the user's own. The catalog's one need of torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from advisor.catalog.count_cache import installed_version
from advisor.catalog.csv_file import FORMULA_STARTS
from advisor.catalog.records import OWN, Architecture
from advisor.catalog.zoo_table import COUNTS, ZooNetwork, exact_cost
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor.architectures.design import Complexity, Design
    from advisor.architectures.own_network import OwnNetwork

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
    with _needing("zoo"):
        from advisor.architectures.libraries import find

    return _network(find(text))


def counted(network: ZooNetwork) -> ZooNetwork:
    """The network with its counts, or with why it has none."""
    with _needing("zoo"):
        from advisor.architectures.libraries import count_design, find
    try:
        return _network(design := find(network.identity), count_design(design))
    except AdvisorError as error:
        return _network_with_fault(network, error)


def own_network(what: str, input_shape: Sequence[int] | None) -> OwnNetwork:
    """A network of the user's own, counted.

    Args:
        what: a file of the ONNX format or of torch.export, or `module:factory`.
        input_shape: channels, height and width, where `what` does not tell them.

    Raises:
        AdvisorError: it cannot be read, run or counted; the message says why.
    """
    from advisor.architectures.own_network import read_own

    with _needing("runtimes" if what.endswith(".onnx") else "measure"):
        return read_own(what, input_shape)


def own_architecture(name: str, own: OwnNetwork) -> Architecture:
    """A network of the user's own as the catalog has it; its reference tells its content."""
    cost = exact_cost([getattr(own.counts, each) for each in COUNTS])
    return Architecture(name, OWN, own.input_shape, f"{OWN} {own.content}", None, cost, "")


def _network(design: Design, counts: Complexity | None = None) -> ZooNetwork:
    return ZooNetwork(
        architecture=design.identity,
        library=design.library,
        version=installed_version(design.library) or "unknown",
        family=design.family,
        input_shape=design.input_shape,
        counts=None if counts is None else tuple(getattr(counts, name) for name in COUNTS),
    )


def _network_with_fault(network: ZooNetwork, error: AdvisorError) -> ZooNetwork:
    told = "".join(letter if letter.isprintable() else " " for letter in error.message)
    return ZooNetwork(
        architecture=network.identity,
        library=network.library,
        version=network.version,
        family=network.family,
        input_shape=network.input_shape,
        counts=None,
        fault=told.lstrip(FORMULA_STARTS + " ")[:MOST_FAULT],
    )


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
