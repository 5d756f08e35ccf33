"""What `import advisor` gives, and what an installation carries."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import advisor
from advisor.cli.schema import DOCUMENTS

ROOT = Path(__file__).resolve().parent.parent


def test_the_public_names() -> None:
    assert sorted(advisor.__all__) == [
        "AdvisorError",
        "Candidate",
        "Estimate",
        "Frontier",
        "Plan",
        "Recommendation",
        "__version__",
        "frontier",
        "pick",
        "plan",
    ]
    assert dir(advisor) == sorted(advisor.__all__)
    for name in advisor.__all__:
        assert getattr(advisor, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'pikc'"):
        advisor.pikc  # noqa: B018


def test_a_wheel_carries_the_catalog_and_answers_from_it(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run([*build, "--outdir", tmp_path, ROOT], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"dnn_advisor-{advisor.__version__}-")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        packed.extractall(site)
    assert "advisor/_catalog/boards/jetson-tx1/measurements.csv" in names
    assert "advisor/py.typed" in names
    schemas = {f"advisor/report/{name}.schema.json" for name in DOCUMENTS}
    page = {f"advisor/report/explorer/{name}" for name in ("page.html", "page.css", "choose.js")}
    assert schemas | page <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "catalog/"))]
    script = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import advisor\n"
        "from advisor.catalog.layers import shipped_folder\n"
        "print(advisor.__file__, shipped_folder().name, advisor.pick(fps=30).best.architecture)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    file, folder, best = ran.stdout.split()
    assert Path(file).is_relative_to(site)
    assert (folder, best) == ("_catalog", "resnet-18")
