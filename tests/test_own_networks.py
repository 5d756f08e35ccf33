"""Networks of the user's own: ONNX files, torch.export files, module:factory, and their accuracies."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from jsonschema import Draft202012Validator
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import advisor
from advisor import AdvisorError
from advisor.architectures import complexity
from advisor.architectures.own_network import read_own
from tests.conftest import Overlay, Run


def weight(name: str, *shape: int) -> Any:
    return numpy_helper.from_array(torch.zeros(shape).numpy(), name)


def saved(
    path: Path,
    nodes: Sequence[Any],
    weights: Sequence[Any],
    image: Sequence[int | str] = ("n", 3, 8, 8),
    output: str = "y",
) -> Path:
    """A network in the ONNX format."""
    graph = helper.make_graph(
        list(nodes),
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(image))],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        list(weights),
    )
    opset = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opset), str(path))
    return path


CONVOLUTION = helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1])
NODES = (
    CONVOLUTION,
    helper.make_node("Relu", ["c"], ["r"]),
    helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
    helper.make_node("Flatten", ["p"], ["f"]),
    helper.make_node("Gemm", ["f", "v", "d"], ["y"], transB=1),
)
WEIGHTS = (weight("w", 4, 3, 3, 3), weight("b", 4), weight("v", 10, 64), weight("d", 10))


class Small(nn.Module):
    """The same network in PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.layers(images)
        return scores


# --- counting a graph


def test_a_graph_is_counted_as_the_module_is(tmp_path: Path) -> None:
    read = read_own(str(saved(tmp_path / "net.onnx", NODES, WEIGHTS)))
    counted, same = read.counts, complexity(Small(), (3, 8, 8))
    assert read.input_shape == (3, 8, 8)
    for name in ("params", "operations", "activations", "layers", "window_reads"):
        assert getattr(counted, name) == getattr(same, name)
    # The image and what the convolution puts out; a runtime rectifies in place.
    assert counted.peak_activations == 3 * 64 + 4 * 64


def test_groups_transposed_convolutions_and_products_are_counted_by_hand(tmp_path: Path) -> None:
    nodes = (
        helper.make_node("Conv", ["x", "w"], ["c"], group=4, kernel_shape=[3, 3]),
        helper.make_node("ConvTranspose", ["c", "t"], ["u"], strides=[2, 2]),
        helper.make_node("MatMul", ["u", "m"], ["y"]),
    )
    weights = (weight("w", 4, 1, 3, 3), weight("t", 4, 5, 2, 2), weight("m", 12, 7))
    path = saved(tmp_path / "net.onnx", nodes, weights, image=(1, 4, 8, 8))
    counted = read_own(str(path)).counts
    depthwise = 4 * 6 * 6 * 9
    transposed = 4 * 6 * 6 * 5 * 4
    product = 5 * 12 * 7 * 12
    assert counted.operations == 2 * (depthwise + transposed + product)
    reference = nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.ConvTranspose2d(4, 5, 2, 2))
    assert complexity(reference, (4, 8, 8)).operations == 2 * (depthwise + transposed)


def test_what_pytorch_exports_is_counted_as_what_it_runs(tmp_path: Path) -> None:
    images = torch.zeros(2, 3, 8, 8)
    path, file = tmp_path / "net.onnx", tmp_path / "net.pt2"
    batch = ({0: torch.export.Dim.DYNAMIC},)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exporting warns of its own parts
        torch.onnx.export(
            Small().eval(), (images,), path, dynamo=True, dynamic_shapes=batch, verbose=False
        )
        torch.export.save(
            torch.export.export(Small().eval(), (images,), dynamic_shapes=batch), file
        )
    same = complexity(Small(), (3, 8, 8))
    graph, program = read_own(str(path)), read_own(str(file))
    assert (graph.input_shape, program.input_shape) == ((3, 8, 8), (3, 8, 8))
    assert graph.counts.operations == same.operations
    assert graph.counts.activations == same.activations
    assert program.counts == same
    assert graph.any_batch
    assert program.any_batch


# --- what cannot be read


def truncated(path: Path) -> Path:
    saved(path, NODES, WEIGHTS)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def without_data(path: Path) -> Path:
    saved(path, NODES, WEIGHTS)
    model = onnx.load(str(path))
    onnx.save_model(
        model, str(path), save_as_external_data=True, location="w.bin", size_threshold=0
    )
    (path.parent / "w.bin").unlink()
    return path


