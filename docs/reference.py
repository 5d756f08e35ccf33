"""What MkDocs does beside building pages: the pages of the reference, made from the code and the catalog.

Each function of `PAGES` writes the Markdown of one page. Pages of a folder that `mkdocs.yml` does not list
stand behind those that it does, so that a page needs no entry there.
"""

from __future__ import annotations

import inspect
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import advisor
from advisor.catalog.store import Catalog
from advisor.cli.app import app
from advisor.cli.options import said_beside
from advisor.documents import DOCUMENTS
from advisor.formulas import Expression
from advisor.metrics import EVERY, INPUTS, METRICS, PARTS, expression, parameters_of
from advisor.options import OPTIONS, WHERE

ROOT = Path(__file__).resolve().parent.parent
MADE = """\
---
search:
  boost: 0.3
---
<!-- Made by docs/reference.py. -->
"""
"""What every page begins with; the search lists guides before it."""
Row = Iterable[object]


def on_config(config: MkDocsConfig) -> None:
    """Add the pages that the navigation does not list to their sections."""
    for section in config.nav or []:
        for pages in section.values():
            if isinstance(pages, list):
                folder = Path(pages[0]).parent
                there = (Path(config.docs_dir) / folder).glob("*.md")
                pages.extend(sorted({f"{folder}/{each.name}" for each in there} - {*pages}))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Make the pages of the reference, and the files of the schemas."""
    for name, text_of in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=MADE + text_of()))
    for name in DOCUMENTS:
        text = advisor.schema(name)
        files.append(File.generated(config, f"reference/schemas/{name}.json", content=text))
    return files


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Give the theme's search a name, which screen readers read out."""
    del page, config
    search = 'data-md-component="search" role="dialog"'
    return output.replace(search, f'{search} aria-label="Search"')


def table(heads: Row, rows: Iterable[Row]) -> str:
    """A table in Markdown."""
    heads = [*heads]
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in lines) + "\n"


def _cell(text: object) -> str:
    written = " ".join(str(text).split())
    return written if written.startswith("`") else written.replace("|", "\\|").replace("<", "&lt;")


def _code(text: object) -> str:
    return f"`{text}`" if text else ""


# The command line


def command_line() -> str:
    """Every command, its arguments, and the options that it alone has."""
    return "\n".join(_command_line())


def _command_line() -> Iterator[str]:
    yield "# Command line\n"
    yield f"{app.info.epilog}\n"
    yield (
        "`pick`, `frontier`, `explore` and `suggest` take [every part of a question](options.md), too; every "
        "command has `--help`. `advisor --install-completion` completes in your shell.\n"
    )
    yield "Every command takes these, before its name or after; Python has it in the log `advisor`.\n"
    yield table(("option", "takes", "does"), map(_parameter, said_beside()))
    for name, command in typer.main.get_command(app).commands.items():
        yield from _command(f"advisor {name}", command)


def _command(name: str, command: Any) -> Iterator[str]:
    shared = {*OPTIONS, "where"} | {each.replace("-", "_") for each in _limit_options()}
    yield f"## {name}\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    for subcommand in getattr(command, "commands", {}).values():
        yield from (
            line.replace("## ", "### ", 1)
            for line in _command(f"{name} {subcommand.name}", subcommand)
        )
    asks = "confidence" in {each.name for each in command.params}
    shared = {*(shared if asks else ()), *(each.name for each in said_beside())}
    own = [each for each in command.params if not (each.hidden or each.name in shared)]
    if own and not hasattr(command, "commands"):
        yield table(("argument or option", "takes", "does"), map(_parameter, own))


def _limit_options() -> set[str]:
    return {metric.name for metric in METRICS.values() if metric.option}


def _parameter(one: Any) -> Row:
    is_option = one.param_type_name == "option"
    names = (
        ", ".join([*one.opts, *one.secondary_opts]) if is_option else one.make_metavar(_context())
    )
    flag = is_option and one.is_flag
    takes = "" if flag or not is_option else one.metavar or one.type.name
    unsaid = one.default is None or flag or callable(one.default) or one.default == ()
    return _code(names), _code(takes), _does(one.help, "" if unsaid else _code(one.default))


def _does(text: str | None, default: str) -> str:
    return f"{text or ''} Default: {default}." if default else text or ""


def _context() -> Any:
    import click

    return click.Context(click.Command("advisor"))


# The parts of a question


def options() -> str:
    """Every part of a question: limits, and all else."""
    limits = [
        (
            _code(f"--{each.name}"),
            _code(each.option_metavar),
            _code(f"require: {each.name}"),
            each.option,
        )
        for each in METRICS.values()
        if each.option
    ]
    limits.append((_code("--where"), _code("CONDITION"), _code("require"), WHERE))
    by_panel: dict[str, list[Row]] = defaultdict(list)
    for each in OPTIONS.values():
        key = f"{each.block}: {each.key}" if each.block else each.key
        row = (_code(each.flag), _code(each.metavar), _code(key), _does(each.help, each.default))
        by_panel[each.panel].append(row)
    parts = [
        "# Options of a question\n",
        "What `pick`, `frontier`, `explore` and `suggest` take on the command line, as arguments of the "
        "functions of the same name, and in a file. An option overrides the file. In Python the option's "
        "name is the argument, with `_` for `-`: `advisor.pick(fps=30, energy='0.5 J', quantised_loss=1)`.\n",
        "## Limits\n",
        table(("option", "takes", "in a file", "does"), limits),
    ]
    for panel, rows in by_panel.items():
        parts += [f"## {panel}\n", table(("option", "takes", "in a file", "does"), rows)]
    return "\n".join(parts)


# Metrics


def metrics() -> str:
    """Every metric with its formula."""
    return "\n".join(_metrics())


