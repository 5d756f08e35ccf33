"""Files of every kind with a few bytes, lines or words changed: read, or refused in a message."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import advisor
from advisor.catalog.store import Catalog
from advisor.catalog.writers import boards_of
from advisor.errors import AdvisorError
from advisor.measuring.journal import read_runs
from advisor.measuring.run_findings import Findings
from tests import test_import_mlperf, test_import_ncnn, test_import_rknn, test_import_trtexec
from tests.crashing_writers import writers

STRANGE = (
    b"",
    b"\0",
    b"\xff",
    b"nan",
    b"-1",
    b"1e999",
    b"null",
    b"[",
    b"{",
    b'"',
    b",",
    b"\n",
    b"9" * 30,
)


_WORDS = re.compile(rb"([,|= \t\n]+)")


def mutated(draw: random.Random, content: bytes) -> bytes:
    """The content with one thing changed."""
    at = draw.randrange(len(content) + 1)
    end = min(len(content), at + draw.choice((0, 1, 2, 8, 64)))
    kind = draw.randrange(4)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + draw.choice(STRANGE) + content[end:]
    lines = content.splitlines(keepends=True) or [b""]
    line = draw.randrange(len(lines))
    if kind == 2:
        lines.insert(draw.randrange(len(lines) + 1), lines[line])
        return b"".join(lines)
    words = _WORDS.split(lines[line])  # what stands between words is among them
    words[draw.randrange(len(words))] = draw.choice(STRANGE)
    lines[line] = b"".join(words)
    return b"".join(lines)


def _read_all(own: Path) -> None:
    opened = Catalog.open(own)
    for folder in boards_of(own):
        board = opened.board(folder.name)
        opened.measurements(board)
        if journals := read_runs(folder / "runs"):
            Findings(journals)


def _import(kind: str) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        own = path.parent / "imported"
        shutil.rmtree(own, ignore_errors=True)
        advisor.import_table(kind, path, board="lab", catalog=own)

    return read


def _published(kind: str, place: Path) -> Callable[[Path], None]:
    """Import boards of what lies in a place, one file of which is changed."""

    def read(_: Path) -> None:
        own = place.parent / "imported"
        shutil.rmtree(own, ignore_errors=True)
        advisor.import_boards(kind, place, catalog=own)

    return read


def _logs(folder: Path) -> list[tuple[Path, Callable[[Path], None]]]:
    """What other tools say of runs, and what reads it: logs, of a power meter, too, pages, tables."""
    submitted = test_import_mlperf.submitted(folder / "submitted")
    every = [
        (path, _published("mlperf", submitted)) for path in submitted.rglob("*") if path.is_file()
    ]
    run = folder / "trtexec.log"
    runs = ("--onnx=resnet-18.onnx", "--fp16"), ("--onnx=vgg.onnx", "--int8")
    run.write_text("".join(test_import_trtexec.log(*options) for options in runs))
    every.append((run, _import("trtexec")))
    for kind, text in (("ncnn", test_import_ncnn.TABLE), ("rknn", test_import_rknn.TABLE)):
        path = folder / kind / "README.md"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        every.append((path, _published(kind, path)))
    return sorted(every, key=lambda each: each[0])


def cases(draw: random.Random, folder: Path) -> Iterator[str]:
    """One changed file a case."""
    own, inputs = folder / "own", folder / "inputs"
    inputs.mkdir()
    made = writers(inputs)
    for what in ("a new board", "a measured board"):
        made[what][1](own)
    files = [each for each in sorted(own.rglob("*")) if each.is_file() and each.suffix]
    tables = [(each, _import("csv")) for each in sorted(inputs.glob("took*.csv"))]
    tables += _logs(inputs)
    while True:
        if draw.randrange(2):
            path = draw.choice(files)
            read: Callable[[Path], None] = lambda _: _read_all(own)  # noqa: E731
        else:
            path, read = draw.choice(tables)
        before = path.read_bytes()
        path.write_bytes(content := mutated(draw, before))
        try:
            read(path)
            yield ""
        except AdvisorError as error:
            yield "" if str(error) and len(str(error)) < 5000 else f"{path.name}: says nothing"
        except Exception as error:  # noqa: BLE001  (that is what is sought)
            kept = folder / f"found-{abs(hash(content))}{path.suffix}"
            kept.write_bytes(content)
            yield f"{path.name}: {type(error).__name__}: {error}; kept as {kept}"
        finally:
            path.write_bytes(before)
