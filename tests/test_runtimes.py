"""Runtimes beside eager: what may be asked, whose answers are right, and real ones in a real child."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from advisor.errors import AdvisorError
from advisor.measuring.answers import (
    TOLERANCES,
    WRONG,
    compare_answers,
    compared_images,
    fault,
    in_batches,
    rounding_of,
)
from advisor.measuring.children import Isolation
from advisor.measuring.runtimes.exports import drop_oldest, export_folder, is_there, kept
from advisor.measuring.runtimes.variants import (
    PRECISIONS,
    RUNTIMES,
    check_installed,
    prepared_as,
    requested_variants,
)
from advisor.measuring.tasks import Cell, PreparedFound, Task, TimingFound
from tests.measuring_children import (
    LONG_S,
    isolation,
    memory_without_torch,
    own_task,
    quantise_without_shapes,
    rounding_of_eager,
    serve_all,
    tiny,
)

# --- what may be asked


@given(
    runtimes=st.lists(st.sampled_from(sorted(RUNTIMES)), min_size=1),
    precisions=st.lists(st.sampled_from(PRECISIONS), min_size=1),
    device=st.sampled_from(["cpu", "cuda:0"]),
)
def test_every_runtime_and_precision_that_was_asked_for_is_there_or_refused(
    runtimes: list[str], precisions: list[str], device: str
) -> None:
    try:
        variants, left_out = requested_variants(runtimes, precisions, device)
    except AdvisorError as error:
        assert error.hint
        return
    assert {runtime for runtime, _ in variants} == set(runtimes)
    assert {precision for _, precision in variants} == set(precisions)
    assert len(variants) + len(left_out) == len(set(runtimes)) * len(set(precisions))
    kind = device.partition(":")[0]
    assert all(precision in RUNTIMES[name].precisions[kind] for name, precision in variants)


@pytest.mark.parametrize(
    ("runtimes", "precisions", "device", "said"),
    [
        (["onnx-runtime"], ["fp32"], "cpu", "did you mean 'onnxruntime'"),
        (["eager"], ["int4"], "cpu", "precision 'int4' cannot be measured .*int8"),
        (["openvino"], ["fp32"], "cuda:0", "openvino cannot be measured on cuda .it runs on cpu"),
        (["onnxruntime"], ["bf16"], "cpu", "has no bf16 on cpu .it has fp32, int8"),
        (["eager"], ["fp32", "int8"], "cpu", "no int8 on cpu .ask onnxruntime or openvino"),
        (["eager", "compile"], ["fp32", "int8"], "cuda:0", "nothing here has it on cuda"),
    ],
)
def test_what_cannot_run_is_refused_with_what_can(
    runtimes: list[str], precisions: list[str], device: str, said: str
) -> None:
    with pytest.raises(AdvisorError, match=said):
        requested_variants(runtimes, precisions, device)


def test_all_that_is_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("onnxscript", "onnxruntime"):
        monkeypatch.setitem(sys.modules, library, None)
    check_installed([("eager", "fp32")], "cpu")
    with pytest.raises(
        AdvisorError,
        match=r"onnxruntime needs onnxscript, onnxruntime, which are .*dnn-advisor\[runtimes\]",
    ):
        check_installed([("eager", "fp32"), ("onnxruntime", "fp32")], "cpu")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(AdvisorError, match=r"needs a C\+\+ compiler"):
        check_installed([("compile", "fp32")], "cpu")


def test_what_is_compiled_for_one_batch_is_prepared_for_each() -> None:
    assert prepared_as(Cell("bn-nin", 4)) is None
    exported = [prepared_as(Cell("bn-nin", size, "openvino", "int8")) for size in (1, 4)]
    assert exported[0] == exported[1]
    compiled = [prepared_as(Cell("bn-nin", size, "compile", "fp32")) for size in (1, 4)]
    assert compiled[0] != compiled[1]


def test_a_network_whose_shapes_cannot_be_inferred_is_quantised_all_the_same(
    tmp_path: Path,
) -> None:
    """ONNX Runtime's own inference of shapes breaks on Swin v2."""
    from tests.test_own_networks import saved

    net = saved(
        tmp_path / "net.onnx",
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        [numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "w")],
    )
    model = onnx.load(str(net))
    model.ir_version = 10  # onnx writes a newer one than ONNX Runtime reads
    onnx.save(model, str(net))
    quantised = tmp_path / "net.int8.onnx"
    arguments = (str(net), (3, 8, 8), str(quantised))
    outcome = isolation().run(quantise_without_shapes, *arguments, limit_s=LONG_S)
    assert outcome.status == "ok", outcome.reason
    nodes = onnx.load(str(quantised)).graph.node
    assert "QuantizeLinear" in {node.op_type for node in nodes}


