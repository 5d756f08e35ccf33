"""Command lines in processes of their own, and what is wrong with how they ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT_S = 300
FINE = (0, 1, 2)
"""Exit codes that are no fault of the program."""


def environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """No settings of the user, and a cache and data of these commands alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ADVISOR_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        **(more or {}),
    }


def begun(
    arguments: Sequence[str], folder: Path, more: Mapping[str, str] | None = None, before: str = ""
) -> subprocess.Popen[bytes]:
    """`advisor ...`, begun in a folder; `before` is shell that is run first, in the same process."""
    command = [sys.executable, "-m", "advisor", *arguments]
    if before:
        command = ["sh", "-c", f'{before}; exec "$@"', "sh", *command]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder, more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def fault_of(process: subprocess.Popen[bytes], what: object) -> str:
    """What is wrong with how a command ended; "" where nothing is."""
    try:
        _, said = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"{what}: not done within {LIMIT_S} s"
    text = said.decode("utf-8", "replace")
    if process.returncode not in FINE or "Traceback" in text:
        return f"{what}: exit {process.returncode}: {text.strip()[-400:]}"
    return ""


def fault(
    arguments: Sequence[str],
    folder: Path,
    more: Mapping[str, str] | None = None,
    before: str = "",
) -> str:
    """Run a command to its end; what is wrong with how it ended."""
    return fault_of(begun(arguments, folder, more, before), (before, more, list(arguments)))
