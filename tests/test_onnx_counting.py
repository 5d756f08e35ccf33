"""What files of the ONNX format cost, however they store their weights, and their number format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from advisor.architectures.own_network import OwnNetwork, read_own
from tests.conftest import Run
from tests.test_own_networks import saved

KERNEL = np.full((16, 3, 3, 3), 0.5, np.float32)
MATRIX = np.full((16, 10), 0.5, np.float32)
PARAMS = 16 * 27 + 160
OPERATIONS = 2 * (16 * 6 * 6 * 27 + 160)


def node(kind: str, takes: str, gives: str, **options: Any) -> Any:
    return helper.make_node(kind, takes.split(), gives.split(), **options)


def tail(product: Any) -> list[Any]:
    """What follows the convolution, whose output is `c`."""
    return [
        node("Relu", "c", "r"),
        node("GlobalAveragePool", "r", "g"),
        node("Flatten", "g", "f"),
        product,
    ]


def stored(name: str, numbers: Any) -> Any:
    return numpy_helper.from_array(np.asarray(numbers), name)


def constant(name: str, numbers: Any) -> Any:
    return helper.make_node("Constant", [], [name], value=stored(name, numbers))


CONV = node("Conv", "x w", "c")
PRODUCT = node("MatMul", "f m", "y")
PLAIN = [CONV, *tail(PRODUCT)]
WEIGHTS = [stored("w", KERNEL), stored("m", MATRIX)]
ONE = np.float32(1)


def read(path: Path, nodes: Sequence[Any], weights: Sequence[Any], **options: Any) -> OwnNetwork:
    return read_own(str(saved(path / "net.onnx", nodes, weights, **options)))


ELSEWHERE = {
    "as they are": (PLAIN, WEIGHTS),
    "in constants": ([constant("w", KERNEL), constant("m", MATRIX), *PLAIN], []),
    "one of them in a constant": ([constant("w", KERNEL), *PLAIN], WEIGHTS[1:]),
    "through Identity": (
        [constant("k", KERNEL), node("Identity", "k", "w"), *PLAIN],
        WEIGHTS[1:],
    ),
    "one through Identity twice": (
        [
            node("Identity", "w", "i"),
            node("Identity", "i", "v"),
            node("Conv", "x v", "c"),
            *PLAIN[1:],
        ],
        WEIGHTS,
    ),
    "turned": (
        [node("Transpose", "t", "m", perm=[1, 0]), *PLAIN],
        [WEIGHTS[0], stored("t", MATRIX.T.copy())],
    ),
    "with one that nobody uses": (
        PLAIN,
        [*WEIGHTS, stored("old", np.zeros((1000, 1000), np.float32))],
    ),
    "with a constant that nobody uses": ([constant("old", MATRIX), *PLAIN], WEIGHTS),
}


@pytest.mark.parametrize(("nodes", "weights"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_parameters_count_wherever_they_are_stored(
    tmp_path: Path, nodes: list[Any], weights: list[Any]
) -> None:
    found = read(tmp_path, nodes, weights)
    assert found.counts == read(tmp_path, *ELSEWHERE["as they are"]).counts
    assert (found.counts.params, found.counts.operations) == (PARAMS, OPERATIONS)
    assert (found.precision, found.fault) == ("fp32", "")


def test_the_same_weight_used_twice_counts_once(tmp_path: Path) -> None:
    square = stored("q", np.ones((10, 10), np.float32))
    nodes = [
        *PLAIN[:-1],
        node("MatMul", "f m", "a"),
        node("MatMul", "a q", "b"),
        node("MatMul", "b q", "y"),
    ]
    found = read(tmp_path, nodes, [*WEIGHTS, square]).counts
    assert found.params == PARAMS + 100
    assert found.operations == OPERATIONS + 2 * 200


def test_weights_in_constants_may_lie_in_another_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "net.onnx", ELSEWHERE["in constants"][0], [])
    whole = read_own(str(path))
    external = tmp_path / "apart.onnx"
    onnx.save_model(
        onnx.load(str(path)),
        str(external),
        save_as_external_data=True,
        location="apart.bin",
        size_threshold=0,
        convert_attribute=True,
    )
    found = read_own(str(external))
    assert found.counts == whole.counts
    (tmp_path / "apart.bin").write_bytes((tmp_path / "apart.bin").read_bytes()[:-1] + b"\7")
    assert read_own(str(external)).content != found.content


SCALE, ZERO = stored("s", ONE), stored("z", np.int8(0))
BYTE_ZERO = stored("u", np.uint8(0))
INT_KERNEL, INT_MATRIX = KERNEL.astype(np.int8), MATRIX.astype(np.int8)
QUANTISED = {
    "behind DequantizeLinear": (
        [
            node("DequantizeLinear", "k s z", "w"),
            node("DequantizeLinear", "n s z", "m"),
            *PLAIN,
        ],
        [stored("k", INT_KERNEL), stored("n", INT_MATRIX), SCALE, ZERO],
    ),
    "behind Cast, less a zero point, times a scale a channel": (
        [
            node("Cast", "k", "k1", to=TensorProto.FLOAT),
            node("Sub", "k1 p", "k2"),
            node("Mul", "k2 q", "w"),
            *PLAIN,
        ],
        [
            stored("k", INT_KERNEL),
            stored("p", np.zeros((16, 1, 1, 1), np.float32)),
            stored("q", np.ones((16, 1, 1, 1), np.float32)),
            WEIGHTS[1],
        ],
    ),
    "in integer operators": (
        [
            node("QuantizeLinear", "x s u", "xq"),
            node("QLinearConv", "xq s u k s z s u", "cq"),
            node("DequantizeLinear", "cq s u", "c"),
            *tail(node("DynamicQuantizeLinear", "f", "fq fs fz")),
            node("MatMulInteger", "fq n fz z", "i"),
            node("Cast", "i", "y", to=TensorProto.FLOAT),
        ],
        [stored("k", INT_KERNEL), stored("n", INT_MATRIX), SCALE, ZERO, BYTE_ZERO],
    ),
    "floats that are quantised on the way": (
        [
            node("QuantizeLinear", "w s z", "wq"),
            node("DequantizeLinear", "wq s z", "wd"),
            node("Conv", "x wd", "c"),
            *PLAIN[1:],
        ],
        [*WEIGHTS, SCALE, ZERO],
    ),
}


@pytest.mark.parametrize(("nodes", "weights"), QUANTISED.values(), ids=QUANTISED)
def test_a_quantised_file_is_counted_and_is_int8(
    tmp_path: Path, nodes: list[Any], weights: list[Any]
) -> None:
    found = read(tmp_path, nodes, weights)
    assert (found.counts.params, found.counts.operations) == (PARAMS, OPERATIONS)
    assert (found.precision, found.fault) == ("int8", "")


def test_a_quantised_bias_is_trained_and_its_scale_is_not(tmp_path: Path) -> None:
    nodes = [
        node("DequantizeLinear", "k s z", "w"),
        node("DequantizeLinear", "bq bs", "b", axis=0),
        node("Conv", "x w b", "c"),
        *PLAIN[1:],
    ]
    bias, scales = stored("bq", np.zeros(16, np.int32)), stored("bs", np.ones(16, np.float32))
    found = read(tmp_path, nodes, [stored("k", INT_KERNEL), bias, scales, SCALE, ZERO, WEIGHTS[1]])
    assert found.counts.params == PARAMS + 16


def test_weights_of_half_precision_in_a_constant_make_the_file_fp16(tmp_path: Path) -> None:
    nodes = [
        constant("w", KERNEL.astype(np.float16)),
        node("Cast", "x", "h", to=TensorProto.FLOAT16),
        node("Conv", "h w", "d"),
        node("Cast", "d", "c", to=TensorProto.FLOAT),
        *PLAIN[1:],
    ]
    found = read(tmp_path, nodes, WEIGHTS[1:])
    assert (found.precision, found.counts.params) == ("fp16", PARAMS)


def test_local_functions_and_branches_that_cost_alike_are_counted(tmp_path: Path) -> None:
    block = helper.make_function(
        "mine",
        "Block",
        ["a", "k"],
        ["o"],
        [node("Conv", "a k", "o")],
        [helper.make_opsetid("", 17)],
    )
    path = saved(
        tmp_path / "net.onnx", [node("Block", "x w", "c", domain="mine"), *PLAIN[1:]], WEIGHTS
    )
    model = onnx.load(str(path))
    model.functions.append(block)
    onnx.save(model, str(path))
    assert read_own(str(path)).counts == read(tmp_path, PLAIN, WEIGHTS).counts

    def ways(*weights: str) -> list[Any]:
        """An `If` whose two ways multiply with these."""
        graphs = [
            helper.make_graph(
                [node("MatMul", f"f {name}", "o")],
                "way",
                [],
                [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)],
            )
            for name in weights
        ]
        branch = helper.make_node("If", ["q"], ["y"], then_branch=graphs[0], else_branch=graphs[1])
        return [constant("q", np.array(True)), CONV, *tail(branch)]

    alike = read(tmp_path, ways("m", "m"), WEIGHTS)
    assert (alike.counts.params, alike.counts.operations) == (PARAMS, OPERATIONS)
    unlike = read(tmp_path, ways("m", "n"), [*WEIGHTS, stored("n", np.ones((16, 20), np.float32))])
    assert (unlike.counts.params, unlike.counts.operations) == (PARAMS + 320, None)
    assert "the cost of If is not known" in unlike.fault


PRODUCTS = {
    "a recurrent layer": (
        [
            node("Reshape", "x t", "i"),
            node("LSTM", "i w r", "o h", hidden_size=5),
            node("Identity", "h", "y"),
        ],
        [
            stored("t", np.array([8, 1, 24])),
            stored("w", np.ones((1, 20, 24), np.float32)),
            stored("r", np.ones((1, 20, 5), np.float32)),
        ],
        8 * 20 * (24 + 5),
    ),
    "Einsum of two": (
        [node("Einsum", "x e", "y", equation="nchw,cd->ndhw")],
        [stored("e", np.ones((3, 7), np.float32))],
        3 * 64 * 7,
    ),
    "attention": (
        [node("Reshape", "x t", "q"), node("Attention", "q q q", "y")],
        [stored("t", np.array([1, 2, 12, 8]))],
        2 * 12 * 12 * 16,
    ),
}


@pytest.mark.parametrize(("nodes", "weights", "products"), PRODUCTS.values(), ids=PRODUCTS)
def test_products_beside_convolutions_are_counted_by_hand(
    tmp_path: Path, nodes: list[Any], weights: list[Any], products: int
) -> None:
    path = saved(tmp_path / "net.onnx", nodes, weights)
    model = onnx.load(str(path))
    model.opset_import[0].version = 23
    onnx.save(model, str(path))
    assert read_own(str(path)).counts.operations == 2 * products


def test_fused_operators_of_onnx_runtime_are_counted(tmp_path: Path) -> None:
    fused = node("FusedConv", "x w", "r", domain="com.microsoft", activation="Relu")
    nodes = [fused, *tail(PRODUCT)[1:]]
    found = read(tmp_path, nodes, WEIGHTS)
    assert (found.counts.params, found.counts.operations) == (PARAMS, OPERATIONS)


def test_embeddings_and_samplers_multiply_nothing(tmp_path: Path) -> None:
    nodes = [
        node("Gather", "table place", "row"),
        node("Reshape", "row shape", "v"),
        node("Add", "x v", "a"),
        node("Conv", "a w", "b"),
        node("GridSample", "b grid", "c"),
        *PLAIN[1:],
    ]
    further = [
        stored("table", np.ones((50, 3), np.float32)),
        stored("place", np.array([7])),
        stored("shape", np.array([1, 3, 1, 1])),
        stored("grid", np.zeros((1, 6, 6, 2), np.float32)),
    ]
    found = read(tmp_path, nodes, [*WEIGHTS, *further])
    assert found.fault == ""
    assert found.counts.operations == OPERATIONS


# --- what cannot be counted


def test_what_is_not_known_is_unknown_and_nothing_is_predicted(run: Run, tmp_path: Path) -> None:
    fancy = [helper.make_node("FancyConv", ["x"], ["c"], domain="mine"), *PLAIN[1:]]
    path = saved(tmp_path / "net.onnx", fancy, WEIGHTS[1:])
    found = read_own(str(path))
    assert (found.counts.params, found.counts.operations) == (160, None)
    ran = run("predict", path, "--batch", "1")
    assert ran.code == 1
    said = " ".join(ran.out.split())
    assert "160 parameters" in said
    assert "nothing is predicted, since its operations are unknown" in said
    assert "the cost of the operator mine::FancyConv is not known" in said
    asked = ("pick", "--include", f"mine={path}", "--fps", "1", "--json")
    picked = run(*asked)
    assert "mine: not counted: the cost of the operator mine::FancyConv is not known" in picked.err
    assert json.loads(picked.out)["best"]["architecture"] != "mine"


# --- images


IMAGES = {
    "channels first": (PLAIN, ("n", 3, 8, 8), 1, (3, 8, 8), "float32", False),
    "channels last": (
        [node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Conv", "t w", "c"), *PLAIN[1:]],
        ("n", 8, 12, 3), 1, (3, 8, 12), "float32", True,
    ),
    "channels last, in bytes": (
        [
            node("Cast", "x", "b", to=TensorProto.FLOAT),
            node("Div", "b s", "d"),
            node("Transpose", "d", "t", perm=[0, 3, 1, 2]),
            node("Conv", "t w", "c"),
            *PLAIN[1:],
        ],
        ("n", 8, 8, 3), 2, (3, 8, 8), "uint8", True,
    ),
    "as few rows as colours": (PLAIN, ("n", 3, 4, 3), 1, (3, 4, 3), "float32", False),
}  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "image", "kind", "shape", "element", "last"), IMAGES.values(), ids=IMAGES
)
def test_how_a_file_takes_images_is_read_from_what_it_does_with_them(
    tmp_path: Path, nodes: list[Any], image: Any, kind: int, shape: Any, element: str, last: bool
) -> None:
    path = saved(tmp_path / "net.onnx", nodes, [*WEIGHTS, SCALE], image=image)
    model = onnx.load(str(path))
    model.graph.input[0].type.tensor_type.elem_type = kind
    onnx.save(model, str(path))
    found = read_own(str(path))
    assert (found.input_shape, found.image.element, found.image.channels_last) == (
        shape,
        element,
        last,
    )
    assert found.counts.params == PARAMS


def test_an_image_of_whole_numbers_is_refused_at_once(run: Run, tmp_path: Path) -> None:
    path = saved(tmp_path / "net.onnx", PLAIN, WEIGHTS)
    model = onnx.load(str(path))
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    onnx.save(model, str(path))
    ran = run("predict", path)
    assert ran.code == 2
    assert "the numbers of its input are int64" in ran.err