# --- right and wrong answers


ANSWERS = np.array([[1.0, -4.0], [2.0, 0.0]], dtype=np.float32)


@given(shift=st.floats(0, 10))
def test_a_difference_is_a_share_of_the_largest_answer(shift: float) -> None:
    difference, effect = compare_answers(ANSWERS, ANSWERS + np.float32(shift))
    assert difference == pytest.approx(shift / 4, rel=1e-3, abs=1e-6)
    assert effect == 1.0


def test_answers_beyond_the_tolerance_are_wrong() -> None:
    for precision, tolerance in TOLERANCES.items():
        assert fault(precision, PreparedFound("", 0.9 * tolerance, 1.0)) == ""
        said = fault(precision, PreparedFound("", 1.1 * tolerance, 1.0))
        assert said.startswith(f"{WRONG}: they differ from eager fp32")
    assert fault("int8", PreparedFound("", 0.9, 1.0)) == ""


def test_what_the_reference_itself_rounds_away_is_not_held_against_a_runtime() -> None:
    """EfficientNet-B2 on random weights: eager is 0.6 % off itself in double precision."""
    off = PreparedFound("", 0.029, 1.0, rounding=0.0063)
    assert fault("fp32", off) == ""
    assert fault("fp32", replace(off, rounding=0.001)).startswith(WRONG)
    assert "rounding alone changes them" in fault("fp16", off)
    for precision in ("fp16", "bf16"):  # ResNet-50 rounds away 2e-6: that excuses no wrong answers
        assert fault(precision, PreparedFound("", 1.0, 1.0, rounding=2e-6)).startswith(WRONG)
    assert rounding_of(ANSWERS, ANSWERS * 1.5) == 0.5
    assert rounding_of(ANSWERS, ANSWERS * np.nan) == 0.0


def test_a_network_is_hardly_off_itself_in_double_precision() -> None:
    outcome = isolation().run(rounding_of_eager, "resnet-18", (3, 32, 32), limit_s=LONG_S)
    assert outcome.status == "ok", outcome.reason
    assert 1e-9 < outcome.value < 1e-4


def test_answers_that_are_no_numbers_are_wrong() -> None:
    difference, effect = compare_answers(ANSWERS, ANSWERS * np.float32("nan"))
    assert difference is None
    assert "no numbers" in fault("fp16", PreparedFound("", difference, effect))
    for nothing in (0 * ANSWERS, np.full_like(ANSWERS, np.inf)):
        with pytest.raises(AdvisorError, match="cannot be compared"):
            compare_answers(nothing, ANSWERS)


def test_agreement_proves_nothing_where_every_image_is_answered_alike() -> None:
    alike = np.array([[1.0, -4.0], [1.0, -4.0]], dtype=np.float32)
    said = fault("fp32", PreparedFound("", *compare_answers(alike, alike)))
    assert "two images change them by only 0" in said


@given(batch=st.integers(1, 9))
def test_images_come_in_whole_batches_of_two_at_least(batch: int) -> None:
    images = compared_images((3, 4, 4), batch)
    assert len(images) >= 2
    assert len(images) % batch == 0
    sizes: list[int] = []

    def answer(some: np.ndarray) -> np.ndarray:
        sizes.append(len(some))
        return some

    assert np.array_equal(in_batches(answer, images, batch), images)
    assert set(sizes) == {batch}


# --- files of exported networks


def test_a_file_is_made_once_and_never_half() -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_text("whole")
        path.with_suffix(".bin").write_text("beside")

    def fail(path: Path) -> None:
        path.write_text("ha")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        kept("tv:net@224", "key", ".xml", fail)
    assert not is_there("tv-net-224-key.xml")
    for _ in range(2):
        path = kept("tv:net@224", "key", ".xml", make, beside=".bin")
    assert path == export_folder() / "tv-net-224-key.xml"
    assert (path.read_text(), path.with_suffix(".bin").read_text()) == ("whole", "beside")
    assert len(made) == 1
    assert is_there(path.name)
    assert is_there("")


