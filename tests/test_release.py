"""What is published: the wheel, what a package index shows of it, and what the release says of itself."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import advisor
from tests.documents import ROOT, blocks, examples

FIRST_PICK = ROOT / "docs/tutorials/first-pick.md"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is published, built."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run([*build, "--outdir", folder, ROOT], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_carries_the_catalog_and_answers_from_it(wheel: Path, tmp_path: Path) -> None:
    assert wheel.name.startswith(f"dnn_advisor-{advisor.__version__}-")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        packed.extractall(site)
    assert "advisor/_catalog/boards/jetson-tx1/measurements.csv" in names
    assert "advisor/py.typed" in names
    licences = sorted(each.name for each in (ROOT / "catalog/LICENSES").iterdir())
    assert "NOTICE.md" in licences
    assert {f"advisor/_catalog/LICENSES/{each}" for each in licences} <= set(names)
    assert wheel.stat().st_size < 4_000_000
    page = {f"advisor/report/explorer/{name}" for name in ("page.html", "page.css", "choose.js")}
    assert page <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "catalog/"))]
    script = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import advisor\n"
        "from advisor.catalog.files import shipped_folder\n"
        "print(advisor.__file__, shipped_folder().name, advisor.pick(fps=30).best.architecture)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    file, folder, best = ran.stdout.split()
    assert Path(file).is_relative_to(site)
    assert (folder, best) == ("_catalog", "resnet-18")


def test_a_package_index_shows_no_link_that_leads_nowhere(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (each for each in packed.namelist() if each.endswith(".dist-info/METADATA"))
        text = packed.read(name).decode()
    assert "## Ask" in text and "(https://arxiv.org" in text
    assert not re.search(r"\]\((?!https?:)", text)  # there are no files beside it


@pytest.mark.skipif(shutil.which("bash") is None, reason="the tutorial is written for a shell")
def test_installing_it_as_the_tutorial_says(wheel: Path, tmp_path: Path) -> None:
    """With the wheel for a package index; what it depends on is taken from where the tests run."""
    (block,) = (each for each in blocks(FIRST_PICK) if each.title == "Needs the package index")
    typed = [each.command for each in examples(block)]
    installed = typed.index("pip install dnn-advisor") + 1
    needed = os.pathsep.join(each for each in sys.path if each and Path(each) != ROOT)
    where = 'python -c "import advisor; print(advisor.__file__)"'
    lines = [
        *typed[:installed],
        f"export PYTHONPATH={shlex.quote(needed)}",
        *typed[installed:],
        where,
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PIP_")},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_FIND_LINKS": str(wheel.parent),
    }
    ran = subprocess.run(
        ["bash", "-euc", "\n".join(lines)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    *_, version, file = ran.stdout.splitlines()
    assert version == f"advisor {advisor.__version__}"
    assert Path(file).is_relative_to(tmp_path / ".venv")


def test_release_files_name_the_version() -> None:
    version = advisor.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    first = re.search(
        r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert first and first[1] == version
