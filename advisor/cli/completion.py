"""Names of boards and networks, as a shell completes them; what cannot be read is not completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from advisor.errors import AdvisorError

Complete = Callable[[str], list[str]]


def boards(incomplete: str) -> list[str]:
    """The boards and devices that may be meant; of several, with commas, the last is completed."""
    return _completed(incomplete, _boards)


def networks(incomplete: str) -> list[str]:
    """The catalog's networks, likewise."""
    return _completed(incomplete, _networks)


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


def _networks() -> Iterator[str]:
    from advisor.catalog.store import Catalog

    yield from Catalog.open().architectures
