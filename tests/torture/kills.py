"""A run of measuring that is killed again and again, while the clock jumps: nothing finished is lost."""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.measuring_fakes import FakeChildren, measure

START = datetime(2026, 11, 30, tzinfo=timezone.utc)


def _run(folder: str, hours: float) -> None:
    now = START + timedelta(hours=hours)
    measure(Path(folder), FakeChildren(pause_s=0.01), now=lambda: now)


def cases(draw: random.Random, folder: Path) -> Iterator[str]:
    """One kill a case; a run that has come to its end is held against one that nobody killed."""
    context = multiprocessing.get_context("fork")
    whole = measure(folder / "whole" / "boards" / "mine", FakeChildren()).rows
    number = 0
    while True:
        number += 1
        board = folder / str(number) / "boards" / "mine"
        kept = 0
        while True:
            process = context.Process(target=_run, args=(str(board), draw.uniform(-1000, 1000)))
            process.start()
            time.sleep(draw.uniform(0.05, 0.6))
            process.kill()
            process.join()
            lines = _records(board)
            if lines < kept:
                yield f"run {number}: {kept - lines} records lost"
            kept = lines
            yield ""
            if _ended(board):
                break
            if draw.random() < 0.2:
                rows = measure(board, FakeChildren()).rows
                yield "" if rows == whole else f"run {number}: other rows than one that was whole"
                break


def _records(board: Path) -> int:
    return sum(each.read_bytes().count(b"\n") for each in board.glob("runs/*/sessions.jsonl"))


def _ended(board: Path) -> bool:
    for path in board.glob("runs/*/sessions.jsonl"):
        for line in path.read_text().splitlines():
            if line.startswith('{"end"') and json.loads(line).get("end"):
                return True
    return False
