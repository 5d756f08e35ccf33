"""`advisor figures`: files, bad input, and boards that lack most."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from advisor import AdvisorError
from advisor.catalog.store import Catalog
from advisor.paper.board_data import board_data
from advisor.paper.evidence import Evidence
from advisor.paper.ten_figures import FIGURES, figures, read_numbers
from advisor.report.charts.drawing import picture
from advisor.report.charts.figure import Figure
from advisor.report.terminal import BEST_WEIGHTS
from tests.conftest import Overlay, Ran, Run
from tests.pictures import SVG, dots, texts

PANELLED = (7, 8, 9)


def refused(ran: Ran, *said: str) -> None:
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    for words in said:
        assert words in ran.err


def test_all_ten_are_written_and_listed(run: Run, tmp_path: Path) -> None:
    ran = run("figures", "-o", tmp_path / "new")
    assert (ran.code, ran.err) == (0, "")
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert len(names) == 10
    assert [names[0], names[-1]] == ["figure-01-top1.svg", "figure-10-accuracy-per-parameter.svg"]
    assert ran.out.splitlines() == [str(tmp_path / "new" / name) for name in names]
    for name in names:
        svg = (tmp_path / "new" / name).read_bytes()
        assert ElementTree.fromstring(svg).tag == f"{SVG}svg"
        assert any("jetson-tx1" in text for text in texts(svg))


def test_what_lacks_is_named_and_the_command_succeeds(run: Run, tmp_path: Path) -> None:
    ran = run("figures", "--board", "xeon-2-cores-vm", "--only", "8, 4", "-o", tmp_path)
    assert ran.code == 0
    assert [line.split("/")[-1] for line in ran.out.splitlines()] == [
        "figure-04-power-against-batch.svg",
        "figure-08-operations-against-power.svg",
    ]
    assert ran.err.count("has no net power figures: it was measured without a meter") == 2
    assert "figure 4: " in ran.err and "figure 8: " in ran.err


def test_a_png_is_a_png(run: Run, tmp_path: Path) -> None:
    assert run("figures", "--format", "png", "--only", "2", "-o", tmp_path).code == 0
    (path,) = tmp_path.iterdir()
    assert path.name.endswith(".png")
    assert path.read_bytes().startswith(b"\x89PNG\r\n")


def test_the_readmes_picture_is_the_commands(run: Run, tmp_path: Path) -> None:
    assert run("figures", "--board", "jetson-tx1", "--only", "2", "-o", tmp_path).code == 0
    (path,) = tmp_path.iterdir()
    kept = Path(__file__).resolve().parent.parent / "docs/ball-chart.svg"
    assert texts(path.read_bytes()) == texts(kept.read_bytes()), "`make pictures` renews it"


def test_names_are_written_that_are_asked_for(run: Run, tmp_path: Path) -> None:
    asked = ("figures", "--board", "xeon-2-cores-vm", "--only", "9", "-o", tmp_path)
    assert run(*asked).code == 0
    (path,) = tmp_path.iterdir()
    assert "vgg-16" not in texts(path.read_bytes())
    assert run(*asked, "--label", "VGG-16").code == 0
    assert "vgg-16" in texts(path.read_bytes())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--label", "resnet-19"), ("label: network 'resnet-19' is", "did you mean 'resnet-18'?")),
        (("--only", "11"), ("only: unknown figure '11'", "1 to 10")),
        (("--only", "x"), ("only: unknown figure 'x'",)),
        (("--only", ""), ("only: unknown figure ''",)),
        (("--only", "2,,9"), ("only: unknown figure ''",)),
        (("--only", "0"), ("only: unknown figure '0'",)),
        (("--only", "²"), ("unknown figure",)),
        (("--only", "-1"), ("unknown figure",)),
        (("--format", "pdf"), ("unknown format 'pdf'", "svg or png")),
        (("--board", "jetson-tx2"), ("unknown board 'jetson-tx2'", "jetson-tx1")),
        (("--catalog", "/no/such/folder"), ("/no/such/folder",)),
    ],
)
def test_bad_input(
    run: Run, tmp_path: Path, options: tuple[str, ...], said: tuple[str, ...]
) -> None:
    refused(run("figures", "-o", tmp_path / "out", *options), *said)
    assert not (tmp_path / "out").exists()


def test_a_target_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here already")
    refused(run("figures", "--only", "1", "-o", tmp_path / "file"), "cannot be written", "file")
    refused(run("figures", "--only", "1", "-o", tmp_path / "file/below"), "cannot be written")
    (tmp_path / "out/figure-01-top1.svg").mkdir(parents=True)
    refused(run("figures", "--only", "1", "-o", tmp_path / "out"), "cannot be written")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["figure-01-top1.svg"]


@pytest.mark.parametrize("library", ["altair", "vl_convert"])
def test_without_the_plotting_libraries(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.delitem(sys.modules, "advisor.report.charts.drawing", raising=False)
    for name in [name for name in sys.modules if name.startswith("advisor.report.charts.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    refused(run("figures", "-o", tmp_path), f"drawing needs {library}", "dnn-advisor[report]")


def test_choosing_does_not_import_them() -> None:
    script = (
        "import sys\nfrom advisor.cli import main\nsys.argv = ['advisor', 'pick']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted(each for each in sys.modules if each in ('altair', 'vl_convert') "
        "or each.startswith(('advisor.report.charts', 'advisor.paper'))))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_from_python(tmp_path: Path) -> None:
    drawn = figures("xeon-2-cores-vm", tmp_path, only=(4, 2))
    assert (drawn.board, drawn.unpredicted) == ("xeon-2-cores-vm", "")
    assert [each.number for each in drawn.figures] == [2, 4]
    assert {each.path for each in drawn.figures} == set(tmp_path.iterdir())
    assert [bool(each.lacks) for each in drawn.figures] == [False, True]


def test_numbers_are_sorted_and_once() -> None:
    assert read_numbers(None) == list(range(1, 11))
    assert read_numbers("9, 2,9") == read_numbers((9, 2)) == [2, 9]
    with pytest.raises(AdvisorError):
        read_numbers("2;9")


# --- boards that lack most


def drawn(overlay: Overlay, *numbers: int) -> Iterator[tuple[Figure, bytes]]:
    data = board_data(Catalog.open(overlay.folder), "small")
    for number in numbers or FIGURES:
        figure = FIGURES[number](data)
        yield figure, picture(figure, "svg")


def test_a_board_with_one_network_says_what_that_is_too_few_for(overlay: Overlay) -> None:
    overlay.measurements("resnet-18,eager,fp32,1,20,5,300,reported,my-notes")
    by_number = {figure.number: (figure, svg) for figure, svg in drawn(overlay)}
    lacks = {number: figure.lacks for number, (figure, _) in by_number.items() if figure.lacks}
    assert set(lacks) == set(PANELLED)
    assert lacks[7][0] == "Too few networks for a line: it takes 3 that differ."
    assert lacks[9][0] == "Too few networks for a bound: it takes 2."
    assert all(each[-1] == "Board small has no rows at batch 16." for each in lacks.values())
    for number, words in lacks.items():
        written = " ".join(texts(by_number[number][1]))
        assert all(each in written for each in words)
        assert "resnet-18" in written


def test_a_board_without_rows_says_so_ten_times(overlay: Overlay) -> None:
    overlay.measurements()
    for figure, svg in drawn(overlay):
        assert figure.lacks == ("Board small has no rows that ran.",)
        assert figure.lacks[0] in texts(svg)


def test_markup_in_a_title_stays_text(overlay: Overlay) -> None:
    title = "</text><script>alert(1)</script> & co"
    overlay.write(
        "boards/small/board.yaml", f'title: "{title}"\nweights: paper\nsource: my-notes\n'
    )
    for _, svg in drawn(overlay, 2, 3, 8, 10):
        assert b"<script" not in svg
        assert any(title in text for text in texts(svg))


def test_a_long_name_does_not_widen_a_picture(overlay: Overlay) -> None:
    name = "a" * 60 + "@224"
    overlay.write(
        "architectures.yaml",
        f'{name}:\n  family: Long\n  input: 3x224x224\n  reference: "x"\n  counted:\n'
        "    source: my-notes\n    params: {value: 5M, error: 0}\n"
        "    operations: {value: 1G, error: 0}\n",
    )
    header = "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent"
    overlay.write("weights.csv", f"{header},origin,source\n{name},paper,70,,,,reported,my-notes\n")
    overlay.measurements(
        f"{name},eager,fp32,1,20,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,30,5,300,reported,my-notes",
    )
    for _, svg in drawn(overlay, 1, 2, 3):
        assert float(ElementTree.fromstring(svg).attrib["width"]) < 860
        assert name not in texts(svg)


def test_the_runtime_with_most_rows_is_drawn_and_named(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes",
        "resnet-18,trt,fp16,1,2,,,reported,my-notes",
        "resnet-18,trt,fp16,4,6,,,reported,my-notes",
    )
    data = board_data(Catalog.open(overlay.folder), "small")
    figure = FIGURES[3](data)
    assert [(dot.batch, dot.y.value) for dot in dots(figure)] == [(1, 2), (4, 1.5)]
    assert "trt, fp16 (most rows; not drawn: eager+fp32)" in figure.said


def test_a_board_that_names_no_weights_takes_the_best_of_each_network(overlay: Overlay) -> None:
    overlay.write("boards/small/board.yaml", "title: A board\nsource: my-notes\n")
    catalog = Catalog.open(overlay.folder)
    data = board_data(catalog, "small")
    figure = FIGURES[1](data)
    published = {name: of.accuracy_percent.value for name, of in catalog.best_weights.items()}
    assert {dot.network: dot.x.value for dot in dots(figure)} == {
        name: published[name] for name in ("resnet-18", "resnet-50")
    }
    assert published["resnet-50"] > 75.99  # than the set that the paper measured
    assert f"weights: {BEST_WEIGHTS} (the board names none)" in figure.said
    # What the findings are tested on is what the figures show.
    tested = Evidence.of(catalog, "small")
    assert dict(zip(tested.names.tolist(), tested.top1.tolist(), strict=True)) == {
        each.name: each.top1_percent.value for each in data.networks if each.top1_percent
    }


def test_gaps_are_predicted_where_the_board_has_models(
    run: Run, overlay: Overlay, tmp_path: Path
) -> None:
    catalog = Catalog.open()
    shipped = (catalog.board("jetson-tx1").folder / "measurements.csv").read_text().splitlines()
    kept = [line for line in shipped if not line.startswith("resnet-50,torch7,fp32,4,")]
    text = (catalog.board("jetson-tx1").folder / "board.yaml").read_text()
    shipped_sources = catalog.board("jetson-tx1").folder.parents[1] / "sources.yaml"
    overlay.write("sources.yaml", shipped_sources.read_bytes())
    overlay.write("boards/small/board.yaml", text)
    overlay.write("boards/small/measurements.csv", "\n".join(kept) + "\n")
    ran = run(
        "figures", "--board", "small", "--only", "1", "-o", tmp_path, "--catalog", overlay.folder
    )
    assert (ran.code, "nothing is predicted: board small has no fit" in ran.err) == (0, True)
    assert run("fit", "small", "--catalog", overlay.folder).code == 0
    figure = FIGURES[3](board_data(Catalog.open(overlay.folder), "small"))
    hollow = [dot for dot in dots(figure) if dot.predicted]
    assert [(dot.network, dot.batch) for dot in hollow] == [("resnet-50", 4)]
    low, high = hollow[0].y.low, hollow[0].y.high
    assert low is not None and high is not None
    assert low < hollow[0].y.value < high
    assert math.isclose(hollow[0].y.value, 53, rel_tol=0.1)


def test_a_board_that_states_a_rate_alone_is_drawn_by_it(run: Run, tmp_path: Path) -> None:
    ran = run("figures", "--board", "hailo-8", "--only", "1,2,3,7,9", "-o", tmp_path)
    assert ran.code == 0
    assert ran.err.count("has no latency figures: what is known is its throughput") == 2
    assert "figure 1:" not in ran.err and "figure 2:" not in ran.err
    table = Catalog.open().measurements(Catalog.open().board("hailo-8.hailo-v2.18.0"))
    (panel, *_) = FIGURES[9](board_data(Catalog.open(), "hailo-8.hailo-v2.18.0")).panels
    assert {dot.x.value for dot in panel.dots} <= set(table.throughput_fps.values.value.tolist())
