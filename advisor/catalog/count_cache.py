"""What was counted before, by library version: plain tables in the user's cache folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from platformdirs import user_cache_path

from advisor._version import __version__
from advisor.catalog.writing import write_whole
from advisor.catalog.zoo_table import ZooNetwork, read_zoo_table, zoo_table
from advisor.errors import AdvisorError, BrokenFileError

LIBRARIES = ("torchvision", "timm")


def cache_file(library: str, of_version: str) -> Path:
    """Where the counts of a library's networks lie. Another version of advisor counts for itself."""
    folder = user_cache_path("dnn-advisor") / f"counted-by-{__version__}"
    return folder / f"{library}-{of_version}.csv"


def installed_version(library: str) -> str | None:
    """The version of a library, found without importing it; `None` where it is not installed."""
    # Reading the field from the text spares a parser of e-mail, which is loaded by `version`.
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        told = distribution(library).read_text("METADATA") or ""
    except PackageNotFoundError:
        return None
    field = "\nVersion: "
    return told.partition(field)[2].partition("\n")[0].strip() or None


def cached(library: str) -> tuple[dict[str, ZooNetwork], str]:
    """What was counted of the installed version of a library.

    Returns:
        The networks by identity; and what is wrong with the file, or "". A file that cannot be read is
        as good as none, since all in it can be counted again.
    """
    folder = cache_file(library, "").parent
    if not folder.is_dir():
        return {}, ""
    of_version = installed_version(library)
    if of_version is None:
        return {}, ""
    path = cache_file(library, of_version)
    try:
        return (read_zoo_table(path), "") if path.exists() else ({}, "")
    except BrokenFileError as error:
        return {}, f"counts kept from before are broken and are counted again: {error.message}"


def remember(library: str, networks: Iterable[ZooNetwork]) -> str:
    """Add networks to what is kept of the installed version of a library, or replace them.

    Returns:
        Why they could not be kept; "" where they were.
    """
    of_version = installed_version(library)
    if of_version is None:
        return f"{library} is not installed"
    known: Mapping[str, ZooNetwork] = cached(library)[0]
    kept = {**known, **{each.architecture: each for each in networks}}
    try:
        write_whole(cache_file(library, of_version), zoo_table(kept.values()))
    except AdvisorError as error:
        return f"the counts are not kept for the next time: {error.message}"
    return ""