def two_inputs(path: Path) -> Path:
    saved(path, NODES, WEIGHTS)
    model = onnx.load(str(path))
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 3, 8, 8]))
    onnx.save(model, str(path))
    return path


def dynamic_size(path: Path) -> Path:
    return saved(path, NODES[:2], WEIGHTS[:2], image=("n", 3, "side", 8), output="r")


def no_image(path: Path) -> Path:
    return saved(path, [helper.make_node("Relu", ["x"], ["y"])], [], image=(1, 128))


def fixed_batch(path: Path) -> Path:
    return saved(path, NODES, WEIGHTS, image=(16, 3, 8, 8))


def nonsense(path: Path) -> Path:
    path.write_bytes(b"\x00\xff not a network")
    return path


def empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (truncated, "truncated"),
        (nonsense, "no file of the ONNX format"),
        (empty, "no graph in it"),
        (without_data, "its external data 'w.bin' is missing"),
        (two_inputs, "2 inputs (x, z)"),
        (dynamic_size, "the height of its input is dynamic ('side')"),
        (no_image, "its input has 2 axes"),
        (fixed_batch, "its batch is fixed at 16"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_one_message(
    run: Run, tmp_path: Path, make: Any, told: str
) -> None:
    path = make(tmp_path / "net.onnx")
    ran = run("predict", path)
    assert ran.code == 2
    assert told in ran.err
    assert str(path) in ran.err
    assert ran.out == ""


def test_a_file_of_torch_export_that_is_none_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.pt2").write_bytes(b"PK nothing")
    ran = run("predict", tmp_path / "net.pt2")
    assert ran.code == 2
    assert "no file of torch.export, or a truncated one" in ran.err
    assert "there is no such file" in run("predict", tmp_path / "none.pt2").err


def test_a_missing_onnx_says_which_extra_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "net.onnx", NODES, WEIGHTS)
    monkeypatch.setitem(sys.modules, "onnx", None)
    ran = run("predict", path)
    assert ran.code == 2
    assert "pip install 'dnn-advisor[runtimes]'" in ran.err


@pytest.mark.parametrize(
    "name",
    [
        "resnet18.engine",
        "mobilenetv3_large_100.pth",
        "efficientnet_b0.xml",
        "mobilenet_v2.tflite",
        "resnet18.Engine",
        "resnet18.engine@224",
    ],
)
def test_a_file_of_a_kind_that_is_not_read_is_no_librarys_network(
    run: Run, overlay: Overlay, name: str
) -> None:
    listed = "architecture,family,input,params,operations,activations,source\n"
    names = ("resnet18", "mobilenetv3_large_100", "efficientnet_b0", "mobilenet_v2")
    rows = "".join(f"{each}@224,Fake,3x224x224,11690000,3640000000,,my-notes\n" for each in names)
    overlay.write("zoo/timm-reported.csv", listed + rows)
    for asked in (
        ("predict", name),
        ("show", name),
        ("measure", name, "--dry-run"),
        ("pick", "--include", f"mine={name}"),
        ("zoo", "--count", name),
    ):
        ran = run(*asked, "--catalog", overlay.folder)
        assert ran.code == 2
        assert f"{name}: a file of this kind cannot be read" in ran.err
        assert ran.out == ""


def test_the_ending_of_a_file_may_be_in_capitals(tmp_path: Path) -> None:
    path = saved(tmp_path / "NET.ONNX", NODES, WEIGHTS)
    assert read_own(str(path)).counts.params == 4 * 27 + 4 + 640 + 10


# --- pick --include


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return saved(tmp_path / "net.onnx", NODES, WEIGHTS)


def test_an_own_network_is_a_candidate_like_any_other(run: Run, net: Path) -> None:
    least = (
        "--fps",
        "30",
        "--confidence",
        "0.4",
    )  # so small that nobody knows how far models are off
    asked = ("pick", "--include", f"mine={net}", "--accuracy-of", "mine=99", *least)
    answer = json.loads(run(*asked, "--json").out)
    best = answer["best"]
    assert (best["architecture"], best["weights"]) == ("mine", "own")
    accuracy = best["accuracy_percent"]
    assert (accuracy["value"], accuracy["origin"]) == (99, "declared")
    assert best["batch_latency_ms"]["origin"] == "predicted"
    others = {each["architecture"] for each in answer["alternatives"]}
    assert not any("@" in name for name in others)
    usual = json.loads(run("pick", *least, "--json").out)
    assert answer["alternatives"][0]["architecture"] == usual["best"]["architecture"]
    assert answer["query"]["candidates"]["include"] == {"mine": str(net)}
    again = run(*_words(answer["query"]["command"]), "--json")
    assert json.loads(again.out)["best"] == best
    schema = json.loads(run("schema").out)
    Draft202012Validator(schema).validate(answer)


