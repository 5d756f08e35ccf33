"""The catalog's folders: the shipped one, and the user's own that overlays it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from advisor.errors import AdvisorError, BrokenFileError, Fault, shown

SHIPPED = "shipped"


@dataclass(frozen=True)
class Layer:
    """One catalog folder.

    Attributes:
        title: what answers call it: "shipped", or the user's path.
        folder: where it lies.
    """

    title: str
    folder: Path

    def file(self, name: str) -> Path | None:
        """The file of that name; `None` where an overlay has none, which it need not."""
        if self.title == SHIPPED or name in entries(self.folder):
            return self.folder / name
        return None

    def board_folders(self) -> list[Path]:
        """The folders of its boards, sorted by name.

        Raises:
            BrokenFileError: they cannot be listed.
        """
        if "boards" not in entries(self.folder):
            return []
        boards = self.folder / "boards"
        return [boards / name for name, is_folder in entries(boards).items() if is_folder]


def entries(folder: Path) -> dict[str, bool]:
    """What a folder holds, by name, hidden things left out: whether each is a folder.

    Raises:
        BrokenFileError: it cannot be listed.
    """
    try:
        with os.scandir(folder) as found:
            names = [each.name for each in found if not each.name.startswith(".")]
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise BrokenFileError([Fault(folder, 0, "", reason, "a readable folder")]) from None
    # os.path.isdir, unlike pathlib's, takes a link that leads nowhere for what it is: no folder.
    return {name: os.path.isdir(folder / name) for name in sorted(names)}  # noqa: PTH112


def shipped_folder() -> Path:
    """The catalog inside the installed package, or else that of the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_catalog"
    return installed if installed.is_dir() else package.parent / "catalog"


def _named(asked: str | os.PathLike[str] | None) -> str:
    """The folder as it was named; "" where it was not."""
    return os.environ.get("ADVISOR_CATALOG", "") if asked is None else os.fspath(asked)


def _expanded(named: str) -> Path:
    return Path(os.path.expanduser(named))  # noqa: PTH111  (pathlib's raises on an unknown user)


def _platform_folder() -> Path:
    return user_data_path("dnn-advisor") / "catalog"


def user_folder(asked: str | os.PathLike[str] | None = None) -> Path | None:
    """The user's own catalog folder: as asked for, else `ADVISOR_CATALOG`, else the platform's.

    Returns:
        The folder; `None` where none was asked for and the platform's does not exist.

    Raises:
        AdvisorError: the one asked for does not exist or is no folder.
    """
    named = _named(asked)
    if asked is None and not named:
        folder = _platform_folder()
        return folder if folder.is_dir() else None
    origin = "ADVISOR_CATALOG" if asked is None else "catalog"
    hint = "unset it, or name a folder that exists" if asked is None else "name one that exists"
    folder = _expanded(named)
    if not named or "\0" in named or not os.path.lexists(folder):
        raise AdvisorError(f"{origin}: the folder {shown(named)} does not exist", hint)
    if not os.path.isdir(folder):  # noqa: PTH112  (pathlib's raises where a parent is unreadable)
        raise AdvisorError(f"{origin}: {shown(named)} is not a folder", hint)
    return folder


def target_folder(asked: str | os.PathLike[str] | None = None) -> Path:
    """Where a command writes the user's own entries; it need not exist yet. Sought as by `user_folder`.

    Raises:
        AdvisorError: it exists and is no folder.
    """
    named = _named(asked)
    if not named:
        return _platform_folder()
    folder = _expanded(named)
    if os.path.lexists(folder) and not os.path.isdir(folder):  # noqa: PTH112
        raise AdvisorError(f"catalog: {shown(named)} is not a folder", "name a folder")
    return folder


def layers_with(own: Path | None) -> tuple[Layer, ...]:
    """The shipped catalog and, above it, a folder of the user's, where it exists."""
    shipped = Layer(SHIPPED, shipped_folder())
    if own is None or not own.is_dir() or own.resolve() == shipped.folder.resolve():
        return (shipped,)
    return (shipped, Layer(str(own), own))


def layers(asked: str | os.PathLike[str] | None = None) -> tuple[Layer, ...]:
    """The shipped catalog and, above it, the user's own, sought as `user_folder` says."""
    return layers_with(user_folder(asked))
