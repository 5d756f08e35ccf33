"""A file of the ONNX format whose external data, sizes and names are not what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnx")

import onnx

from advisor.architectures.own_network import read_own
from advisor.errors import AdvisorError
from tests.conftest import Run

FLOAT = 1
NEEDED = 4 * 3 * 3 * 3 * 4
"""How many bytes the weight takes."""


def saved(folder: Path, name: str = "layer", **entries: str) -> Path:
    """A network of one convolution whose weight lies in another file, as its entries say."""
    helper = onnx.helper
    weight = onnx.TensorProto(name="w", data_type=FLOAT, dims=(4, 3, 3, 3))
    if entries:
        weight.data_location = onnx.TensorProto.EXTERNAL
        for key, value in entries.items():
            weight.external_data.add(key=key, value=value)
    else:
        weight.raw_data = bytes(NEEDED)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], name=name)],
        name,
        [helper.make_tensor_value_info("x", FLOAT, (1, 3, 8, 8))],
        [helper.make_tensor_value_info("y", FLOAT, (1, 4, 6, 6))],
        [weight],
    )
    path = folder / "net.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return path


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    (folder / "deeper").mkdir(parents=True)
    for place in (folder / "w.bin", folder / "deeper" / "w.bin", tmp_path / "outside.bin"):
        place.write_bytes(bytes(NEEDED))
    (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
    (folder / "inner.bin").symlink_to(folder / "w.bin")
    (folder / "up").symlink_to(tmp_path)
    return folder


@pytest.mark.parametrize("place", ["w.bin", "deeper/w.bin", "./w.bin", "inner.bin"])
def test_external_data_inside_the_folder_are_read(here: Path, place: str) -> None:
    path = saved(here, location=place, offset="0", length=str(NEEDED))
    assert read_own(str(path)).counts.params == 4 * 3 * 3 * 3


@pytest.mark.parametrize(
    "place",
    [
        *("../outside.bin", "deeper/../../outside.bin", "/etc/passwd", "{outside}", "link.bin"),
        *("up/outside.bin", "..\\outside.bin", "C:\\outside.bin", "", "w.bin\0", "w" * 5000),
    ],
)
def test_external_data_outside_of_it_are_not(here: Path, tmp_path: Path, place: str) -> None:
    path = saved(here, location=place.format(outside=tmp_path / "outside.bin"))
    with pytest.raises(AdvisorError, match="not inside its folder") as refused:
        read_own(str(path))
    assert len(refused.value.message) < 400


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"length": "999999999999"}, "takes 432 bytes"),
        ({"length": "4"}, "takes 432 bytes"),
        ({"offset": "4"}, "is truncated"),
        ({"offset": "-4"}, "is no place"),
        ({"offset": "9" * 5000}, "is no place"),
        ({"offset": "1e3"}, "is no place"),
        ({"location": "none.bin"}, "is missing"),
    ],
)
def test_places_that_lie_are_named(here: Path, entries: dict[str, str], said: str) -> None:
    path = saved(here, **{"location": "w.bin", **entries})
    with pytest.raises(AdvisorError, match=said):
        read_own(str(path))


@pytest.mark.parametrize("dims", [(4, 3, 3, 30), (-4, 3, 3, 3), (2**40, 2**20, 3, 3)])
def test_a_weight_of_another_size_than_it_says(here: Path, dims: tuple[int, ...]) -> None:
    path = saved(here)
    model = onnx.load(str(path))
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend(dims)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(AdvisorError, match="is said to be"):
        read_own(str(path))


def test_a_name_of_5000_characters_is_cut_where_it_is_said(here: Path, run: Run) -> None:
    ran = run("predict", saved(here, name="n" * 5000))
    assert ran.code == 0 and max(map(len, (ran.out + ran.err).splitlines())) < 400


def test_an_input_of_numbers_that_onnx_does_not_know_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    model = onnx.load(str(path))
    model.graph.input[0].type.tensor_type.elem_type = 99
    path.write_bytes(model.SerializeToString())
    with pytest.raises(AdvisorError, match=r"numbers of its input are unknown \(99\)"):
        read_own(str(path))


def test_operators_of_no_version_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    model = onnx.load(str(path))
    del model.opset_import[:]
    path.write_bytes(model.SerializeToString())
    with pytest.raises(AdvisorError, match="no network that ONNX allows"):
        read_own(str(path))
