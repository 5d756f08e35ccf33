"""What `import advisor` gives, how its modules hang together, and what an installation carries."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import grimp
import pytest

import advisor

ROOT = Path(__file__).resolve().parent.parent

DOUBLES: set[str] = set()
"""File names that may occur twice: none."""


def test_the_public_names() -> None:
    assert sorted(advisor.__all__) == [
        "AdvisorError",
        "Candidate",
        "Estimate",
        "Frontier",
        "Plan",
        "Recommendation",
        "__version__",
        "boards",
        "check",
        "check_catalog",
        "compare",
        "draw",
        "evaluate",
        "evaluate_on",
        "explore",
        "export",
        "figures",
        "findings",
        "fit",
        "fleet",
        "frontier",
        "import_boards",
        "import_table",
        "measure",
        "measure_on",
        "merge",
        "migrate",
        "pick",
        "plan",
        "plan_page",
        "predict",
        "schema",
        "show",
        "show_boards",
        "suggest",
        "survey",
        "verified_pick",
        "zoo",
    ]
    assert dir(advisor) == sorted(advisor.__all__)
    for name in advisor.__all__:
        assert getattr(advisor, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'pikc'"):
        advisor.pikc  # noqa: B018


@pytest.mark.parametrize("name", advisor.__all__)
def test_no_module_bears_a_public_name(name: str) -> None:
    """Importing it would put the module in the place of the function."""
    assert find_spec(f"advisor.{name}") is None


@pytest.mark.slow
def test_public_names_work_after_every_module_is_imported() -> None:
    script = """
import importlib, inspect, pkgutil
import advisor
for module in pkgutil.walk_packages(advisor.__path__, "advisor."):
    importlib.import_module(module.name)
public = {name: getattr(advisor, name) for name in advisor.__all__}
print(*(name for name, each in public.items() if inspect.ismodule(each)))
print(advisor.pick(fps=30, energy="0.5J").best.architecture)
print(advisor.frontier().pick.architecture)
print(len(advisor.plan("catalog/requirements/plan-robot.yaml").chosen))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert ran.stdout.splitlines() == ["", "resnet-18", "inception-v4", "3"]


def _circles() -> Iterator[list[str]]:
    """The sets of modules each of which imports all the others, over whatever ways.

    Imports inside functions and those for type-checking count like any other.
    """
    graph = grimp.build_graph("advisor", cache_dir=None)
    reached = {each: graph.find_upstream_modules(each) for each in graph.modules}
    left = set(graph.modules)
    while left:
        one = min(left)
        circle = {one} | {each for each in reached[one] if one in reached[each]}
        left -= circle
        if len(circle) > 1:
            yield sorted(circle)


def test_no_modules_import_each_other() -> None:
    found = set()
    for circle in _circles():
        package = circle[0].rpartition(".")[0]
        names = [each.removeprefix(package + ".") for each in circle]
        found.add(f"{package.removeprefix('advisor.')}: {' '.join(names)}")
    assert not found


def test_no_file_name_occurs_twice() -> None:
    named = Counter(
        path.stem
        for path in (ROOT / "advisor").rglob("*.py")
        if path.parent.name != "cli" and path.stem != "__init__"
    )
    assert {name for name, times in named.items() if times > 1} == DOUBLES


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("schema", {"document": 3}, "document: found 3; expected text"),
        ("schema", {"document": ["x"]}, "document: found ['x']; expected text"),
        ("show", {"architecture": 3}, "architecture: found 3; expected text"),
        (
            "show",
            {"architecture": "x", "catalog": 3},
            "catalog: found 3; expected text, a path or None",
        ),
        ("boards", {"catalog": ["x"]}, "catalog: found ['x']; expected text, a path or None"),
        ("check", {"catalog": 3}, "catalog: found 3; expected text, a path or None"),
        ("zoo", {"library": 3}, "library: found 3; expected text or None"),
        ("zoo", {"family": [3]}, "family: found [3]; expected text, a list or None"),
        ("zoo", {"max_params": []}, "max_params: found []; expected text, a number or None"),
        ("pick", {"requirements": 3}, "requirements: found 3; expected text, a path or None"),
        ("pick", {"where": 3}, "where: found 3; expected text or a list"),
        ("frontier", {"catalog": 3}, "catalog: found 3; expected text, a path or None"),
        ("frontier", {"x": 3}, "unknown axis '3'"),
        ("explore", {"output": 3}, "output: found 3; expected text or a path"),
        (
            "plan",
            {"request": 3},
            "request: found 3; expected text, a path, a mapping or a PlanRequest",
        ),
        ("predict", {"network": b"x"}, "network: found b'x'; expected text or None"),
        ("predict", {"every": "yes"}, "every: found 'yes'; expected True or False"),
        ("findings", {"board": 3}, "board: found 3; expected text or None"),
        ("figures", {"only": 3}, "only: found 3; expected text, a list or None"),
        ("figures", {"format": ["svg"]}, "format: found ['svg']; expected text"),
        ("compare", {"board": 3}, "board: found 3; expected text"),
        ("suggest", {"count": "5"}, "count: found '5'; expected a whole number"),
        ("suggest", {"count": True}, "count: found True; expected a whole number"),
        ("fit", {"board": None}, "board: found None; expected text"),
        (
            "measure",
            {"threads": 1.5},
            "threads: found 1.5; expected text, a whole number, a list or None",
        ),
        ("measure", {"on_progress": 3}, "on_progress: found 3; expected a function"),
        (
            "import_table",
            {"format": "csv", "files": 3},
            "files: found 3; expected text, a path or a list",
        ),
        ("verified_pick", {"question": 3, "most": 3}, "question: found 3; expected a mapping"),
        (
            "verified_pick",
            {"question": {}, "most": "3"},
            "most: found '3'; expected a whole number",
        ),
    ],
)
def test_an_argument_of_another_type_is_refused_by_its_name(
    name: str, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(advisor.AdvisorError) as caught:
        getattr(advisor, name)(**arguments)
    assert caught.value.message == message


PUBLIC = [each for each in advisor.__all__ if inspect.isfunction(getattr(advisor, each))]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_declared_parameter_refuses_what_is_of_no_type(name: str) -> None:
    """An object of a type of its own is nothing that is declared; it is refused before all else."""
    function = getattr(advisor, name)
    parameters = inspect.signature(inspect.unwrap(function)).parameters.values()
    for each in parameters:
        anything = each.kind is each.VAR_KEYWORD or each.annotation in ("object", "Children | None")
        if not anything:
            with pytest.raises(advisor.AdvisorError):
                function(**{each.name: object()})


def test_the_catalog_is_checked_from_python(tmp_path: Path) -> None:
    (tmp_path / "architectures.yaml").write_text("x: 1\n")
    checked = advisor.check_catalog(tmp_path)
    assert {each.path.name for each in checked.faults} == {"architectures.yaml"}
    assert checked.boards >= 2
