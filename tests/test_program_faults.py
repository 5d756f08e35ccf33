"""What is no answer: a fault of the program, and a system that lacks a home, a cache, a temporary folder."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
import tempfile
from email.message import Message
from pathlib import Path

import pytest

from advisor.cli.program_fault import where_to_report
from advisor.errors import AdvisorError
from advisor.folders import check_temporary, ready_cache, temporary_folder
from advisor.measuring.host import check_can_measure
from advisor.solve.recommend import pick as pick_module
from tests.conftest import Run


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Have `advisor pick` meet an error that nothing expects."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pick_module, "read_question", fail)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("x"), "KeyError: 'x'"),
        (RuntimeError("first\nsecond"), "RuntimeError: first"),
        (RuntimeError("\x1b[31mred"), "RuntimeError:  [31mred"),
        (EOFError(), "EOFError"),
        (BrokenPipeError(32, "Broken pipe"), "BrokenPipeError"),
        (OSError(9, "Bad file descriptor"), "Bad file descriptor"),
        (ModuleNotFoundError("gone", name="advisor.gone"), "ModuleNotFoundError: gone"),
    ],
)
def test_a_fault_of_the_program_is_exit_70(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    failing(monkeypatch, error)
    ran = run("pick", "--fps", "30")
    assert (ran.code, ran.out) == (70, "")
    assert (
        said in ran.err
        and "Traceback" not in ran.err
        and "please report it to whoever gave you" in ran.err
    )
    assert re.search(r"fault of advisor itself: .* \(solve/recommend/pick.py, line \d+\)", ran.err)
    (file,) = (Path(os.environ["XDG_CACHE_HOME"]) / "dnn-advisor/faults").iterdir()
    assert str(file) in ran.err
    text = file.read_text()
    assert "Traceback (most recent call last)" in text and type(error).__name__ in text
    assert "command: ['advisor', 'pick', '--fps', '30']" in text


@pytest.mark.parametrize(
    ("addresses", "where"),
    [
        ([], "to whoever gave you advisor"),
        (["Homepage, https://a.example"], "at https://a.example"),
        (["Homepage, https://a.example", "Bug Tracker, https://b.example"], "at https://b.example"),
    ],
)
def test_a_fault_is_reported_where_the_package_says(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], where: str
) -> None:
    known = Message()
    for each in addresses:
        known["Project-URL"] = each
    monkeypatch.setattr("importlib.metadata.metadata", lambda _: known)
    assert where_to_report() == where


def test_ctrl_c_ends_a_command_silently_while_it_loads() -> None:
    code = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from advisor.cli import main\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def no_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", none)


def test_a_traceback_that_no_file_takes_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    failing(monkeypatch, KeyError("x"))
    ran = run("pick")
    assert ran.code == 70
    kept = Path(re.search(r"with the file (\S+), which", ran.err).group(1))  # type: ignore[union-attr]
    assert kept.is_relative_to(tempfile.gettempdir()) and "KeyError" in kept.read_text()
    kept.unlink()
    kept.parent.rmdir()
    no_temporary_folder(monkeypatch)
    ran = run("pick")
    assert ran.code == 70 and "Traceback (most recent call last)" in ran.err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "/some/file"), "/some/file: permission denied"),
        (OSError(28, "No space left on device"), "the system refuses: no space left on device"),
        (ModuleNotFoundError("gone", name="numpy.core"), "numpy is needed and not installed"),
        (MemoryError(), "the memory of this machine does not suffice"),
    ],
)
def test_what_the_system_refuses_is_named_for_what_it_is(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    failing(monkeypatch, error)
    ran = run("pick")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err and "the answer cannot be written" not in ran.err


# --- a user without a home, a cache, a temporary folder


@pytest.fixture
def _homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom the system does not know, and whose environment says nothing."""

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "USER", "LOGNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("_homeless")
def test_a_user_without_a_home_is_answered(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("pick", "--fps", "30", "--energy", "0.5J")
    assert (ran.code, ran.err) == (0, "") and ran.out.startswith("resnet-18 at batch 1")
    table = tmp_path / "table.csv"
    table.write_text("architecture,batch,latency_ms\nresnet-18,1,20\n")
    ran = run("import", "csv", table, "--board", "mine")
    assert ran.code == 2 and "HOME is not set" in ran.err and "--catalog DIR" in ran.err
    ran = run("import", "csv", table, "--board", "mine", "--catalog", "~/own")
    assert ran.code == 2 and "there is no home for '~/own'" in ran.err
    assert run("import", "csv", table, "--board", "mine", "--catalog", tmp_path / "own").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "table.csv"]
    with pytest.raises(Exception, match=r"no folder for the cache is known: HOME .*XDG_CACHE_HOME"):
        ready_cache("exports")


def test_a_cache_that_cannot_be_made_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(
        Exception, match=r"file/dnn-advisor/exports cannot be made: .*XDG_CACHE_HOME"
    ):
        ready_cache("exports")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(Exception, match=r"dnn-advisor/exports cannot be written .*XDG_CACHE_HOME"):
        ready_cache("exports")


def test_without_a_temporary_folder(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_temporary_folder(monkeypatch)
    for use in (check_temporary, lambda: temporary_folder().__enter__()):
        with pytest.raises(Exception, match=r"no usable temporary .*TMPDIR"):
            use()
    # What only reads, or writes beside its file, needs none.
    assert run("pick").code == 0
    table = tmp_path / "table.csv"
    table.write_text("architecture,batch,latency_ms\nresnet-18,1,20\n")
    ran = run("import", "csv", table, "--board", "mine", "--catalog", tmp_path / "own")
    assert (ran.code, ran.err) == (0, "")
    # A library that asks for one itself.
    error = FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")
    failing(monkeypatch, error)
    ran = run("pick")
    assert ran.code == 2 and "set TMPDIR" in ran.err and "cannot be written" not in ran.err


# --- other systems


@pytest.mark.parametrize(("system", "name"), [("win32", "Windows"), ("darwin", "macOS")])
def test_measuring_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, system: str, name: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(AdvisorError, match=f"measuring needs Linux, and this is {name}"):
        check_can_measure()


def test_whoever_does_not_measure_needs_no_unix(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("architecture,batch,latency_ms\nresnet-18,1,20\n")
    script = (
        "import sys\n"
        "for name in ('fcntl', 'grp', 'pwd', 'resource', 'termios', 'tty'):\n"
        "    sys.modules[name] = None\n"
        "sys.argv[0] = 'advisor'\n"
        "from advisor.cli import main\n"
        "main()\n"
    )
    own = ("--catalog", str(tmp_path / "own"), "--board", "mine")
    for words in (
        ("import", "csv", str(table), *own),
        ("pick", *own),
        ("explore", *own, "-o", str(tmp_path / "page.html")),
    ):
        ran = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True)  # noqa: PLW1510
        assert (ran.returncode, ran.stderr) == (0, ""), words


# --- files where the user names them


def test_a_page_is_not_put_into_a_folder_that_is_not_there(run: Run, tmp_path: Path) -> None:
    ran = run("explore", "-o", tmp_path / "no/such/page.html")
    assert ran.code == 2 and f"there is no folder {tmp_path / 'no/such'}" in ran.err
    ran = run("figures", "--only", "1", "-o", tmp_path / "no/such")
    assert ran.code == 2 and f"there is no folder {tmp_path / 'no'}" in ran.err
    assert list(tmp_path.iterdir()) == []
