"""The documents, and what their examples print: `python -m tests.documents` writes that anew.

A document is README.md or a page below `docs/`. Its examples run in order, in a folder that holds nothing but
`catalog/`, as in a checkout:

* a block with a file's name as its title, as ```` ```yaml title="budget.yaml" ````, is written to that file;
* the lines of a `console` block that begin with `$` are run, and what follows each is what it prints; a line
  `...` stands for any lines;
* a `console` block with a title is not run: the title says what it needs;
* a `pycon` block is a doctest.

The commands of `sh` blocks are parsed, and not run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_BLOCK = re.compile(
    r"^( *)```(\w+)(?: title=\"([^\"]*)\")?\n(.*?)^\1```$", re.DOTALL | re.MULTILINE
)
_EXAMPLE = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code of a document.

    Attributes:
        language: what stands behind its fence.
        title: the title behind that; may be empty.
        text: what it holds.
        start: where in the document that begins.
    """

    language: str
    title: str
    text: str
    start: int

    @property
    def runs(self) -> bool:
        """Whether it is an example that is run."""
        return self.language == "pycon" or (self.language == "console" and not self.title)


@dataclass(frozen=True)
class Example:
    """A command, and what it prints as the document says.

    Attributes:
        written: the command as it is written, of several lines, perhaps.
        output: what it prints.
    """

    written: str
    output: str

    @property
    def command(self) -> str:
        """The command as one line."""
        return _joined(self.written)

    def prints(self, text: str) -> bool:
        """Whether that is what the document shows."""
        pattern = re.sub(r"(?m)^\\.\\.\\.\\\n", r"(?:.*\\n)*?", re.escape(self.output))
        return re.fullmatch(pattern, text) is not None


def blocks(document: Path) -> Iterator[Block]:
    """The blocks of a document, in order."""
    for found in _BLOCK.finditer(document.read_text(encoding="utf-8")):
        indent, language, title, text = found.groups()
        yield Block(language, title or "", text.replace(f"\n{indent}", "\n"), found.start(4))


def _joined(text: str) -> str:
    return re.sub(r"\\\n *", "", text)


def examples(block: Block) -> Iterator[Example]:
    """The commands of a `console` block."""
    for found in _EXAMPLE.finditer(block.text):
        yield Example(*found.groups())


def commands(block: Block) -> Iterator[list[str]]:
    """The words behind each `advisor` of a `sh` block, or of a `console` block that is not run."""
    for line in _joined(block.text).splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words[:1] == ["advisor"]:
            yield words[1:]


def prepare(folder: Path) -> None:
    """What a document begins with: the catalog, where a checkout has it."""
    (folder / "catalog").symlink_to(ROOT / "catalog")


Advise = Callable[[list[str]], tuple[str, int]]
"""Runs `advisor` with such arguments; what it prints, and its exit code."""


@dataclass
class Shell:
    """As much of a shell as examples need: `advisor`, `export` and `echo $?`."""

    advise: Advise
    export: Callable[[str, str], None]
    status: int = 0

    def run(self, command: str) -> str:
        """What a command prints."""
        words = shlex.split(command, comments=True)
        if command == "echo $?":
            return f"{self.status}\n"
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.export(name, value)
            return ""
        if words[0] != "advisor":
            raise ValueError(f"no example can run this: {command}")
        printed, self.status = self.advise(words[1:])
        return printed


def renewed(document: Path) -> str:
    """A document with what its examples print now."""
    text, shell = document.read_text(encoding="utf-8"), Shell(_in_a_process, os.environ.__setitem__)
    changes = []
    for block in blocks(document):
        if block.language == "console" and block.runs:
            shown = list(examples(block))
            printed = [shell.run(each.command) for each in shown]
            new = "".join(
                f"$ {each.written}\n{each.output if each.prints(now) else now}"
                for each, now in zip(shown, printed, strict=True)
            )
            if not all(each.prints(now) for each, now in zip(shown, printed, strict=True)):
                changes.append((block, new))
        elif block.title and block.language != "console":
            Path(block.title).write_text(block.text, encoding="utf-8")
    for block, new in reversed(changes):
        text = text[: block.start] + new + text[block.start + len(block.text) :]
    return text


def _in_a_process(arguments: list[str]) -> tuple[str, int]:
    command = [sys.executable, "-m", "advisor", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.stdout or ran.stderr, ran.returncode


def main() -> None:
    """Renew the documents that are named, else all."""
    for document in [Path(each).resolve() for each in sys.argv[1:]] or DOCUMENTS:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("ADVISOR_BOARD", "ADVISOR_CATALOG", "COLUMNS"):
                os.environ.pop(name, None)
            os.environ |= {"XDG_DATA_HOME": f"{folder}/data", "XDG_CACHE_HOME": f"{folder}/cache"}
            os.environ["PYTHONPATH"] = str(ROOT)
            prepare(Path(folder))
            os.chdir(folder)
            text = renewed(document)
            os.chdir(ROOT)
        if text != document.read_text(encoding="utf-8"):
            document.write_text(text, encoding="utf-8")
            print(f"renewed {document.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
