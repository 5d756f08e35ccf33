"""The user's own code: it ends with advisor, however that ends, and has a time limit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.architectures import own_network
from advisor.architectures.own_process import run_program
from tests.conftest import Run
from tests.measuring_children import LONG_S, all_end
from tests.torture.commands import LIMIT_S, begun
from tests.torture.surroundings import processes

ROOT = Path(__file__).parent.parent
HANGING = """
from advisor.architectures.own_process import end_with_parent
end_with_parent()
import os, subprocess, sys, time
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open({pids!r}, "w") as stream:
    stream.write(f"{{os.getpid()}} {{helper.pid}}\\n")
{then}
"""
BUSY = "while True: sum(range(1000))"
ASLEEP = "time.sleep(600)"
PARENT = """
import sys
from pathlib import Path
from advisor.architectures.own_process import run_program
run_program(sys.argv[1], Path(sys.argv[2]), 600)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no process groups")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("then", [BUSY, ASLEEP])
def test_the_code_and_what_it_started_end_when_advisor_is_killed(
    then: str, how: signal.Signals, tmp_path: Path
) -> None:
    pids, script = tmp_path / "pids", tmp_path / "parent.py"
    script.write_text(PARENT)
    program = HANGING.format(pids=str(pids), then=then)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, script, program, tmp_path / "printed"], env=environment
    )
    deadline = time.monotonic() + LONG_S
    while not (pids.exists() and "\n" in pids.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    parent.send_signal(how)
    parent.wait()
    assert all_end(pids)


def test_what_is_not_done_in_time_is_ended(tmp_path: Path) -> None:
    pids, limit_s = tmp_path / "pids", 2.0
    program = HANGING.format(pids=str(pids), then=ASLEEP)
    while not (pids.exists() and "\n" in pids.read_text()):
        assert run_program(program, tmp_path / "printed", limit_s) is None
        limit_s *= 2  # on a busy machine it did not get so far
    assert all_end(pids)


def test_the_limit_is_said(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own_network, "LIMIT_S", 0.5)
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(600)\n")
    ran = run("predict", "endless:make")
    assert (ran.code, ran.out) == (2, "")
    assert "endless:make is not done within 0 s" in ran.err.replace("0.5", "0")


def test_the_code_reads_nothing(tmp_path: Path) -> None:
    program = """
from advisor.architectures.own_process import end_with_parent
end_with_parent()
import sys
print(repr(sys.stdin.read()))
"""
    assert run_program(program, tmp_path / "printed", LONG_S) == 0
    assert (tmp_path / "printed").read_text() == "''\n"


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="root's processes have no limit")
@pytest.mark.parametrize("most", [1, 2])
def test_where_there_may_be_no_more_processes_it_is_not_run(tmp_path: Path, most: int) -> None:
    ran = tmp_path / "it-ran"
    (tmp_path / "nets.py").write_text(f"open({str(ran)!r}, 'w')\n")
    asked = ("predict", "nets:factory", "--input", "3x224x224")
    process = begun(asked, tmp_path, {}, processes(most))
    out, said = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (2, b"")
    assert b"no process can be begun" in said or b"it is not run, since nothing could end" in said
    assert not ran.exists()