def test_the_folder_keeps_what_was_used_last() -> None:
    def make(path: Path) -> None:
        path.write_bytes(b"x" * 100)
        path.with_suffix(".bin").write_bytes(b"x" * 100)

    names = ["old", "used", "new"]
    made = {name: kept(name, "key", ".xml", make, beside=".bin") for name in names}
    kernels = export_folder() / "inductor" / "kernel"
    kernels.parent.mkdir()
    kernels.write_bytes(b"x" * 100)
    for age, path in enumerate([made["new"], made["used"], made["old"], kernels], start=1):
        for each in (path, path.with_suffix(".bin"), path.parent):
            if each.exists() and each != export_folder():
                os.utime(each, (1e9 - age, 1e9 - age))
    drop_oldest()
    assert kernels.exists()
    assert kept("used", "key", ".xml", make) == made["used"]
    drop_oldest(most_bytes=450)
    assert sorted(each.name for each in export_folder().iterdir()) == [
        f"{name}-key.{ending}" for name in ("new", "used") for ending in ("bin", "xml")
    ]
    drop_oldest(most_bytes=250)
    assert [each.name for each in export_folder().iterdir() if each.suffix == ".xml"] == [
        "used-key.xml"
    ]
    drop_oldest(most_bytes=0)
    assert list(export_folder().iterdir()) == []
    export_folder().rmdir()
    drop_oldest()


# --- real runtimes in a real child

ORT, INT8, OV = ("onnxruntime", "fp32"), ("onnxruntime", "int8"), ("openvino", "fp32")
OWN = {
    "any.onnx": (ORT, INT8, OV),
    "one.onnx": (ORT, OV),
    "half.onnx": (("onnxruntime", "fp16"),),
    "bytes.onnx": (ORT, OV, INT8),
    "quantised.onnx": (INT8, ("openvino", "int8")),
    "gone.onnx": (ORT,),
    "any.pt2": (("eager", "bf16"), ORT, OV),
    "one.pt2": (ORT,),
}
"""Files of the user's own, by what runs them."""


