"""A catalog's folders and files: where they lie, how text is read from them, how they are written whole."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

from advisor.errors import AdvisorError, BrokenFileError, Fault, reason_of, shown, shown_path
from advisor.folders import WRITING, data_folder, no_home

Read = TypeVar("Read")

SHIPPED = "shipped"
HELD = (
    *("boards", "zoo", "requirements", "evaluations", "catalog.yaml", "sources.yaml"),
    *("architectures.yaml", "weights.csv", "accuracy.csv", "aliases.csv", "device-aliases.csv"),
)
"""What folders of a catalog hold, by which they are known."""
LONGEST_LINE = 1_000_000
MOST_READINGS = 5
"""So often folders are read that somebody writes into meanwhile, without a rest."""
MAKING, REPLACED = ".making-", ".replaced-"
"""What the names of folders begin with that are to take another's place, or were there before."""


class Keeper(Protocol):
    """Keeps what a writer of a catalog changes as it was, until all of it is written."""

    def file(self, path: Path) -> None:
        """Keep a file that is to be written or removed."""
        ...

    def folder(self, place: Path) -> None:
        """Keep a folder whose place another one is to take."""
        ...


KEEPER: ContextVar[Keeper | None] = ContextVar("KEEPER", default=None)
"""Who keeps what this thread changes; `None` while it writes into no catalog."""


@dataclass(frozen=True)
class Layer:
    """One catalog folder: the shipped one, or the user's own that overlays it.

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

    def has(self, name: str) -> bool:
        """Whether there is a file of that name, which even the shipped catalog need not have."""
        return name in entries(self.folder)

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
        reason = reason_of(error)
        raise BrokenFileError([Fault(folder, 0, "", reason, "a readable folder")]) from None
    # os.path.isdir, unlike pathlib's, takes a link that leads nowhere for what it is: no folder.
    return {name: os.path.isdir(folder / name) for name in sorted(names)}  # noqa: PTH112


def shipped_folder() -> Path:
    """The catalog inside the installed package, or else that of the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_catalog"
    return installed if installed.is_dir() else package.parent / "catalog"


def named_catalog(asked: str | os.PathLike[str] | None) -> str:
    """The catalog as it was named, a folder or where it is hosted; "" where it was not."""
    return os.environ.get("ADVISOR_CATALOG", "") if asked is None else os.fspath(asked)


def _expanded(named: str) -> Path:
    return Path(os.path.expanduser(named))  # noqa: PTH111  (pathlib's raises on an unknown user)


def platform_folder() -> Path | None:
    """Where the user's catalog lies unless somebody says otherwise; `None` where there is no home."""
    data = data_folder()
    return None if data is None else data / "catalog"


def is_hosted(catalog: str) -> bool:
    """Whether a catalog is named by where it is hosted, such as https://..., rather than by a folder."""
    return "://" in catalog


def user_folder(asked: str | os.PathLike[str] | None = None) -> Path | None:
    """The user's own catalog folder: as asked for, else `ADVISOR_CATALOG`, else the platform's.

    Returns:
        The folder; `None` where none was asked for and the platform's does not exist.

    Raises:
        AdvisorError: the one asked for does not exist or is no folder.
    """
    named = named_catalog(asked)
    if asked is None and not named:
        folder = platform_folder()
        return folder if folder and folder.is_dir() else None
    refuse_hosted(named)
    origin = "ADVISOR_CATALOG" if asked is None else "catalog"
    hint = "unset it, or name a folder that exists" if asked is None else "name one that exists"
    folder = _expanded(named)
    if not named or "\0" in named or not os.path.lexists(folder):
        raise AdvisorError(f"{origin}: the folder {shown_path(named)} does not exist", hint)
    if not os.path.isdir(folder):  # noqa: PTH112  (pathlib's raises where a parent is unreadable)
        raise AdvisorError(f"{origin}: {shown_path(named)} is not a folder", hint)
    return folder


def not_a_catalog(asked: str | os.PathLike[str] | None = None) -> str:
    """Why the catalog folder that somebody names is hardly meant; "" where nothing says so.

    An empty folder is a catalog to come; one that holds other things alone is not.
    """
    named = named_catalog(asked)
    folder = _expanded(named)
    if not named or is_hosted(named) or "\0" in named or not os.path.isdir(folder):  # noqa: PTH112
        return ""
    try:
        held = entries(folder)
    except AdvisorError:  # which is said where it is read
        return ""
    if not held or any(name in HELD for name in held):
        return ""
    return (
        f"catalog: {shown_path(named)} holds nothing of a catalog, such as boards or sources.yaml"
    )