def _metrics() -> Iterator[str]:
    yield "# Metrics and their formulas\n"
    yield (
        "Every metric can be limited (`--where 'NAME <= VALUE'`) and be an objective (`--objective NAME`), "
        "by its name or its key. `a else b` is `b` where `a` is unknown.\n"
    )
    rows = [
        (
            f"[{each.name}](#{each.key})",
            _code(each.key),
            each.unit,
            "more" if each.more_is_better else "less",
        )
        for each in METRICS.values()
    ]
    yield table(("name", "key in Python, JSON, CSV", "unit", "better"), rows)
    for each in EVERY.values():
        said = f"{each.name}@{each.statistic}" if each.statistic != "median" else each.name
        yield f"## {said} {{ #{each.key} }}\n"
        yield f"{inspect.cleandoc(each.formula.__doc__ or '')}\n"
        yield f"```text\n{each.key} = {_formula(each.key)}\n```\n"
        option = f" Option: `--{each.name} {each.option_metavar}`." if each.option else ""
        yield f"{each.title[0].upper()}{each.title[1:]}{f', in {each.unit}' if each.unit else ''}.{option}\n"
    yield "## What formulas start from\n"
    named = [(_code(each.name), f"the {each.home}'s", each.needs) for each in INPUTS.values()]
    yield table(("input", "whose", "to be known"), named)
    yield "Two parts stand in several formulas:\n"
    for name, formula in PARTS.items():
        yield f"`{name}({', '.join(parameters_of(name))})`: {inspect.cleandoc(formula.__doc__ or '')}\n"


def _formula(key: str) -> str:
    text = _written(expression(key))
    return text[1:-1] if text.startswith("(") and text.endswith(")") and _is_one(text) else text


def _is_one(text: str) -> bool:
    """Whether the first bracket closes with the last."""
    depth = 0
    for place, mark in enumerate(text):
        depth += (mark == "(") - (mark == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def _written(one: Expression) -> str:
    if not one.operation:
        part = one.parts[0]
        return f"{part:g}" if isinstance(part, int | float) else str(part)
    left, right = map(_written, one.parts)
    return (
        f"min({left}, {right})" if one.operation == "min" else f"({left} {one.operation} {right})"
    )


# JSON Schemas


def schemas() -> str:
    """What each document holds, and its JSON Schema."""
    return "\n".join(_schemas())


def _schemas() -> Iterator[str]:
    yield "# JSON Schemas\n"
    yield (
        "What `--json` prints, and what files that ask may hold (`requirements`, `plan-file`), generated "
        "from the answers' own records. `advisor schema NAME` prints each.\n"
    )
    for name in DOCUMENTS:
        schema = json.loads(advisor.schema(name))
        yield f"## {name}\n"
        yield f"{schema.get('description', '')} [schemas/{name}.json](schemas/{name}.json)\n"
        rows = [
            (_code(key), _meaning(each, schema).replace("`None`", "`null`"))
            for key, each in schema.get("properties", {}).items()
        ]
        if rows:
            yield table(("key", "is"), rows)


def _meaning(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a part of a schema says that it is, or what the definitions say that it refers to."""
    if said := part.get("description") or part.get("const"):
        return str(said)
    named = [each["$ref"] for each in (part, *part.get("anyOf", ())) if "$ref" in each]
    return _meaning(schema["$defs"][named[0].rpartition("/")[2]], schema) if named else ""


# Python

PYTHON = """# Python

Every command is a function that takes the same. What the command prints it returns as a record, and
`AdvisorError` says what is wrong. `import_table` and `import_boards` are `advisor import`, `verified_pick` is
`pick --verify`, `survey` is `findings` of several boards; `check_catalog`, `migrate` are `advisor catalog`.

"""


def python() -> str:
    """Every public name, from its docstring."""
    public = (each for each in advisor.__all__ if not each.startswith("_"))
    return PYTHON + (
        "\n".join(
            f"::: advisor.{name}\n"
            for name in sorted(public, key=lambda each: (each[0].isupper(), each))
        )
    )


# Boards


def boards() -> str:
    """Every shipped board, by source, with the source's licence."""
    return "\n".join(_boards())


def _boards() -> Iterator[str]:
    catalog = Catalog.open()
    by_source: dict[str, list[Any]] = defaultdict(list)
    for each in advisor.boards().boards:
        if each.board.layer == "shipped":
            by_source[each.board.source].append(each)
    notice = (ROOT / "catalog/LICENSES/NOTICE.md").read_text(encoding="utf-8")
    yield "# Boards\n"
    yield f"{sum(map(len, by_source.values()))} boards, by source. `advisor boards WORDS` finds them.\n"
    yield notice.replace("# Whose", "## Whose", 1)
    for key, found in sorted(by_source.items()):
        source = catalog.source(key)
        yield f"## {key}\n"
        yield f"{source.citation}.\n"
        yield "".join(f"- {name}: {said}\n" for name, said in _said(source))
        heads = ("board", "is", "networks", "tasks", "known")
        rows = [
            (
                _code(each.board.name),
                each.board.title,
                each.networks,
                ", ".join(each.tasks),
                ", ".join(each.known),
            )
            for each in found
        ]
        yield table(heads, rows)


def _said(source: Any) -> Iterator[tuple[str, str]]:
    for name in ("repository", "file", "version", "licence", "read", "error"):
        if said := getattr(source, name):
            yield name, f"<{said}>" if name == "repository" else said.replace("*", "\\*")
    if source.reproducibility:
        yield "another run", f"within {source.reproducibility:.1%}: {source.evidence}"


PAGES: Mapping[str, Callable[[], str]] = {
    "command-line": command_line,
    "options": options,
    "metrics": metrics,
    "schemas": schemas,
    "python": python,
    "boards": boards,
}
