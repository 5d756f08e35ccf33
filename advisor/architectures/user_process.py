"""Running the user's code in a process of its own, so that nothing that it does besides harms the answer.

Such code may print, end the process, start threads that never end, or crash; all that is told, and no more.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from advisor.architectures.complexity import Complexity
from advisor.architectures.installed import is_installed
from advisor.errors import AdvisorError

_BEGIN = """
import sys
sys.path[:] = {path!r}
from advisor.architectures.user_process import serve
serve({name!r}, {shape!r}, {answer!r})
"""


def read_code(name: str, input_shape: Sequence[int]) -> tuple[Complexity, str]:
    """Count the network that `module:factory` makes; see `user_module.identified`.

    What the code prints goes to standard error, once it has ended.

    Raises:
        AdvisorError: as `user_module.identified`; or the code ends its process.
        ModuleNotFoundError: torch is not installed.
    """
    if not is_installed("torch"):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")
    with TemporaryDirectory() as folder:
        answer, printed = Path(folder) / "answer.json", Path(folder) / "printed"
        told = {"path": sys.path, "name": name, "shape": list(input_shape), "answer": str(answer)}
        code = _run(_BEGIN.format(**told), printed)
        sys.stderr.write(printed.read_text(errors="replace"))
        if not answer.exists():
            raise AdvisorError(f"{name} ends its process {_how(code)}")
        found = json.loads(answer.read_text())
    if "fault" in found:
        raise AdvisorError(*found["fault"])
    return Complexity(**found["counts"]), found["content"]


def _run(program: str, printed: Path) -> int:
    """Run a program, and end all that it has started.

    Returns:
        Its exit code, or less than 0 for a signal.
    """
    with printed.open("wb") as stream:  # a pipe would stay open as long as what the code starts
        process = subprocess.Popen(  # noqa: S603  (this very interpreter, and code that the user names)
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        return process.wait()
    finally:
        if sys.platform != "win32":
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def serve(name: str, input_shape: Sequence[int], answer: str) -> None:
    """The process's whole life.

    Args:
        name: `module:factory`.
        input_shape: channels, height, width.
        answer: the file that takes what was found.
    """
    from advisor.architectures.user_module import identified

    found: dict[str, object]
    try:
        counts, content = identified(name, input_shape)
        found = {"counts": asdict(counts), "content": content}
    except AdvisorError as error:
        found = {"fault": [error.message, error.hint]}
    written = Path(answer).with_suffix(".part")
    written.write_text(json.dumps(found))
    written.rename(answer)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the code's own threads and handlers need not be waited for
