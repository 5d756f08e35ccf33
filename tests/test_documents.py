"""The documents show what really happens, link to what is there, and are built without a network."""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Literal

import click
import pytest
import typer

from advisor.catalog.measurements_table import FURTHER_MEASUREMENT_COLUMNS, MEASUREMENT_COLUMNS
from advisor.cli.app import app
from tests.browser import PATIENCE_MS, barriers, chromium
from tests.conftest import Run
from tests.documents import DOCUMENTS, ROOT, Shell, blocks, commands, examples, prepare

NOT_RUN = {
    ("README.md", "On your board"),
    ("docs/tutorials/first-pick.md", "Needs the package index"),
    ("docs/tutorials/notebooks.md", "From a checkout"),
    ("docs/tutorials/your-own-board.md", "On your board"),
    ("docs/tutorials/your-own-board.md", "On your board, another day"),
}
"""The examples that are not run here, by what they need; what needs the package index is run on a release."""

MAIN_PAGES = (
    "index",
    "tutorials/first-pick",
    "how-to/share-a-page",
    "reference/files",
    "reference/boards",
)

PAGES = pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))


@PAGES
def test_examples_print_what_the_document_shows(
    page: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)

    def advise(arguments: list[str]) -> tuple[str, int]:
        ran = run(*arguments)
        return ran.out or ran.err, ran.code

    shell = Shell(advise, monkeypatch.setenv)
    for block in blocks(page):
        if block.language == "pycon":
            failed = doctest.DocTestRunner(verbose=False).run(
                doctest.DocTestParser().get_doctest(block.text, {}, page.name, str(page), 0)
            )
            assert not failed.failed
        elif block.language == "console" and block.runs:
            for example in examples(block):
                printed = shell.run(example.command)
                assert example.prints(printed), f"{example.command}\n{printed}"
        elif block.title and block.language != "console":
            Path(block.title).write_text(block.text, encoding="utf-8")


@PAGES
def test_commands_that_are_not_run_are_understood(page: Path) -> None:
    for block in blocks(page):
        if block.language == "sh" or (block.language == "console" and block.title):
            for words in commands(block):
                _parse(words)


def _parse(words: list[str]) -> None:
    """Have Typer take a command apart, which it refuses where there is no such command or option."""
    command, rest = typer.main.get_command(app), words
    while isinstance(command, click.Group) and not rest[0].startswith("-"):
        name, *rest = rest
        command = command.commands[name]
    if rest != ["--version"]:
        command.make_context(words[0], rest)


def test_what_is_not_run_is_listed() -> None:
    assert {
        (page.relative_to(ROOT).as_posix(), block.title)
        for page in DOCUMENTS
        for block in blocks(page)
        if block.language == "console" and block.title
    } == NOT_RUN


def test_the_readme_is_a_door() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    to = ["--site-dir", str(folder)]
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", *to]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        build, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_the_site_is_built_searchable_and_asks_nothing_of_the_network(site: Path) -> None:
    pages = [page.relative_to(ROOT / "docs") for page in DOCUMENTS if page.parent != ROOT]
    assert not [page for page in pages if not (site / page).with_suffix(".html").exists()]
    index = (site / "search/search_index.js").read_text(encoding="utf-8")
    assert "how-to/few-measurements.html" in index
    entries = json.loads(index[index.index("{") :])["docs"]
    boosted = {each["location"].split("#")[0]: each.get("boost", 1) for each in entries}
    assert boosted["reference/python.html"] < boosted["how-to/verify.html"]  # guides come first
    fetched = re.compile(
        r"<(?:script|img|iframe|source)[^>]+src=\"?(?:\w+:)?//|<link[^>]+href=\"?(?:\w+:)?//"
    )
    for page in site.rglob("*.html"):
        assert not fetched.search(page.read_text(encoding="utf-8")), page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_from_using_the_site(
    site: Path, scheme: Literal["light", "dark"]
) -> None:
    with chromium() as browser:
        context = browser.new_context(offline=True, color_scheme=scheme)
        for name in MAIN_PAGES:
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.goto((site / name).with_suffix(".html").as_uri())
            assert barriers(page) == []
            page.close()


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_files_of_a_catalog_are_described() -> None:
    described = (ROOT / "docs/reference/files.md").read_text(encoding="utf-8")
    columns = (*MEASUREMENT_COLUMNS, *FURTHER_MEASUREMENT_COLUMNS)
    assert not [each for each in columns if f"`{each}`" not in described]


def test_every_notebook_is_listed() -> None:
    listed = (ROOT / "docs/tutorials/notebooks.md").read_text(encoding="utf-8")
    assert not [
        path.name for path in (ROOT / "notebooks").glob("*.ipynb") if path.name not in listed
    ]
