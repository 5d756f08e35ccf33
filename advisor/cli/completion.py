"""Names of boards and networks, as a shell completes them; what cannot be read is not completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from advisor.errors import AdvisorError

Complete = Callable[[str], list[str]]


def boards(incomplete: str) -> list[str]:
    """The boards and devices that may be meant; of several, with commas, the last is completed."""
    return _completed(incomplete, _boards)


def networks(incomplete: str) -> list[str]:
    """The networks that may be meant, likewise; before anything is typed those that the catalog describes."""
    return _completed(incomplete, partial(_networks, incomplete.rpartition(",")[2]))


def boards_and_networks(incomplete: str) -> list[str]:
    """Either, likewise."""
    return [*boards(incomplete), *networks(incomplete)]


PARTS: dict[str, Complete] = {
    "board": boards,
    "architectures": networks,
    "exclude": networks,
    "explain": networks,
}
"""What completes which part of a question."""


def _completed(incomplete: str, known: Callable[[], Iterable[str]]) -> list[str]:
    before, comma, last = incomplete.rpartition(",")
    try:
        return sorted({f"{before}{comma}{name}" for name in known() if name.startswith(last)})
    except AdvisorError:
        return []


def _boards() -> Iterator[str]:
    from advisor.architectures.names import device_of
    from advisor.catalog.store import Catalog

    for name in Catalog.open().board_layers:
        yield name
        yield device_of(name)


def _networks(begun: str) -> Iterator[str]:
    from advisor.architectures.names import split_prefix
    from advisor.catalog.store import Catalog

    catalog = Catalog.open()
    yield from catalog.described
    for name in catalog.zoo.networks if begun else ():
        yield name
        bare = split_prefix(name)[1]
        if bare.startswith(begun) and catalog.identities.find(bare) is not None:
            yield bare
