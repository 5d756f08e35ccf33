"""A catalog of an earlier format, rewritten in the present one; what it was is kept beside it."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.arguments import checked
from advisor.catalog.catalog_format import FILE, FORMAT, read_format, write_format
from advisor.catalog.check import CATALOG_FILES, check
from advisor.catalog.files import (
    MAKING,
    layers_with,
    read_lines,
    remove,
    user_folder,
    write_whole,
)
from advisor.catalog.measurements_table import measurements_csv
from advisor.catalog.precision import read_precision
from advisor.catalog.store import Catalog
from advisor.catalog.writers import LOCK, boards_of, writing
from advisor.catalog.zoo import FOLDER
from advisor.errors import AdvisorError, reason_of


@dataclass(frozen=True)
class Migrated:
    """What became of a catalog.

    Attributes:
        catalog: its folder.
        before: the format that it had.
        format: the format that it has now.
        backup: where it lies as it was; `None` where there was nothing to do.
        changed: the files that were rewritten, made or removed, each once.
    """

    catalog: Path
    before: int
    format: int
    backup: Path | None
    changed: tuple[Path, ...]


@checked
def migrate(catalog: str | os.PathLike[str]) -> Migrated:
    """Rewrite a catalog of an earlier format in the present one.

    What it was is copied beside it first, as `NAME.format-1`. A catalog of the present format is left alone.

    Args:
        catalog: its folder.

    Raises:
        AdvisorError: there is no such folder, it is no catalog, is of a later format or has faults, another
            writer does not come to its end, or a file cannot be written.
    """
    folder = user_folder(catalog)
    if folder is None or not _looks_like_one(folder):
        raise AdvisorError(f"{catalog}: no catalog", "name a folder with boards")
    with writing(folder):
        before = read_format(folder)
        if before == FORMAT:
            return Migrated(folder, before, FORMAT, None, ())
        _refuse_faults(folder)
        backup = _backed_up(folder, before)
        changed: dict[Path, None] = {}
        for step in (step for each in range(before, FORMAT) for step in STEPS[each]):
            changed.update(dict.fromkeys(step(folder)))
        write_format(folder)  # last: until then it is what it was, and can be migrated again
    return Migrated(folder, before, FORMAT, backup, (*changed, folder / FILE))


def _looks_like_one(folder: Path) -> bool:
    return any((folder / name).exists() for name in (*CATALOG_FILES, "boards", FOLDER))


def _refuse_faults(folder: Path) -> None:
    faults = check(Catalog(layers_with(folder))).faults
    own = [fault for fault in faults if fault.path.is_relative_to(folder)]
    if own:
        more = f", and {len(own) - 1} more" if len(own) > 1 else ""
        hint = f"mend it first: advisor catalog check --catalog {folder} lists every fault"
        raise AdvisorError(f"{own[0]}{more}", hint)


def _backed_up(folder: Path, was: int) -> Path:
    """A copy of the whole catalog beside it.

    Raises:
        AdvisorError: it cannot be written.
    """
    place = folder.resolve()
    name = f"{place.name}.format-{was}"
    backup, count = place.with_name(name), 1
    while os.path.lexists(backup):
        count += 1
        backup = place.with_name(f"{name}-{count}")
    begun = place.with_name(MAKING + backup.name)
    shutil.rmtree(begun, ignore_errors=True)
    try:
        shutil.copytree(place, begun, symlinks=True, ignore=shutil.ignore_patterns(LOCK))
        begun.rename(backup)
    except OSError as error:
        shutil.rmtree(begun, ignore_errors=True)
        reason = reason_of(error)
        raise AdvisorError(
            f"{backup}: the catalog cannot be backed up there: {reason}", "nothing was changed"
        ) from None
    return backup


def _without_old_fits(catalog: Path) -> Sequence[Path]:
    """Fits of the format before last are not read any more; `advisor fit` makes new ones."""
    old = [path for board in boards_of(catalog) if (path := board / "fit.yaml").exists()]
    for path in old:
        remove(path)
    return old


def _in_one_vocabulary(catalog: Path) -> Sequence[Path]:
    """Precisions in the catalog's words, the sources' own beside them."""
    changed = []
    for board in boards_of(catalog):
        path = board / "measurements.csv"
        rows = list(csv.DictReader(read_lines(path)))
        words = {row.get("precision", "") for row in rows}
        if any(read_precision(word) != word for word in words):
            write_whole(path, measurements_csv(rows))
            changed.append(path)
    return changed


STEPS: Mapping[int, Sequence[Callable[[Path], Sequence[Path]]]] = {
    1: (_without_old_fits, _in_one_vocabulary)
}
"""By the format that they lead away from: what rewrites a catalog's files, and returns which."""
