"""What takes long: logged with the time that it took, and said to who listens while it is under way.

The log is Python's own, by the name `advisor`; who wants to read it asks for its level `INFO`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from time import perf_counter
from typing import TypeVar

from advisor.errors import printable

LOG = logging.getLogger("advisor")
"""What is read from where, what is fitted or was there, and how long each stage took."""

SAID_EVERY = 10_000
"""After so many of very many rows is said how far it is."""

Item = TypeVar("Item")
Listen = Callable[[str], None]

_under_way: list[str] = []
_listeners: list[Listen] = []


@contextmanager
def listening(listen: Listen) -> Iterator[None]:
    """Let a function hear of what is under way, "" where nothing is.

    Args:
        listen: hears of each change, in whichever thread that happens.
    """
    _listeners.append(listen)
    try:
        yield
    finally:
        _listeners.remove(listen)


@contextmanager
def stage(what: str) -> Iterator[None]:
    """Something that may take long.

    Args:
        what: what is done, in words as "fitting jetson-tx1".
    """
    begin = perf_counter()
    with _said(what):
        yield
    LOG.info("%s: %.2f s", printable(what), perf_counter() - begin)


def counted_off(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Items one after another, each of which may take long: "reading boards, 3 of 204".

    Args:
        items: the items.
        what: what is done with all of them.
    """
    begin = perf_counter()
    for place, item in enumerate(items, start=1):
        with _said(f"{what}, {place} of {len(items)}"):
            yield item
    LOG.info("%s: %d in %.2f s", printable(what), len(items), perf_counter() - begin)


def counted_rows(rows: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Very many items one after another, counted off now and then: "reading rows, 20,000 of 1,000,000".

    Args:
        rows: the items.
        total: how many there are, about.
        what: what is done with all of them.
    """
    begin = perf_counter()
    left, done = iter(rows), 0
    while some := list(islice(left, SAID_EVERY)):
        with _said(f"{what}, {done:,} of {total:,}"):
            yield from some
        done += len(some)
    LOG.info("%s: %d in %.2f s", printable(what), done, perf_counter() - begin)


@contextmanager
def _said(what: str) -> Iterator[None]:
    what = printable(what)
    _under_way.append(what)
    _say(what)
    try:
        yield
    finally:
        _under_way.remove(what)
        _say("".join(_under_way[-1:]))  # at once: another thread may end what it does meanwhile


def _say(what: str) -> None:
    for listen in _listeners:
        listen(what)
