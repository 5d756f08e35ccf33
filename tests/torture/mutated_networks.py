"""Files of networks with something changed: ONNX by structure and by bytes, torch.export by members."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from advisor.architectures.own_network import read_own
from advisor.errors import AdvisorError
from tests import test_hostile_exports, test_hostile_onnx
from tests.torture.mutated_files import mutated

NUMBERS = (-1, 0, 1, 7, 2**31, 2**62)
TEXTS = ("", "x", "w", "nobody", "n" * 5000, "\x1b[31m", "../w")


def _other_onnx(draw: random.Random, content: bytes) -> bytes:
    """A model with one part of its structure changed."""
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    (node, weight), image = (graph.node[0], graph.initializer[0]), graph.input[0]
    shape = image.type.tensor_type.shape.dim
    what = draw.randrange(8)
    if what == 0:
        weight.dims[draw.randrange(len(weight.dims))] = draw.choice(NUMBERS)
    elif what == 1:
        weight.data_type = draw.choice((*range(24), 99))
    elif what == 2:
        node.op_type = draw.choice(("Gemm", "If", "Loop", "Constant", "Reshape", *TEXTS))
    elif what == 3:
        node.input[draw.randrange(len(node.input))] = draw.choice(TEXTS)
    elif what == 4:
        shape[draw.randrange(len(shape))].dim_value = draw.choice(NUMBERS)
    elif what == 5:
        graph.node.append(node)
    elif what == 6:
        image.type.tensor_type.elem_type = draw.choice((*range(24), 99))
    else:
        node.attribute.append(onnx.helper.make_attribute("strides", [draw.choice(NUMBERS)] * 2))
    return bytes(model.SerializeToString())


def cases(draw: random.Random, folder: Path) -> Iterator[str]:
    """One changed file a case."""
    onnx_file = test_hostile_onnx.saved(folder)
    plain = test_hostile_exports.exported(folder / "plain.pt2")
    whole, changed = onnx_file.read_bytes(), folder / "net.pt2"
    while True:
        path = onnx_file
        try:
            if draw.randrange(3) == 0:
                path = changed

                def one(members: test_hostile_exports.Members, _: str) -> None:
                    name = draw.choice(sorted(members))
                    members[name] = mutated(draw, members[name])

                test_hostile_exports.rewritten(plain, changed, one, "")
            else:
                other = _other_onnx if draw.randrange(2) else mutated
                onnx_file.write_bytes(other(draw, whole))
            read_own(str(path))
            yield ""
        except AdvisorError as error:
            yield "" if len(str(error)) < 2000 else f"{path.name}: {str(error)[:200]}..."
        except Exception as error:  # noqa: BLE001  (that is what is sought)
            content = path.read_bytes()
            kept = folder / f"found-{abs(hash(content))}{path.suffix}"
            kept.write_bytes(content)
            yield f"{path.name}: {type(error).__name__}: {error}; kept as {kept}"
