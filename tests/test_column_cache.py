"""The cache of columns: what it gives is what the CSV says, whatever happens to either."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from advisor.catalog import column_cache, kept_files
from advisor.catalog.column_cache import measurements_of
from advisor.catalog.measurements_table import read_strictly
from advisor.catalog.store import Catalog
from advisor.errors import BrokenFileError
from advisor.folders import WRITING
from tests.conftest import ROWS, SHIPPED, Overlay, Run
from tests.test_plain_table import assert_equal

KNOWN = {"resnet-18", "resnet-50"}
SOURCES = {"my-notes"}
LATENCIES = [20.0, 60.0, 50.0]


def latencies(path: Path) -> list[float]:
    table, _ = measurements_of([path], KNOWN, SOURCES)
    values: list[float] = table.latency_ms.values.value.tolist()
    return values


def kept() -> list[Path]:
    """What lies in the cache."""
    cache = Path(os.environ["XDG_CACHE_HOME"])
    return sorted(each for each in cache.rglob("*") if each.is_file())


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called on, no CSV may be read."""

    def refused(*_: object) -> None:
        raise AssertionError("a CSV was read")

    return lambda: monkeypatch.setattr(column_cache, "read_all_measurements", refused)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as old from the beginning."""
    monkeypatch.setattr(kept_files, "SETTLED_NS", 0)


def test_shipped_tables_are_kept_as_they_are_read(unread: Callable[[], None]) -> None:
    catalog = Catalog.open()
    paths = sorted(SHIPPED.glob("boards/*/measurements.csv"))
    sources = catalog.sources_for(catalog.layers[0])
    strict, expected = read_strictly(paths, None, None)
    first, _ = measurements_of(paths, catalog.architectures, sources)
    unread()
    again, counts = measurements_of(paths, catalog.architectures, sources)
    assert counts.tolist() == expected.tolist()
    assert_equal(first, strict)
    assert_equal(again, strict)
    for path in paths[::20]:
        (one, _) = measurements_of([path], catalog.architectures, sources)
        assert_equal(one, read_strictly([path], None, None)[0])


def test_tables_with_and_without_a_place_in_the_cache_are_joined_in_order() -> None:
    paths = sorted(SHIPPED.glob("boards/ra*/measurements.csv"))
    catalog = Catalog.open()
    sources = catalog.sources_for(catalog.layers[0])
    measurements_of(paths[::2], catalog.architectures, sources)
    mixed, _ = measurements_of(paths, catalog.architectures, sources)
    assert_equal(mixed, read_strictly(paths, None, None)[0])


@pytest.mark.usefixtures("settled")
def test_an_edit_counts_at_once_even_of_the_same_size_and_time(overlay: Overlay) -> None:
    path = overlay.measurements(*ROWS)
    assert latencies(path) == LATENCIES
    before = path.stat()
    path.write_text(path.read_text().replace(",1,20,", ",1,21,"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert latencies(path) == [21.0, *LATENCIES[1:]]


def test_an_edit_right_after_reading_counts(overlay: Overlay) -> None:
    path = overlay.measurements(*ROWS)
    for value in range(20, 30):
        path.write_text(path.read_text().replace(f",1,{value},", f",1,{value + 1},"))
        assert latencies(path) == [value + 1, *LATENCIES[1:]]


@pytest.mark.usefixtures("settled")
def test_the_same_content_at_another_time_is_not_read_again(
    overlay: Overlay, unread: Callable[[], None]
) -> None:
    path = overlay.measurements(*ROWS)
    latencies(path)
    unread()
    os.utime(path, (0, 0))
    assert latencies(path) == LATENCIES
    path.write_bytes(path.read_bytes())
    assert latencies(path) == LATENCIES


@pytest.mark.parametrize("place", [0, 5, 40, 200, 1000, -9, -1])
def test_what_is_broken_in_the_cache_is_made_again(overlay: Overlay, place: int) -> None:
    path = overlay.measurements(*ROWS)
    latencies(path)
    (file,) = kept()
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[place] ^= 1
    for broken in (whole[:place], bytes(flipped), b"", b"\0" * len(whole), whole + b"more"):
        file.write_bytes(broken)
        assert latencies(path) == LATENCIES
        assert kept() == [file]
    assert latencies(path) == LATENCIES


def test_another_version_keeps_its_own(overlay: Overlay, monkeypatch: pytest.MonkeyPatch) -> None:
    path = overlay.measurements(*ROWS)
    latencies(path)
    monkeypatch.setattr(column_cache, "FORMAT", 0)
    column_cache._schema.cache_clear()
    assert latencies(path) == LATENCIES
    assert len(kept()) == 2
    column_cache._schema.cache_clear()


def test_without_a_cache_that_can_be_written_there_is_none(
    overlay: Overlay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = overlay.measurements(*ROWS)
    file = tmp_path / "file"
    file.write_text("")
    for folder in (file, file / "below"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
        assert latencies(path) == LATENCIES
        assert latencies(path) == LATENCIES
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(os.path, "expanduser", lambda each: each)
    assert latencies(path) == LATENCIES


def test_a_write_that_fails_leaves_nothing_behind(
    overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    path = overlay.measurements(*ROWS)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        assert latencies(path) == LATENCIES
    assert kept() == []


def test_a_table_with_faults_is_not_kept(overlay: Overlay) -> None:
    path = overlay.measurements(*ROWS, "resnet-18,eager,fp32,8,fast,5,300,reported,my-notes")
    for _ in range(2):
        with pytest.raises(BrokenFileError, match=r"line 5, column latency_ms: found 'fast'"):
            latencies(path)
    assert kept() == []


def test_a_name_that_is_no_longer_known_is_a_fault_with_its_line(overlay: Overlay) -> None:
    path = overlay.measurements(*ROWS)
    latencies(path)
    with pytest.raises(BrokenFileError, match=r"line 4, column architecture: found 'resnet-50'"):
        measurements_of([path], {"resnet-18"}, SOURCES)
    with pytest.raises(BrokenFileError, match=r"line 2, column source: found 'my-notes'"):
        measurements_of([path], KNOWN, {"others"})
    assert latencies(path) == LATENCIES


def test_a_table_that_is_gone_is_a_fault(overlay: Overlay) -> None:
    path = overlay.measurements(*ROWS)
    latencies(path)
    path.unlink()
    with pytest.raises(BrokenFileError, match="no such file"):
        latencies(path)


def test_many_that_make_the_same_at_once_disturb_nobody(overlay: Overlay) -> None:
    path = overlay.measurements(*ROWS)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: latencies(path), range(100)))
    assert found == [LATENCIES] * 100
    (file,) = kept()
    assert WRITING not in file.name


def test_no_more_is_kept_than_is_to_be(overlay: Overlay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_files, "MOST_BYTES", 10_000)
    for number in range(9):
        path = overlay.write(
            f"boards/b{number}/measurements.csv", overlay.measurements(*ROWS).read_bytes()
        )
        assert latencies(path) == LATENCIES
        assert sum(each.stat().st_size for each in kept()) < 13_000


def test_an_empty_table_is_kept(overlay: Overlay, unread: Callable[[], None]) -> None:
    paths = [
        overlay.measurements(),
        overlay.write("other.csv", overlay.measurements().read_bytes()),
    ]
    measurements_of(paths, KNOWN, SOURCES)
    unread()
    table, counts = measurements_of(paths, KNOWN, SOURCES)
    assert len(table) == 0
    assert counts.tolist() == [0, 0]


def test_commands_answer_alike_with_and_without_it(run: Run, overlay: Overlay) -> None:
    asked = ("pick", "--board", "any", "--catalog", overlay.folder, "--fps", "30", "--json")
    first = run(*asked)
    assert kept()
    assert run(*asked) == first
    assert run("catalog", "check", "--catalog", overlay.folder).code == 0