def test_nothing_is_sure_outside_what_the_models_have_seen(run: Run, net: Path) -> None:
    mine = ("--include", f"mine={net}", "--accuracy-of", "mine=99", "--fps", "30")
    ran = run("pick", *mine, "--explain", "mine", "--json")
    answer = json.loads(ran.out)
    assert answer["best"]["architecture"] == "resnet-18"
    chances = {each["chance"] for each in answer["explained"][0]["candidates"]}
    assert chances == {None}
    said = "mine lies outside what the models have seen, by params, operations"
    assert ran.err.count(said) == 1
    assert said in run("frontier", "--include", f"mine={net}").err
    unsure = run("pick", *mine, "--confidence", "0.4")
    assert "Whether the pick meets the limit is unknown: " in unsure.out.replace("\n", " ")
    assert "Outside what the models have seen" in run("predict", net).out


@pytest.fixture
def quantised(tmp_path: Path) -> Path:
    scaled = helper.make_node("DequantizeLinear", ["q", "s"], ["w"])
    numbers = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.int8), "q")
    scale = numpy_helper.from_array(np.array(0.1, np.float32), "s")
    return saved(tmp_path / "q.onnx", [scaled, *NODES], [numbers, scale, *WEIGHTS[1:]])


def test_a_quantised_file_runs_in_its_own_number_format_only(run: Run, quantised: Path) -> None:
    predicted = advisor.predict(str(quantised), board="xeon-2-cores-vm").forecasts
    assert {each.variant.precision for each in predicted} == {"int8"}
    asked = ("pick", "--include", f"mine={quantised}", "--explain", "mine", "--json")
    answer = json.loads(run(*asked, "--board", "xeon-2-cores-vm").out)
    assert {each["precision"] for each in answer["explained"][0]["candidates"]} == {"int8"}
    left_out = "int8 by its file, and the board's models know no int8"
    assert (
        f"jetson-tx1: mine is left out: {left_out}"
        in run("pick", "--include", f"mine={quantised}").err
    )
    assert left_out in " ".join(run("predict", quantised).out.split())


def _words(command: str) -> list[str]:
    import shlex

    return shlex.split(command)[1:]


def test_an_own_network_without_an_accuracy_has_none(run: Run, net: Path) -> None:
    answer = json.loads(
        run("pick", "--include", f"mine={net}", "--architectures", "mine", "--json").out
    )
    assert answer["best"]["weights"] is None
    assert answer["best"]["accuracy_percent"] is None


def test_a_file_asks_with_own_networks_too(run: Run, net: Path, tmp_path: Path) -> None:
    file = tmp_path / "ask.yaml"
    file.write_text(
        f"candidates:\n  include: {{mine: {net}}}\n  accuracy_of: {{mine: 98.5}}\n  batch: 1\n"
    )
    assert advisor.pick(file).best is not None
    best = advisor.pick(file).best
    assert best is not None
    assert best.architecture == "mine"
    schema = json.loads(run("schema", "requirements").out)
    Draft202012Validator(schema).validate(
        {"candidates": {"include": {"mine": "a.onnx"}, "accuracy_of": {"mine": 98.5}}}
    )
    file.write_text("candidates:\n  accuracy_of: {mine: 98.5}\n")
    ran = run("pick", file)
    assert ran.code == 2
    assert "accuracy-of: unknown architecture 'mine'" in ran.err