def own_networks(folder: Path) -> list[Task]:
    """Files and code of the user's own, written into a folder; each to be prepared for some runtimes."""
    from advisor.architectures.own_network import read_own
    from tests.test_measure_own import CODE, exported
    from tests.test_own_networks import NODES, WEIGHTS, saved

    random = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(random.normal(size=each.dims).astype(np.float32), each.name)
        for each in WEIGHTS
    ]
    halves = [
        numpy_helper.from_array(numpy_helper.to_array(each).astype(np.float16), each.name)
        for each in weights
    ]
    in_bytes = [
        helper.make_node("Cast", ["i"], ["floats"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["x"], perm=[0, 3, 1, 2]),
    ]
    integers = [
        numpy_helper.from_array(numpy_helper.to_array(weights[0]).astype(np.int8), "q"),
        numpy_helper.from_array(np.float32(0.1), "s"),
    ]
    dequantised = [helper.make_node("DequantizeLinear", ["q", "s"], ["w"])]
    forms: dict[str, tuple[Sequence[Any], Sequence[Any], tuple[int | str, ...], int]] = {
        "any": (NODES, weights, ("many", 3, 8, 8), onnx.TensorProto.FLOAT),
        "one": (NODES, weights, (1, 3, 8, 8), onnx.TensorProto.FLOAT),
        "half": (NODES, halves, ("many", 3, 8, 8), onnx.TensorProto.FLOAT16),
        "bytes": ([*in_bytes, *NODES], weights, ("many", 8, 8, 3), onnx.TensorProto.UINT8),
        "quantised": (
            [*dequantised, *NODES],
            [*weights[1:], *integers],
            ("many", 3, 8, 8),
            onnx.TensorProto.FLOAT,
        ),
    }
    for name, (nodes, stored, shape, kind) in forms.items():
        model = onnx.load(str(saved(folder / f"{name}.onnx", nodes, stored, shape)))
        model.ir_version = 10  # onnx writes a newer one than ONNX Runtime reads
        model.graph.input[0].type.tensor_type.elem_type = kind
        if name == "half":
            model.graph.output[0].type.tensor_type.elem_type = kind
        if name == "bytes":
            model.graph.input[0].name = "i"
        path = str(folder / f"{name}.onnx")
        onnx.save(model, path, save_as_external_data=name == "any", size_threshold=0)
    (folder / "gone.onnx").write_bytes((folder / "one.onnx").read_bytes())
    exported(folder / "any.pt2", None)
    exported(folder / "one.pt2", 1)
    (folder / "own_code.py").write_text(CODE)
    read = {name: read_own(str(folder / name)) for name in OWN}
    read["gone.onnx"] = replace(read["gone.onnx"], content="0123")
    of_any = replace(read["any.pt2"], content="c0de")
    files = [
        own_task(str(folder / name), read[name], *variant)
        for name, variants in OWN.items()
        for variant in variants
    ]
    of_code = {"branching": (ORT, ("eager", "bf16")), "several_in_another_format": (ORT,)}
    return files + [
        own_task(f"own_code:{name}", of_any, *variant)
        for name, variants in of_code.items()
        for variant in variants
    ]


@dataclass(frozen=True)
class Served:
    """What was prepared and served in a child, and where its exports lie."""

    cache: str
    tiny: dict[str, tuple[PreparedFound, TimingFound]]
    own: dict[tuple[str, str, str], tuple[str, PreparedFound | None]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Both kinds of network in one child, since loading the libraries takes most of the time."""
    folder = tmp_path_factory.mktemp("served")
    cache = str(folder / "cache")
    variants = (ORT, INT8, OV, ("openvino", "int8"), ("eager", "bf16"))
    outcome = isolation().run(
        serve_all, cache, str(folder), variants, own_networks(folder), limit_s=LONG_S
    )
    assert outcome.status == "ok", outcome.reason
    return Served(cache, *outcome.value)


def test_exported_networks_answer_as_eager_does_and_serve_any_batch(served: Served) -> None:
    for name, (prepared, timed) in served.tiny.items():
        assert isinstance(timed, TimingFound)
        assert all(value > 0 for value in timed.values_ms)
        assert fault(name.split()[1], prepared) == "", asdict(prepared)
        assert prepared.image_effect > 0.1
    found = {name: prepared for name, (prepared, _) in served.tiny.items()}
    difference = {name: prepared.difference or 0.0 for name, prepared in found.items()}
    assert found["onnxruntime fp32"].prepared == found["openvino fp32"].prepared != ""
    assert difference["onnxruntime fp32"] < 1e-5
    assert difference["openvino fp32"] < 1e-5
    assert difference["eager bf16"] > 1e-5
    assert difference["onnxruntime int8"] > 1e-5
    assert difference["openvino int8"] > 1e-5


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_what_serves_without_torch_is_weighed_without_torch(served: Served, runtime: str) -> None:
    prepared, _ = served.tiny[f"{runtime} fp32"]
    task = replace(tiny(runtime, "fp32"), prepared=prepared.prepared)
    weighed = Isolation(None).run(memory_without_torch, served.cache, task, limit_s=LONG_S)
    assert weighed.status == "ok", weighed.reason
    memory, with_torch = weighed.value
    assert not with_torch
    assert memory.peak_mb > memory.empty_mb > 10


def test_every_kind_of_own_network_is_served_by_what_can(served: Served) -> None:
    found = dict(served.own)
    unexported, _ = found.pop(("own_code:branching", *ORT))
    assert unexported.startswith("does not export to ONNX: ")
    assert len(unexported) > len("does not export to ONNX: ")
    assert "has changed since this run began" in found.pop(("gone.onnx", *ORT))[0]
    for key, (said, prepared) in found.items():
        assert said == "", (key, said)
        assert prepared is not None
        reference = "ONNX Runtime without optimisations" if ".onnx" in key[0] else "eager fp32"
        assert prepared.reference == reference
        assert prepared.image_effect > 0.01
        if key[2] == "fp32":
            assert prepared.difference is not None
            assert prepared.difference < 1e-4
    assert len(found) == len(served.own) - 2 == 17
