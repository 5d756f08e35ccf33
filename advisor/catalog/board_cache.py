"""Descriptions of boards in the user's cache, one file for a catalog; faulty ones are not kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from advisor._version import __version__
from advisor.catalog.entries import read_board
from advisor.catalog.kept_files import (
    is_settled,
    is_unchanged,
    make_room,
    place_of,
    read_kept,
    stamp_of,
    write_kept,
)
from advisor.catalog.records import BetweenRuns, Board, Estimate

FORMAT = 1
"""Goes up when the same description is to be kept otherwise."""

FEW = 20
"""So many descriptions are read sooner than all that are kept of a catalog."""

_OF_PLACE = ("name", "folder", "layer")
"""What a board has of where it lies, and its file does not say."""


@cache
def _folder() -> str:
    parts = [each.name for kind in (Board, Estimate, BetweenRuns) for each in fields(kind)]
    return f"boards-{sha256(repr((FORMAT, __version__, parts)).encode()).hexdigest()[:16]}"


def boards_of(folders: Sequence[Path], layer: str, sources: Collection[str] | None) -> list[Board]:
    """Boards as `read_board` reads each.

    Args:
        folders: those of boards of one catalog.
        layer: which catalog that is.
        sources: the known sources; `None` for any.

    Raises:
        BrokenFileError: with every fault of the first file that has any.
    """
    file = place_of(folders[0].parent, _folder()) if len(folders) > FEW else None
    if file is None:
        return [read_board(each, layer, sources) for each in folders]
    found = read_kept(file)
    kept: dict[str, Any] = dict(found.head) if found else {}
    boards, new = [], {}
    for folder in folders:
        stamp = stamp_of(folder / "board.yaml")
        before, description = kept.get(folder.name, ([], {}))
        board = None
        if is_unchanged(stamp, before):
            board = _as_kept(description, folder, layer, sources)
        if board is None:
            board = read_board(folder, layer, sources)
            if is_settled(stamp):
                new[folder.name] = [stamp, _description(board)]
        boards.append(board)
    if new and make_room(_folder()):
        there = {name: each for name, each in kept.items() if (folders[0].parent / name).exists()}
        write_kept(file, there | new)
    return boards


def _description(board: Board) -> dict[str, Any]:
    """What the file of a board says."""
    found = {
        each.name: getattr(board, each.name) for each in fields(board) if each.name not in _OF_PLACE
    }
    for name in ("idle_power_w", "between_runs"):
        part = found[name]
        found[name] = part and [getattr(part, each.name) for each in fields(part)]
    return found


def _as_kept(
    description: Mapping[str, Any], folder: Path, layer: str, sources: Collection[str] | None
) -> Board | None:
    """The board that is so described; `None` where its sources are not known any more."""
    idle, between = description["idle_power_w"], description["between_runs"]
    parts = {
        "idle_power_w": idle and Estimate(*idle),
        "between_runs": between and BetweenRuns(*between),
    }
    place = {"name": folder.name, "folder": folder, "layer": layer}
    board = Board(**{**description, **parts, **place})
    named = {board.source, *([board.idle_power_w.source] if board.idle_power_w else [])}
    return board if sources is None or named <= set(sources) else None