def target_folder(asked: str | os.PathLike[str] | None = None) -> Path:
    """Where a command writes the user's own entries; it need not exist yet. Sought as by `user_folder`.

    Raises:
        AdvisorError: it exists and is no folder, or it is to lie in the home of a user that has none.
    """
    named = named_catalog(asked)
    refuse_hosted(named)
    folder = _expanded(named) if named else platform_folder()
    if folder is None:
        raise AdvisorError(
            f"catalog: no folder to write into is known: {no_home()}", "name one: --catalog DIR"
        )
    if named.startswith("~") and str(folder) == named:
        raise AdvisorError(
            f"catalog: there is no home for {shown_path(named)}", "write the folder out"
        )
    if os.path.lexists(folder) and not os.path.isdir(folder):  # noqa: PTH112
        raise AdvisorError(f"catalog: {shown_path(named)} is not a folder", "name a folder")
    return folder


def refuse_hosted(catalog: str) -> None:
    """Refuse to write into a hosted catalog.

    Raises:
        AdvisorError: it is one.
    """
    if is_hosted(catalog):
        hint = "name a folder of your own: --catalog DIR"
        raise AdvisorError(f"catalog: {shown(catalog)} is hosted, and only read", hint)


def layers_with(own: Path | None, title: str = "") -> tuple[Layer, ...]:
    """The shipped catalog and, above it, a folder of the user's, where it exists.

    Args:
        own: that folder.
        title: what answers call it, where that is not its path.
    """
    shipped = Layer(SHIPPED, shipped_folder())
    if own is None or not own.is_dir() or own.resolve() == shipped.folder.resolve():
        return (shipped,)
    return (shipped, Layer(title or str(own), own))


def layers(asked: str | os.PathLike[str] | None = None) -> tuple[Layer, ...]:
    """The shipped catalog and, above it, the user's own, sought as `user_folder` says."""
    return layers_with(user_folder(asked))


@dataclass(frozen=True)
class Content:
    """A file's text. A reader takes it in place of a path, so that it need not lie in a file.

    Attributes:
        path: what messages call it.
        text: what it holds.
    """

    path: Path
    text: str


@dataclass(frozen=True)
class Raw:
    """A file's bytes, where what is made of them must be of the very state that was seen.

    Attributes:
        path: the file.
        content: what it held.
    """

    path: Path
    content: bytes


File: TypeAlias = Path | Content | Raw


def content_of(file: File, largest: int | None = None) -> Content:
    """A file's content, without a byte-order mark.

    Raises:
        BrokenFileError: as `read_text`.
    """
    if isinstance(file, Raw):
        return Content(file.path, _decoded(file.path, file.content))
    return file if isinstance(file, Content) else Content(file, read_text(file, largest))


def bytes_of(file: File) -> bytes:
    """A file's content as it lies there, without a byte-order mark of UTF-8.

    Raises:
        BrokenFileError: it is missing, a folder, or unreadable.
    """
    if isinstance(file, Content):
        return file.text.encode(errors="surrogatepass")
    raw = file if isinstance(file, Raw) else raw_of(file)
    return raw.content.removeprefix(codecs.BOM_UTF8)


def raw_of(path: Path) -> Raw:
    """A file's bytes.

    Raises:
        BrokenFileError: it is missing, a folder, or unreadable.
    """
    with readable(path):
        return Raw(path, path.read_bytes())


def read_text(path: Path, largest: int | None = None) -> str:
    """The file's content, without a byte-order mark.

    It may be UTF-16, as PowerShell and spreadsheets write it, where a byte-order mark says so.

    Raises:
        BrokenFileError: it is missing, a folder, unreadable, larger than `largest` bytes, or not
            UTF-8.
    """
    with readable(path), path.open("rb") as stream:
        content = stream.read(-1 if largest is None else largest + 1)
    if largest is not None and len(content) > largest:
        fault = Fault(path, 0, "", "a larger file", f"at most {largest / 1e6:g} MB")
        raise BrokenFileError([fault])
    return _decoded(path, content)


def _decoded(path: Path, content: bytes) -> str:
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BrokenFileError([_no_text(path, line, error)]) from None


