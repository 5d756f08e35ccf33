"""The strict readers of YAML and CSV: what they accept, and how they refuse the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import advisor
from advisor import AdvisorError
from advisor.catalog.check import check
from advisor.catalog.csv_table import read_csv
from advisor.catalog.entries import read_architectures, read_board, read_sources
from advisor.catalog.files import write_whole
from advisor.catalog.measurements_table import read_measurements
from advisor.catalog.store import Catalog
from advisor.catalog.tables import WEIGHTS_COLUMNS, read_weights
from advisor.catalog.yaml_file import Block, List, Node, Text, read_yaml
from advisor.errors import BrokenFileError
from tests.conftest import HEADER, ROWS, Overlay

any_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def plain(node: Node) -> object:
    if isinstance(node, Text):
        return node.text
    if isinstance(node, List):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def test_scalars_stay_text_and_keep_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("version: 1.10\nflags:\n  - no\n  - {on: 5}\n")
    root = read_yaml(path)
    assert plain(root) == {"version": "1.10", "flags": ["no", {"on": "5"}]}
    flags = root.entries["flags"]
    assert isinstance(flags, List)
    assert (flags.items[1].mark.line, flags.items[1].mark.column) == (4, 5)


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    for content in ("", "# only a comment\n", "---\n"):
        path = tmp_path / "a.yaml"
        path.write_text(content)
        assert read_yaml(path).entries == {}


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b"a: 1\n\tb: 2\n", 2, "a tab character"),
        (b"a: 1\nb: 2\na: 3\n", 3, "the key 'a' a second time (first in line 1)"),
        (b"a: &x 1\nb: *x\n", 1, "an anchor"),
        (b"b: *x\n", 1, "an alias"),
        (b"a: !!python/object/apply:os.system [ls]\n", 1, "the tag 'tag:yaml.org,2002:python"),
        (b"a: !!str 5\n", 1, "the tag"),
        (b"a: 1\n---\nb: 2\n", 2, "a second document"),
        (b"- a\n- b\n", 1, "a list"),
        (b"just words\n", 1, "'just words'"),
        (b"? [a, b]\n: c\n", 1, "a list as a key"),
        (b"a: [1, 2\nb: 3\n", 2, "did not find expected"),
        (b"a: 1\nb: \xff\n", 2, "the byte 0xff"),
        (b"a: 1\nb: \x01\n", 2, "the control character U+0001"),
        (b"a: " + b"[" * 100 + b"]" * 100, 1, "deeper nesting"),
    ],
)
def test_yaml_that_could_surprise_is_refused(
    tmp_path: Path, content: bytes, line: int, found: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(BrokenFileError) as refused:
        read_yaml(path)
    fault = refused.value.faults[0]
    assert (fault.path, fault.line) == (path, line)
    assert found in fault.found
    assert fault.expected


def test_a_large_yaml_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"#" * 10_000_000)
    with pytest.raises(BrokenFileError, match="at most 1 MB"):
        read_yaml(path)


def test_a_folder_a_missing_and_an_unreadable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BrokenFileError, match="found a folder; expected a file"):
        read_yaml(tmp_path)
    with pytest.raises(BrokenFileError, match="no such file"):
        read_csv(tmp_path / "none.csv", ["a"])

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.yaml").touch()
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BrokenFileError, match="permission denied"):
        read_yaml(tmp_path / "a.yaml")


@any_file
@given(st.binary(max_size=300))
def test_any_bytes_are_yaml_or_a_broken_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    try:
        assert isinstance(read_yaml(path), Block)
    except BrokenFileError as refused:
        assert all(fault.path == path for fault in refused.faults)


@any_file
@given(st.text(alphabet=":-[]{}&*!|>#'\"%@`,? \n\tab1é\x00\x85\ufeff", max_size=80))
def test_any_yaml_like_text_is_read_or_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content.encode())
    for read in (read_yaml, read_sources, lambda file: read_architectures(file, ())):
        try:
            read(path)
        except BrokenFileError as refused:
            assert refused.faults


@any_file
@given(st.text(alphabet=",\"'\r\n\t0123456789.-+eE=@abx \x00\ufeff", max_size=200))
def test_any_csv_like_text_is_read_or_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "measurements.csv"
    path.write_bytes((HEADER + "\n" + content).encode())
    try:
        rows = read_measurements(path, {"a"}, {"b"})
    except BrokenFileError as refused:
        assert refused.faults
    else:
        assert set(rows.architecture.names) <= {"a"}


def names() -> st.SearchStrategy[str]:
    return st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)


@any_file
@given(
    st.dictionaries(
        st.tuples(names(), st.integers(1, 512)),
        st.floats(0.001, 1e6),
        min_size=1,
        max_size=30,
    )
)
def test_what_is_written_is_read(tmp_path: Path, latencies: dict[tuple[str, int], float]) -> None:
    path = tmp_path / "measurements.csv"
    lines = [
        f"{name},eager,fp32,{batch},{ms!r},,,measured,run"
        for (name, batch), ms in latencies.items()
    ]
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    rows = read_measurements(path, {name for name, _ in latencies}, {"run"})
    read = {
        (rows.architecture.names[rows.architecture.index[row]], int(rows.batch[row])): float(
            rows.latency_ms.values.value[row]
        )
        for row in range(len(rows))
    }
    assert read == latencies


def test_a_byte_order_mark_crlf_and_blank_lines_are_simply_read(overlay: Overlay) -> None:
    path = overlay.measurements(*ROWS)
    plain_rows = read_measurements(path, {"resnet-18", "resnet-50"}, {"my-notes"})
    content = path.read_text().replace("\n", "\r\n\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + content.encode())
    windows_rows = read_measurements(path, {"resnet-18", "resnet-50"}, {"my-notes"})
    assert windows_rows.latency_ms.values.value.tolist() == [20.0, 60.0, 50.0]
    assert windows_rows.batch.tolist() == plain_rows.batch.tolist()


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("resnet-18,eager,fp32,1,abc,5,300,reported,my-notes", "latency_ms", "'abc'"),
        ("resnet-18,eager,fp32,1,0,5,300,reported,my-notes", "latency_ms", "from 1e-09"),
        ("resnet-18,eager,fp32,1,nan,5,300,reported,my-notes", "latency_ms", "'nan'"),
        ("resnet-18,eager,fp32,1,inf,5,300,reported,my-notes", "latency_ms", "'inf'"),
        ("resnet-18,eager,fp32,1,1_0,5,300,reported,my-notes", "latency_ms", "'1_0'"),
        ("resnet-18,eager,fp32,1,=1+2,5,300,reported,my-notes", "latency_ms", "'=1+2'"),
        ("resnet-18,eager,fp32,1,,5,300,reported,my-notes", "latency_ms", "nothing"),
        ("resnet-18,eager,fp32,1,20,-5,300,reported,my-notes", "net_power_w", "'-5'"),
        ("resnet-18,eager,fp32,1,20,5,1e99,reported,my-notes", "memory_mb", "to 1e+09"),
        ("resnet-18,eager,fp32,1.5,20,5,300,reported,my-notes", "batch", "a whole number"),
        ("resnet-18,eager,fp32,,20,5,300,reported,my-notes", "batch", "nothing"),
        ("resnet-81,eager,fp32,1,20,5,300,reported,my-notes", "architecture", "'resnet-18'?"),
        ("=cmd(),eager,fp32,1,20,5,300,reported,my-notes", "architecture", "a name of letters"),
        ("resnet-18,,fp32,1,20,5,300,reported,my-notes", "runtime", "a name"),
        ("resnet-18,eager,fp32,1,20,5,300,guessed,my-notes", "origin", "a known origin"),
        ("resnet-18,eager,fp32,1,20,5,300,,my-notes", "origin", "the origin of latency"),
        ("resnet-18,eager,fp32,1,20,5,300,reported,my-note", "source", "'my-notes'?"),
        ("resnet-18,eager,fp32,1,20,5,300,reported,", "source", "the source of latency"),
    ],
)
def test_a_bad_cell_is_named_with_its_line_and_column(
    overlay: Overlay, row: str, column: str, said: str
) -> None:
    path = overlay.measurements("resnet-50,eager,fp32,1,50,5,,reported,my-notes", row)
    with pytest.raises(BrokenFileError) as refused:
        read_measurements(path, {"resnet-18", "resnet-50"}, {"my-notes"})
    fault = next(fault for fault in refused.value.faults if fault.column == column)
    assert (fault.path, fault.line) == (path, 3)
    assert said in str(fault)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "found nothing; expected a header"),
        ("architecture,batch\n", "a header that begins architecture,runtime,"),
        (f"{HEADER},extra\n", "a known column"),
        (f"{HEADER},latency_low_m\n", "did you mean 'latency_low_ms'?"),
        (f"{HEADER},source\n", "twice"),
        (f"{HEADER}\nresnet-18,eager,fp32,1,20,5", "a row of 6 cells; expected 9"),
        (f'{HEADER}\n"resnet-18,eager\n', "a broken row"),
        (f"{HEADER}\nresnet-18,eager,fp32,1,\0,5,300,reported,my-notes\n", "a NUL byte"),
        (f"{HEADER}\n{ROWS[0]}\n{ROWS[0]}\n", "that line 2 has already"),
    ],
)
def test_a_table_that_is_none_is_refused(overlay: Overlay, content: str, said: str) -> None:
    path = overlay.write("boards/small/measurements.csv", content)
    with pytest.raises(BrokenFileError) as refused:
        read_measurements(path, {"resnet-18", "resnet-50"}, {"my-notes"})
    assert said in " | ".join(map(str, refused.value.faults))


def test_every_fault_of_a_file_is_told(overlay: Overlay) -> None:
    path = overlay.measurements(
        "resnet-18,eager,fp32,x,20,5,300,reported,my-notes",
        "resnet-50,eager,fp32,1,-1,5,300,reported,nobody",
    )
    with pytest.raises(BrokenFileError) as refused:
        read_measurements(path, {"resnet-18", "resnet-50"}, {"my-notes"})
    places = [(fault.line, fault.column) for fault in refused.value.faults]
    assert places == [(2, "batch"), (3, "latency_ms"), (3, "source")]
    assert "2 more faults" in refused.value.hint


def test_a_metric_may_have_its_own_origin_and_source(overlay: Overlay) -> None:
    path = overlay.measurements(
        "resnet-18,eager,fp32,1,20,5,,measured,run-1,declared,my-notes",
        header=HEADER + ",net_power_origin,net_power_source",
    )
    rows = read_measurements(path, {"resnet-18"}, {"my-notes", "run-1"})
    assert rows.latency_ms.origin.names[rows.latency_ms.origin.index[0]] == "measured"
    assert rows.net_power_w.origin.names[rows.net_power_w.origin.index[0]] == "declared"
    assert rows.net_power_w.source.names[rows.net_power_w.source.index[0]] == "my-notes"


@pytest.mark.parametrize(
    ("ends", "good"),
    [("19,21", True), ("20,20", True), ("19,", False), ("21,22", False), ("21,19", False)],
)
def test_an_interval_lies_around_its_value(overlay: Overlay, ends: str, good: bool) -> None:
    path = overlay.measurements(
        f"resnet-18,eager,fp32,1,20,5,300,reported,my-notes,{ends}",
        header=HEADER + ",latency_low_ms,latency_high_ms",
    )
    if good:
        rows = read_measurements(path, {"resnet-18"}, {"my-notes"})
        low, high = map(float, ends.split(","))
        assert (rows.latency_ms.values.low[0], rows.latency_ms.values.high[0]) == (low, high)
    else:
        with pytest.raises(BrokenFileError, match="both ends of an interval around 20"):
            read_measurements(path, {"resnet-18"}, {"my-notes"})


def test_a_row_that_did_not_run_has_no_figures(overlay: Overlay) -> None:
    header = HEADER + ",status"
    path = overlay.measurements(
        "resnet-18,eager,fp32,64,,,,reported,my-notes,does_not_fit", header=header
    )
    assert read_measurements(path, {"resnet-18"}, {"my-notes"}).status.names == ("does_not_fit",)
    path = overlay.measurements(
        "resnet-18,eager,fp32,64,20,,,reported,my-notes,does_not_fit", header=header
    )
    with pytest.raises(BrokenFileError, match="nothing, since the status is 'does_not_fit'"):
        read_measurements(path, {"resnet-18"}, {"my-notes"})


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("title: A small board\n", ""), 1, "the key 'title' with a value"),
        (("weights: paper", "weights: [paper]"), 3, "found a list; expected text"),
        (("weights: paper", "wieghts: paper"), 3, "did you mean 'weights'?"),
        (("value: 2 W", "value: 2"), 2, "found '2'; expected a power like '12 W'"),
        (("value: 2 W", "value: -2 W"), 2, "found '-2 W'"),
        (("source: my-notes}", "source: mine}"), 2, "a known source (known: my-notes)"),
        (("error: 100 mW", "eror: 100 mW"), 2, "did you mean 'error'?"),
        (("{value: 2 W, error: 100 mW, source: my-notes}", "2 W"), 2, "a mapping for 'idle_power'"),
    ],
)
def test_a_bad_field_is_named_with_its_line(
    overlay: Overlay, change: tuple[str, str], line: int, said: str
) -> None:
    path = overlay.folder / "boards/small/board.yaml"
    content = path.read_text()
    assert change[0] in content
    path.write_text(content.replace(*change))
    with pytest.raises(BrokenFileError) as refused:
        read_board(path.parent, "own", {"my-notes"})
    fault = next(fault for fault in refused.value.faults if said in str(fault))
    assert fault.line == line


def test_architectures_are_checked_field_by_field(overlay: Overlay) -> None:
    path = overlay.write(
        "architectures.yaml",
        "=evil:\n  family: X\nenet:\n  family: X\n  input: 224\n  reference: mine\n"
        "  reported: {source: my-notes, params: {value: 25 MB}, operations: {value: 1G}}\n",
    )
    with pytest.raises(BrokenFileError) as refused:
        read_architectures(path, {"my-notes"})
    told = [(fault.line, fault.found) for fault in refused.value.faults]
    assert told == [(1, "the key '=evil'"), (5, "'224'"), (7, "'25 MB'")]


def test_weights_need_an_accuracy_and_a_name_of_their_own(overlay: Overlay) -> None:
    header = ",".join(WEIGHTS_COLUMNS)
    path = overlay.write(
        "weights.csv",
        f"{header}\nnet,mine,70,,,90,reported,my-notes\nnet,mine,71,,,,reported,my-notes\n"
        "net,other,,,,,reported,my-notes\nnet,third,101,,,,reported,my-notes\n",
    )
    with pytest.raises(BrokenFileError) as refused:
        read_weights(path, {"net"}, {"my-notes"})
    told = [(fault.line, fault.column) for fault in refused.value.faults]
    assert told == [(3, "architecture"), (4, "top1_percent"), (5, "top1_percent")]


def test_the_name_of_an_architecture_tells_its_size(overlay: Overlay) -> None:
    entry = "{{family: X, input: 3x{}x{}, reference: mine}}\n"
    path = overlay.write(
        "architectures.yaml",
        f"net: {entry.format(224, 224)}net@160: {entry.format(224, 224)}"
        f"other@160: {entry.format(160, 160)}vgg-16: {entry.format(160, 160)}",
    )
    with pytest.raises(BrokenFileError) as refused:
        read_architectures(path, ())
    assert [(fault.line, fault.expected) for fault in refused.value.faults] == [
        (1, "a name with its size, like net@224"),
        (2, "a name with its size, like net@224"),
    ]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("net,any,70,,,,reported,my-notes", "weights"),
        ("net,x,0.715,,,,reported,my-notes", "top1_percent"),
        ("net,x,70,,,60,reported,my-notes", "top5_percent"),
    ],
)
def test_weights_that_cannot_be(overlay: Overlay, row: str, column: str) -> None:
    path = overlay.write("weights.csv", ",".join(WEIGHTS_COLUMNS) + f"\n{row}\n")
    with pytest.raises(BrokenFileError) as refused:
        read_weights(path, {"net"}, {"my-notes"})
    assert [fault.column for fault in refused.value.faults] == [column]


def test_tails_lie_above_the_median(overlay: Overlay) -> None:
    path = overlay.measurements(
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes,19,18",
        header=HEADER + ",latency_p90_ms,latency_p99_ms",
    )
    with pytest.raises(BrokenFileError) as refused:
        read_measurements(path, {"resnet-18"}, {"my-notes"})
    columns = [fault.column for fault in refused.value.faults]
    assert columns == ["latency_p90_ms", "latency_p99_ms"]


def test_a_pipe_or_a_device_is_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(BrokenFileError, match="a device or pipe"):
            read_csv(path, ["a"])


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "architectures.yaml").symlink_to(tmp_path / "architectures.yaml")
    (tmp_path / "weights.csv").symlink_to(tmp_path / "gone")
    told = check(Catalog.open(tmp_path)).faults
    assert [fault.path.name for fault in told] == ["architectures.yaml", "weights.csv"]


def test_a_link_stays_one_and_a_pipe_is_refused(tmp_path: Path) -> None:
    target, link, pipe = (tmp_path / name for name in ("target.txt", "link.txt", "pipe"))
    target.write_text("old")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    os.mkfifo(pipe)
    for path, said in ((pipe, "no plain file"), (tmp_path, "a folder")):
        with pytest.raises(AdvisorError, match=said):
            write_whole(path, "new")
    assert pipe.is_fifo()


def test_the_nearest_name_is_sought_for_a_few_unknown_ones_alone(tmp_path: Path) -> None:
    board = tmp_path / "boards/mine"
    board.mkdir(parents=True)
    (board / "board.yaml").write_text("title: Mine\nsource: advisor-declared\n")
    (board / "measurements.csv").write_text(
        "architecture,runtime,precision,batch,latency_ms,net_power_w,memory_mb,origin,source\n"
        + "".join(
            f"resnet-{number}x,r,fp32,1,9,,,reported,advisor-declared\n" for number in range(50)
        )
    )
    faults = [
        each for each in advisor.check_catalog(tmp_path).faults if each.column == "architecture"
    ]
    assert len(faults) == 50
    assert all(each.expected.startswith("a known architecture") for each in faults)
    assert 1 <= sum("did you mean" in each.expected for each in faults) <= 10
