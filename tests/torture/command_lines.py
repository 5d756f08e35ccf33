"""Command lines that nobody would type: each ends with 0, 1 or 2, and no traceback."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from advisor.cli import main
from advisor.cli.app import COMMANDS
from tests.torture.commands import FINE

LEFT_OUT = ("measure", "figures", "zoo")
"""Commands that measure, draw or count for long."""
SELDOM = ("explore", "fit", "findings", "suggest", "compare", "boards")
"""Commands that may take many seconds each."""
WORDS = (
    *("--fps", "--energy", "--latency", "--board", "--batch", "--where", "--weights", "--include"),
    *("--catalog", "--confidence", "--top", "--json", "--csv", "--by", "--maximise", "--minimise"),
    *("--constraints", "--accuracy", "--power", "--memory", "--like", "--all", "--ops", "--params"),
    *("jetson-tx1", "xeon-2-cores-vm", "any", "all", "resnet-18", "tv:resnet50@224", "nobody"),
    *("30", "0", "-1", "1e400", "nan", "inf", "0.5J", "5 W", "33ms@p99", "1e-320", "9" * 400, "½"),
    *("", " ", "=", "a=b", "a:b", "../..", "/", "~", "*", "-", "--", "\x1b[31m", "\u202e", "日本"),
    *("fps > 30", "fps >= ", "1 < fps < 2", "accuracy", "fps", "x.onnx", "x.pt2", "x.yaml", "."),
    *("csv", "timm", "mlperf", "check", "migrate", "path", "board", "1,2,4", ",", ",,", "1-3"),
    os.fsdecode(b"\xff"),
)


def cases(draw: random.Random, folder: Path) -> Iterator[str]:
    """One command line a case, in this process."""
    commands = [each for each in COMMANDS if each not in LEFT_OUT]
    weights = [0.05 if each in SELDOM else 1.0 for each in commands]
    places = {"XDG_DATA_HOME": str(folder / "data"), "XDG_CACHE_HOME": str(folder / "cache")}
    home = Path.cwd()
    while True:
        arguments = [*draw.choices(commands, weights), *draw.choices(WORDS, k=draw.randrange(6))]
        out, err = StringIO(), StringIO()
        os.chdir(folder)
        code = 0
        try:
            with (
                patch.dict(os.environ, places),
                patch.object(sys, "argv", ["advisor", *arguments]),
                redirect_stdout(out),
                redirect_stderr(err),
            ):
                main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        except BaseException as error:  # noqa: BLE001  (nothing else may come out)
            yield f"{arguments}: {type(error).__name__}: {error}"
            continue
        finally:
            os.chdir(home)
        yield "" if code in FINE else f"{arguments}: exit {code}: {err.getvalue()[-300:]}"
