"""A whole question, from a file, the command line or Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, shown
from advisor.solve.requirements import Requirements, read_requirements
from advisor.solve.requirements_file import Asked, read_requirements_file


def read_question(
    file: str | os.PathLike[str] | None,
    limits: Mapping[str, object],
    catalog: str | os.PathLike[str] | None = None,
    *,
    where: Iterable[str] = (),
    **options: object,
) -> tuple[Catalog, Requirements]:
    """The catalog and the question that is asked of it; what is said here overrides the file.

    Args:
        file: a YAML file of requirements, or `None`.
        limits: as `read_requirements` takes them, like all that follow; `None` where nothing is said.
        catalog: the user's catalog folder.
        where: conditions.
        **options: everything else.

    Raises:
        AdvisorError: something cannot be read; the message says where.
    """
    for what, path in (("requirements", file), ("catalog", catalog)):
        if not isinstance(path, str | os.PathLike | None):
            raise AdvisorError(f"{what}: {path!r} is not a path", "give a path as text")
    if file is not None and not Path(file).exists():
        raise AdvisorError(
            f"requirements: there is no file {shown(os.fspath(file))}",
            "name a YAML file, or ask with options such as --fps 30",
        )
    asked = Asked() if file is None else read_requirements_file(Path(file))
    said = {**asked.options, **{key: each for key, each in options.items() if each is not None}}
    folder = said.pop("catalog", None)
    opened = Catalog.open(str(folder) if catalog is None and folder else catalog)
    requirements = read_requirements(
        limits,
        where=where,
        beneath=asked.constraints,
        catalog=opened.own_folder,
        **said,  # type: ignore[arg-type]
    )
    return opened, requirements