def read_lines(path: Path) -> Iterator[str]:
    """The file's lines, with their ends and without a byte-order mark, one after the other.

    Raises:
        BrokenFileError: it is missing, a folder, unreadable, not UTF-8, or has a NUL byte or a line of more
            than `LONGEST_LINE` characters.
    """
    number = 0
    with readable(path), path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE:
                    found = f"a line of more than {LONGEST_LINE:,} characters"
                    raise BrokenFileError([Fault(path, number, "", found, "a table")])
                if "\0" in line:
                    raise BrokenFileError([Fault(path, number, "", "a NUL byte", "text")])
                yield line
        except UnicodeDecodeError as error:  # read ahead of the lines, so which one is not known
            raise BrokenFileError([_no_text(path, 0, error)]) from None


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say in our words why a file cannot be read.

    Raises:
        BrokenFileError: it is a device or a pipe, or opening or reading it fails.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise BrokenFileError([Fault(path, 0, "", "a device or pipe", "a file")])
        yield
    except IsADirectoryError:
        raise BrokenFileError([Fault(path, 0, "", "a folder", "a file")]) from None
    except FileNotFoundError:
        raise BrokenFileError([Fault(path, 0, "", "no such file", "", explains=True)]) from None
    except OSError as error:
        reason = reason_of(error)
        raise BrokenFileError([Fault(path, 0, "", reason, "a readable file")]) from None


def _no_text(path: Path, line: int, error: UnicodeDecodeError) -> Fault:
    found = f"the byte 0x{error.object[error.start]:02x}"
    return Fault(path, line, "", found, "UTF-8 text")


def of_one_state(folders: Sequence[Path], read: Callable[[], Read]) -> Read:
    """Read what lies in folders of boards: again if one was replaced meanwhile, or a file in one.

    So no board is half as it was before, and half as it is now.
    """
    for _ in range(MOST_READINGS):
        before = list(map(_state, folders))
        found = read()
        if before == list(map(_state, folders)):
            break
    return found


def _state(folder: Path) -> tuple[int, int] | None:
    """What changes with a folder when another takes its place, or a file in it; `None` for none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def make_last_folder(folder: Path) -> None:
    """Make a folder that a user names for several files, in one that is there.

    Raises:
        AdvisorError: it cannot be made.
    """
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError:
        missing = f"{folder} cannot be written: there is no folder {folder.parent}"
        raise AdvisorError(missing, "make it, or name one in a folder that exists") from None
    except OSError as error:
        reason = reason_of(error)
        raise AdvisorError(f"{folder} cannot be written: {reason}", "name a folder") from None


def check_folder_of(path: Path) -> None:
    """Refuse a file that a user names in a folder that is not there: that is hardly meant.

    Raises:
        AdvisorError: there is no such folder.
    """
    if not os.path.lexists(path.parent):
        missing = f"{path} cannot be written: there is no folder {path.parent}"
        raise AdvisorError(missing, "make it, or name a file in one that exists")


def refuse_overwriting(path: Path, read: Iterable[str]) -> None:
    """Refuse a file that a user names to be written, and by whatever name to be read, too.

    Args:
        path: the file to be written.
        read: what else the user named; what is no file is passed over.

    Raises:
        AdvisorError: it is one of them.
    """
    for each in read:
        with suppress(OSError, ValueError):
            if path.samefile(each):
                raise AdvisorError(
                    f"{path} is read, too: writing it would destroy it", "name another file"
                )


def write_whole(path: Path, content: str | bytes, *, make_folder: bool = False) -> None:
    """Replace the file by `content`, or leave it as it is: never half of either.

    Text is written as UTF-8, its line ends as they are. A link stays one: the file that it leads to is
    replaced. What is no plain file, such as a pipe, is refused. Who may read it stays as it was; a new
    file follows the umask.

    Args:
        path: the file.
        content: what it is to hold.
        make_folder: whether its folder is made where it is missing, which is for folders of our own.

    Raises:
        AdvisorError: it cannot be written.
    """
    temporary = None
    try:
        path = path.resolve()
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        if mode is not None and not path.is_file():
            what = "a folder" if path.is_dir() else "no plain file"
            raise AdvisorError(f"{path} cannot be written: it is {what}", "name a file")
        if keeper := KEEPER.get():
            keeper.file(path)
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            check_folder_of(path)
        aside = path.with_name(f"{WRITING}{os.getpid()}-{os.urandom(4).hex()}")
        opener = partial(_created, 0o666 if mode is None else mode)
        with open(aside, "xb", opener=opener) as stream:
            temporary = aside
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        reason = reason_of(error)
        raise AdvisorError(f"{path} cannot be written: {reason}", "nothing was changed") from None


def remove(path: Path) -> None:
    """Remove a file, where there is one.

    Raises:
        AdvisorError: it cannot be removed.
    """
    try:
        if keeper := KEEPER.get():
            keeper.file(path.resolve())
        path.unlink(missing_ok=True)
    except OSError as error:
        reason = reason_of(error)
        raise AdvisorError(f"{path} cannot be removed: {reason}", "nothing was changed") from None


def _created(mode: int, path: str, flags: int) -> int:
    """Open a file that is not there yet; the umask takes what it takes from its mode."""
    return os.open(path, flags, mode)