def test_code_makes_a_network_at_a_size(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noisy_nets.py").write_text(
        "import os\nimport torch\nfrom torch import nn\n"
        "print('hello')\nos.chdir('/')\ntorch.set_default_dtype(torch.float64)\n"
        "def make():\n    print('making')\n    return nn.Conv2d(3, 8, 3)\n"
    )
    ran = run("pick", "--include", "mine=noisy_nets:make@32", "--architectures", "mine", "--json")
    assert json.loads(ran.out)["best"]["operations"]["value"] == 2 * 8 * 30 * 30 * 27
    assert "hello" in ran.err
    assert Path.cwd() == tmp_path
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--include", "mine"), "'mine' is not a NAME=VALUE pair"),
        (("--include", "resnet-18=nets:make"), "cannot be imported"),
        (("--include", "mine=vgg-16", "--include", "mine=vgg-19"), "'mine' stands twice"),
        (("--include", "resnet-18=vgg-16"), "the catalog has a network 'resnet-18'"),
        (("--include", "a b=vgg-16"), "'a b' is not a name"),
        (("--include", "mine=vgg-16", "--no-predictions"), "leave out --no-predictions"),
        (("--accuracy-of", "mine=70"), "accuracy-of: unknown architecture 'mine'"),
        (("--include", "mine=vgg-16", "--accuracy-of", "mine=0.7"), "is under 1 %"),
        (("--include", "mine=vgg-16", "--accuracy-of", "mine=170"), "too large"),
        (("--include", "mine=nets:make@big"), "is no input size"),
        (("--include", "mine=no-such-net"), "unknown architecture 'no-such-net'"),
        (("--accuracy-table", "none.csv"), "none.csv: no such file"),
        (("--accuracy-table", "none.csv", "--weights", "paper"), "replaces all weights"),
    ],
)
def test_bad_inclusions_are_told(run: Run, options: tuple[str, ...], told: str) -> None:
    ran = run("pick", *options)
    assert ran.code == 2
    assert told in ran.err


# --- the user's own accuracies


def test_a_table_replaces_every_accuracy(run: Run, overlay: Overlay) -> None:
    table = overlay.write("my.csv", "architecture,top1_percent\nvgg-16,91\nbn-nin,95.5\n")
    ran = run("pick", "--accuracy-table", table, "--json")
    answer = json.loads(ran.out)
    assert answer["best"]["architecture"] == "bn-nin"
    accuracy = answer["best"]["accuracy_percent"]
    assert (accuracy["value"], accuracy["origin"]) == (95.5, "declared")
    known = [each for each in answer["alternatives"] if each["weights"]]
    assert [each["architecture"] for each in known] == ["vgg-16"]
    assert f"{table} has no row of it: alexnet, bn-alexnet, enet, and 9 more" in ran.err
    assert answer["query"]["candidates"]["accuracy_table"] == str(table)
    limited = json.loads(
        run("pick", "--accuracy-table", table, "--accuracy", "90", "--fps", "1", "--json").out
    )
    assert any(each["unknown"] for each in limited["rejections"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("architecture,top1_percent\nresnet-19,70\n", "found 'resnet-19'"),
        ("architecture,top1_percent\nresnet-18,0.7\n", "a percentage, such as 71.2"),
        ("architecture,top1_percent\nresnet-18,170\n", "a number from"),
        ("architecture,top1_percent\nresnet-18,\n", "an accuracy in percent"),
        ("architecture,top1_percent\nresnet-18,70\nresnet-18,71\n", "once more"),
        ("architecture,top1_percent\n", "found no rows"),
        ("name,score\nresnet-18,70\n", "a header that begins architecture"),
    ],
)
def test_a_broken_table_is_told_with_its_place(
    run: Run, overlay: Overlay, content: str, told: str
) -> None:
    ran = run("pick", "--accuracy-table", overlay.write("my.csv", content))
    assert ran.code == 2
    assert told in ran.err


def test_counting_refuses_a_size_for_a_file(net: Path) -> None:
    with pytest.raises(AdvisorError, match="states its own input"):
        read_own(str(net), (3, 8, 8))


def test_lazy_layers_are_counted_and_pytorchs_warnings_are_not_shown(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lazy_nets.py").write_text(
        "import warnings\nfrom torch import nn\ndef make():\n"
        "    warnings.warn('a hint of PyTorch')\n"
        "    return nn.Sequential(nn.LazyConv2d(8, 3), nn.Flatten(), nn.LazyLinear(10))\n"
    )
    predicted = advisor.predict(
        "lazy_nets:make", input_shape="3x32x32", board="xeon-2-cores-vm", batch=1
    )
    assert predicted.network and predicted.network.counted
    operations = predicted.network.counted.operations
    assert operations and operations.value == 2 * 30 * 30 * 8 * (27 + 10)
    ran = run("predict", "lazy_nets:make", "--input", "3x32x32", "--board", "xeon-2-cores-vm")
    assert (ran.code, ran.err) == (0, "")
