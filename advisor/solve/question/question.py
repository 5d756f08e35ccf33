"""A whole question, from a file, the command line or Python."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, closest, shown
from advisor.solve.question.limits import Constraint
from advisor.solve.question.reading import read_names, read_requirements
from advisor.solve.question.requirements import FLAGS, Requirements


def read_question(
    requirements: str | os.PathLike[str] | None = None,
    *,
    where: str | Iterable[str] = (),
    catalog: str | os.PathLike[str] | None = None,
    **said: object,
) -> tuple[Catalog, Requirements]:
    """The catalog and the question that is asked of it.

    Args:
        requirements: a YAML file that asks; what is said here overrides it.
        where: conditions.
        catalog: the user's catalog folder.
        **said: limits and options, as `read_requirements` takes them; `None` where nothing is said.

    Raises:
        AdvisorError: something cannot be read; the message says where.
    """
    for what, path in (("requirements", requirements), ("catalog", catalog)):
        if not isinstance(path, str | os.PathLike | None):
            raise AdvisorError(f"{what}: {path!r} is not a path", "give a path as text")
    beneath, written = ((), {}) if requirements is None else _read(Path(requirements))
    known = set(inspect.signature(read_requirements).parameters) - {"limits", "beneath"}
    for name in said:
        if name not in known.union(FLAGS):
            raise AdvisorError(f"unknown option {shown(name)}", closest(name, known.union(FLAGS)))
    limits = {name: said.pop(name) for name in FLAGS if name in said}
    options = {**written, **{key: each for key, each in said.items() if each is not None}}
    folder = options.pop("catalog", None)
    opened = Catalog.open(str(folder) if catalog is None and folder else catalog)
    asked = read_requirements(
        limits,
        where=read_names("where", [where] if isinstance(where, str) else where),
        beneath=beneath,
        catalog=opened.own_folder,
        **options,  # type: ignore[arg-type]
    )
    return opened, asked.called(opened.plain_name)


def _read(path: Path) -> tuple[tuple[Constraint, ...], Mapping[str, object]]:
    """The limits and the options of a file."""
    from advisor.solve.question.requirements_file import (
        read_requirements_file,
    )  # not all questions are files

    if not path.exists():
        raise AdvisorError(
            f"requirements: there is no file {shown(os.fspath(path))}",
            "name a YAML file, or ask with options such as --fps 30",
        )
    asked = read_requirements_file(path)
    return asked.constraints, asked.options
