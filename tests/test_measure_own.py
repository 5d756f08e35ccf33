"""Measuring networks of the user's own: ONNX files, torch.export files and code."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch

from advisor.architectures.own_network import read_own
from advisor.architectures.user_module import identified, made
from advisor.catalog.check import check
from advisor.catalog.naming import Measurable, measurable_own
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.measuring.journal import read_runs
from advisor.measuring.runtimes.variants import RUNTIMES
from advisor.measuring.tasks import SERVE_ONNX, Cell
from tests.conftest import Run, value_of
from tests.measuring_fakes import PLAN, FakeChildren, StoppingChildren, measure
from tests.test_own_networks import NODES, WEIGHTS, Small, saved, without_data

ORT, INT8, OV = ("onnxruntime", "fp32"), ("onnxruntime", "int8"), ("openvino", "fp32")


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return saved(tmp_path / "net.onnx", NODES, WEIGHTS)


def changed(path: Path) -> Path:
    """The same network with another weight."""
    model = onnx.load(str(path))
    weight = model.graph.initializer[0]
    values = onnx.numpy_helper.to_array(weight).copy()
    values.flat[0] += 1
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    onnx.save(model, str(path))
    return path


def exported(path: Path, batch: int | None) -> Path:
    """The small network in a file of torch.export, for one batch size or for any."""
    any_size = ({0: torch.export.Dim.DYNAMIC},)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(
            Small().eval(),
            (torch.zeros(batch or 2, 3, 8, 8),),
            dynamic_shapes=None if batch else any_size,
        )
        torch.export.save(program, path)
    return path


# --- what is read of a file, or of code


def test_a_file_is_known_by_its_content_alone(net: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(net.read_bytes())
    assert read_own(str(copy)) == read_own(str(net))
    before = read_own(str(net))
    assert read_own(str(changed(net))) == replace(before, content=read_own(str(net)).content)
    assert read_own(str(net)).content != before.content


def test_external_data_belong_to_the_content(tmp_path: Path) -> None:
    path = without_data(tmp_path / "net.onnx")
    data = tmp_path / "w.bin"
    needed = sum(int(each.external_data[2].value) for each in onnx.load(
        str(path), load_external_data=False).graph.initializer)  # fmt: skip
    data.write_bytes(bytes(2 * needed))
    before = read_own(str(path))
    data.write_bytes(bytes(2 * needed - 1) + b"\1")
    assert read_own(str(path)).content != before.content
    data.write_bytes(bytes(100))
    with pytest.raises(AdvisorError, match=r"its external data 'w\.bin' is truncated"):
        read_own(str(path))


def test_whether_any_batch_will_do_is_read_from_the_file(net: Path, tmp_path: Path) -> None:
    assert read_own(str(net)).any_batch
    one = saved(tmp_path / "one.onnx", NODES, WEIGHTS, image=(1, 3, 8, 8))
    assert not read_own(str(one)).any_batch
    unnamed = onnx.load(str(net))
    unnamed.graph.input[0].type.tensor_type.shape.dim[0].Clear()
    onnx.save(unnamed, str(net))
    assert read_own(str(net)).any_batch
    assert read_own(str(exported(tmp_path / "any.pt2", None))).any_batch
    assert not read_own(str(exported(tmp_path / "one.pt2", 1))).any_batch
    with pytest.raises(AdvisorError, match=r"does not run on one image.*export it with batch 1"):
        read_own(str(exported(tmp_path / "four.pt2", 4)))


CODE = """
import torch
from torch import nn

class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 2))

    def forward(self, images):
        scores = self.body(images)
        return scores if scores.sum() > 0 else torch.relu(scores)

class Activated(nn.Module):
    def __init__(self, how):
        super().__init__()
        self.how, self.layer = [how], nn.Conv2d(3, 4, 3)

    def forward(self, images):
        return self.how[0](self.layer(images))

def gelu(): return Activated(torch.nn.functional.gelu)
def relu(): return Activated(torch.relu)
def branching(): return Branching()
def several_in_another_format():
    return nn.Sequential(Branching().body, Two()).to(memory_format=torch.channels_last)
class Two(nn.Module):
    def forward(self, scores): return {"first": scores, "second": [scores]}
class Plain(nn.Module):
    def __init__(self, kind=None):
        super().__init__()
        self.kind = kind
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))

    def forward(self, images):
        if self.kind is None:
            return self.layers(images)
        with torch.autocast("cpu", dtype=self.kind):
            return self.layers(images)

def plain(): return Plain()
def cast(): return Plain(torch.bfloat16)
def cast_otherwise(): return Plain(torch.float16)
def scripted(): return torch.jit.script(Plain().layers)
def parallel(): return nn.DataParallel(Plain())
def shared():
    layer = nn.Linear(8, 8)
    return nn.Sequential(nn.Conv2d(3, 8, 8), nn.Flatten(), layer, nn.ReLU(), layer)
def grouped(): return nn.ConvTranspose2d(3, 9, 4, 2, 1, groups=3)
def attention():
    return nn.Sequential(
        nn.Conv2d(3, 16, 2, 2), nn.Flatten(2), Turned(),
        nn.TransformerEncoderLayer(16, 4, 32, batch_first=True),
    )
class Turned(nn.Module):
    def forward(self, images): return images.transpose(1, 2)
class Vector(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(192, 5)
    def forward(self, images): return self.layer.weight @ images.flatten()
class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.layer = nn.Embedding(9, 3), nn.Conv2d(3, 4, 3)
    def forward(self, images):
        row = self.table(torch.zeros(1, dtype=torch.long, device=images.device))
        grid = images.new_zeros((1, 8, 8, 2))
        sampled = nn.functional.grid_sample(images + row[:, :, None, None], grid, align_corners=False)
        first, second = self.layer(sampled).unsafe_split(2, dim=1)
        return first + second
class Fourier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3)
    def forward(self, images): return torch.fft.rfft2(self.layer(images)).real
def stops(): raise SystemExit("enough")
def number(): return 3
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that lies in the working directory."""
    name = f"code_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    return name


def test_code_is_known_by_what_it_computes(code: str) -> None:
    shape = (3, 8, 8)
    assert identified(f"{code}:gelu", shape) == identified(f"{code}:gelu", shape)
    gelu, relu = (identified(f"{code}:{each}", shape) for each in ("gelu", "relu"))
    assert gelu.counts == relu.counts
    assert gelu.content != relu.content
    assert identified(f"{code}:gelu", (3, 9, 9)).content != gelu.content


PLAIN = 36 * 4 * 27 + 144 * 2
COUNTED = {
    "plain": (108 + 4 + 288 + 2, PLAIN),
    "scripted": (108 + 4 + 288 + 2, PLAIN),
    "parallel": (108 + 4 + 288 + 2, PLAIN),
    "cast": (108 + 4 + 288 + 2, PLAIN),
    "shared": (8 * 192 + 8 + 72, 8 * 192 + 2 * 64),
    "grouped": (3 * 3 * 16 + 9, 3 * 64 * 3 * 16),
    # 16 tokens of 16 numbers: the patches, queries, keys and values, both products, out, and the two layers.
    "attention": (2224 + 208, 16 * (16 * 12 + 16 * 48 + 2 * 16 * 16 + 16 * 16 + 2 * 16 * 32)),
    "Vector": (192 * 5 + 5, 192 * 5),
    "Table": (27 + 108 + 4, 36 * 4 * 27),
    "Fourier": (108 + 4, None),
}


@pytest.mark.filterwarnings("ignore")  # of dialects that torch would rather have otherwise
@pytest.mark.parametrize("name", COUNTED)
def test_code_is_counted_by_hand_whatever_its_dialect(code: str, name: str) -> None:
    found = identified(f"{code}:{name}", (3, 8, 8))
    params, products = COUNTED[name]
    assert found.counts.params == params
    assert found.counts.operations == (None if products is None else 2 * products)
    assert bool(found.fault) == (products is None)


def test_the_format_to_which_code_casts_is_part_of_what_it_is(code: str) -> None:
    contents = {
        identified(f"{code}:{each}", (3, 8, 8)).content
        for each in ("plain", "cast", "cast_otherwise")
    }
    assert len(contents) == 3


def test_what_branches_on_values_is_counted_on_its_way(code: str) -> None:
    found = identified(f"{code}:branching", (3, 8, 8))
    assert found.counts.operations == 2 * (36 * 4 * 27 + 144 * 2)
    assert identified(f"{code}:branching", (3, 8, 8)) == found
    with pytest.raises(AdvisorError, match=r"fails at input 3x9x9: .*say so: .*@160"):
        identified(f"{code}:branching", (3, 9, 9))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise RuntimeError('no licence')", "cannot be imported: RuntimeError: no licence"),
        ("import sys; sys.exit(7)", "cannot be imported: SystemExit: 7"),
        (
            "import none_such",
            "cannot be imported: ModuleNotFoundError: No module named 'none_such'",
        ),
        ("make = 3", "has no function 'make'"),
        ("def make(x): return x", "raises: TypeError"),
        ("def make(): raise SystemExit('enough')", "raises: SystemExit: enough"),
        ("def make(): return 3", "returns a int, not a torch.nn.Module"),
    ],
)
def test_code_that_makes_no_network_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    name = f"bad_{abs(hash(text))}"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    with pytest.raises(AdvisorError, match=f"{name}.*{said}"):
        made(f"{name}:make")


EFFECTS = """
import argparse, atexit, subprocess, sys, threading, time
width = argparse.ArgumentParser()
width.add_argument("--width", type=int, default=8)
width = width.parse_args().width
print("to standard output")
print("to standard error", file=sys.stderr)
threading.Thread(target=time.sleep, args=(600,)).start()
atexit.register(time.sleep, 600)
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("helper", "w").write(str(helper.pid))
from torch import nn
def make():
    try:
        input("a question")
    except EOFError:
        pass
    return nn.Conv2d(3, width, 3)
"""


def test_what_code_does_besides_harms_no_answer(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "effects.py").write_text(EFFECTS)
    ran = run("predict", "effects:make@8", "--batch", "1")
    assert ran.code == 0, ran.err
    assert "effects:make@8: 224" in ran.out
    assert "to standard output" not in ran.out
    for each in ("to standard output", "to standard error", "a question"):
        assert each in ran.err
    helper = Path(f"/proc/{(tmp_path / 'helper').read_text()}/stat")
    assert not helper.exists() or " Z " in helper.read_text()


def test_without_torch_code_is_not_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harmful.py").write_text("open('ran', 'w')")
    monkeypatch.setitem(sys.modules, "torch", None)
    ran = run("predict", "harmful:make")
    assert ran.code == 2
    assert "pip install 'dnn-advisor[measure]'" in ran.err
    assert not (tmp_path / "ran").exists()
    assert "pip install 'dnn-advisor[measure]'" in run("predict", exists(tmp_path / "a.pt2")).err


def exists(path: Path) -> Path:
    path.touch()
    return path


# --- what it is called


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{net}", "net@8"),
        ("mine={net}", "mine@8"),
        ("mine@8={net}", "mine@8"),
        ("{folder}/a b (1).onnx", "a-b-1-@8"),
        ("{folder}/lr=0.1.onnx", "lr-0.1@8"),
        ("{folder}/_hidden.onnx", "hidden@8"),
    ],
)
def test_a_network_is_called_by_its_file_and_its_size(
    net: Path, tmp_path: Path, text: str, name: str
) -> None:
    for each in ("a b (1)", "lr=0.1", "_hidden"):
        (tmp_path / f"{each}.onnx").write_bytes(net.read_bytes())
    found = measurable_own(Catalog.open(), text.format(net=net, folder=tmp_path))
    assert found.architecture.name == name
    assert found.architecture.family == "own"
    assert found.any_batch
    assert Path(found.made_from).is_absolute()


def test_code_is_called_by_module_and_factory(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = identified(f"{code}:gelu", (3, 16, 12))
    monkeypatch.setattr(
        "advisor.architectures.own_network.read_code",
        lambda *_: (read.counts, read.content, read.fault),
    )
    found = measurable_own(Catalog.open(), f"{code}:gelu@3x16x12")
    assert found.architecture.name == f"{code}.gelu@16x12"
    assert (found.made_from, found.content) == (f"{code}:gelu", read.content)
    assert found.architecture.input_shape == (3, 16, 12)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("mine@9={net}", "the images of {net} are 8 wide (call it mine, or mine@8)"),
        ("resnet50={net}", "both torchvision and timm have a network 'resnet50'"),
        ("own-net={none}", "there is no such file"),
        ("mine={none}:make@0", "'0' in '{none}:make@0' is no input size"),
    ],
)
def test_names_that_cannot_be_given(net: Path, given: str, said: str) -> None:
    with pytest.raises(AdvisorError) as error:
        measurable_own(Catalog.open(), given.format(net=net, none="none.onnx"))
    assert said.format(net=net, none="none.onnx") in str(error.value)


def test_a_librarys_name_is_not_taken(net: Path, tmp_path: Path) -> None:
    model = onnx.load(str(net))
    for axis in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        axis.dim_value = 224
    del model.graph.node[3:]  # what depends on the size
    model.graph.output[0].name = "p"
    path = tmp_path / "mobilenet_v2.onnx"
    onnx.save(model, str(path))
    with pytest.raises(AdvisorError, match=r"another network 'mobilenet_v2@224' .*mobilenet_v2-2="):
        measurable_own(Catalog.open(), str(path))


def test_what_multiplies_nothing_is_no_network(tmp_path: Path) -> None:
    path = saved(tmp_path / "net.onnx", [onnx.helper.make_node("Relu", ["x"], ["y"])], [])
    with pytest.raises(AdvisorError, match="nothing in it is multiplied with weights"):
        measurable_own(Catalog.open(), str(path))


# --- runs


def measurable(path: Path) -> Measurable:
    return measurable_own(Catalog.open(), str(path))


def test_the_runtimes_that_serve_onnx_are_those_outside_pytorch() -> None:
    outside = [name for name, runtime in RUNTIMES.items() if not runtime.runs_in_torch]
    assert list(SERVE_ONNX) == outside


def test_cells_that_cannot_be_are_left_out_and_reported(net: Path, tmp_path: Path) -> None:
    one = measurable(exported(tmp_path / "one.pt2", 1))
    own = {"net@8": measurable(net), "one@8": one}
    plan = replace(
        PLAN, architectures=("resnet-18", *own), variants=(("eager", "fp32"), ORT), own=own
    )
    assert replace(plan, batches=(1, 2, 4)).left_out()[1] == (
        "one@8 batch 2, 4 (its batch is fixed at 1)"
    )
    assert plan.cells() == [
        Cell("resnet-18", 1),
        Cell("resnet-18", 1, *ORT),
        Cell("net@8", 1, *ORT),
        Cell("one@8", 1),
        Cell("one@8", 1, *ORT),
        Cell("resnet-18", 2),
        Cell("resnet-18", 2, *ORT),
        Cell("net@8", 2, *ORT),
    ]
    assert plan.left_out() == [
        "net@8 eager (eager cannot run an ONNX file; onnxruntime and openvino can)",
        "one@8 batch 2 (its batch is fixed at 1)",
    ]
    with pytest.raises(AdvisorError, match=r"one@8 cannot be measured so: .*give --batch 1"):
        replace(plan, batches=(2, 4)).left_out()
    with pytest.raises(AdvisorError, match=r"net@8 cannot .*give --runtime eager,onnxruntime"):
        replace(plan, variants=(("eager", "fp32"),)).left_out()


def test_a_plan_without_own_networks_is_kept_as_it_always_was(net: Path) -> None:
    assert set(PLAN.as_record()) == {
        "architectures",
        "batches",
        "device",
        "threads",
        "variants",
        "thoroughness",
        "declared_power_w",
        "sustained_s",
    }
    own = {"net@8": measurable(net)}
    record = replace(PLAN, own=own).as_record()
    assert json.loads(json.dumps(record)) == record
    assert record["own"] == {"net@8": own["net@8"].content}


MEASURE = ("--batch", "1,2", "--quick", "--board", "mine")


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    monkeypatch.setattr("advisor.measuring.measure.RealChildren", FakeChildren)
    return "--catalog", tmp_path / "catalog"


def test_an_onnx_file_is_measured_and_its_figures_are_found_again(
    run: Run, net: Path, where: tuple[str, Path], tmp_path: Path
) -> None:
    ran = run("measure", net, *MEASURE, *where)
    assert ran.code == 0, ran.err
    assert "onnxruntime fp32" in ran.out
    catalog = Catalog.open(where[1])
    assert check(catalog).faults == ()
    table = catalog.measurements(catalog.board("mine"))
    assert table.architecture.names == ("net@8",)
    assert table.runtime.names == ("onnxruntime",)
    asked = ("--board", "mine", *where)
    assert "measured" in run("predict", net, *asked).out
    assert "measured" in run("predict", "net@8", *asked).out

    def best(*options: object) -> dict[str, object]:
        answer = json.loads(run("pick", *asked, "--json", *options).out)
        found: dict[str, object] = answer["best"]
        return found

    for options in (
        ("--include", f"my_net={net}", "--accuracy-of", "my_net=71.2"),
        ("--include", f"net@8={net}", "--accuracy-of", "net@8=71.2"),
        ("--accuracy-of", "net@8=71.2", "--accuracy", "70"),
    ):
        found = best(*options)
        assert found["architecture"] == "net@8"
        assert found["accuracy_percent"]["value"] == 71.2  # type: ignore[index]
        assert found["batch_latency_ms"]["origin"] == "measured"  # type: ignore[index]
    assert (
        "my_net is net@8, as it was measured"
        in run("pick", *asked, "--include", f"my_net={net}").err
    )
    assert run("pick", *asked, "--accuracy-of", "net@9=7").code == 2
    again = run("measure", "net@8", *MEASURE, *where)
    assert again.code == 2
    assert "net@8 is your own: it is measured from its file or code" in again.err
    other = saved(tmp_path / "other.onnx", NODES[:2], WEIGHTS[:2], output="r")
    refused = run("pick", *asked, "--include", f"net@8={other}")
    assert "the catalog has a network 'net@8'" in refused.err


def test_variants_of_known_and_unknown_accuracy_are_chosen_from_by_any_name(
    run: Run, net: Path, where: tuple[str, Path]
) -> None:
    measured = ("measure", net, "--precision", "fp32,int8", *MEASURE, *where)
    assert run(*measured).code == 0

    def best(*options: object) -> tuple[str, str, object]:
        ran = run("pick", "--board", "mine", *where, "--json", *options)
        assert ran.code == 0, ran.err
        found = json.loads(ran.out)["best"]
        accuracy = found["accuracy_percent"]
        return found["architecture"], found["precision"], accuracy and accuracy["value"]

    include = ("--include", f"my_net={net}")
    for named in (("--architectures", "net@8"), include, (*include, "--architectures", "my_net")):
        assert best(*named)[::2] == ("net@8", None)
    for name, brought in (("net@8", ()), ("net@8", include), ("my_net", include)):
        stated = (*brought, "--accuracy-of", f"{name}=71.2")
        assert best(*stated) == ("net@8", "fp32", 71.2)
        assert best(*stated, "--architectures", name) == ("net@8", "fp32", 71.2)
        assert best(*stated, "--accuracy", "70") == ("net@8", "fp32", 71.2)
        assert best(*stated, "--objective", "fps") == ("net@8", "int8", None)
    excluded = run("pick", "--board", "mine", *where, *include, "--exclude", "my_net")
    assert excluded.code == 2


def fancy(path: Path) -> Path:
    """A file of which nobody knows what its first operator multiplies."""
    first = onnx.helper.make_node("FancyConv", ["x"], ["c"], domain="mine")
    return saved(path, [first, *NODES[1:]], WEIGHTS[2:])


def test_what_cannot_be_counted_is_measured_all_the_same(
    run: Run, tmp_path: Path, where: tuple[str, Path]
) -> None:
    ran = run("measure", fancy(tmp_path / "net.onnx"), *MEASURE, *where)
    assert ran.code == 0, ran.err
    catalog = Catalog.open(where[1])
    assert check(catalog).faults == ()
    cost = catalog.architectures["net@8"].counted
    assert cost is not None
    assert value_of(cost.params) == 650
    assert cost.operations is None
    asked = ("--board", "mine", *where)
    assert "measured" in run("predict", "net@8", *asked).out
    assert (
        "not counted: the cost of the operator mine::FancyConv" in run("show", "net@8", *where).out
    )
    best = json.loads(run("pick", *asked, "--json").out)["best"]
    assert best["architecture"] == "net@8"
    assert best["operations"] is None
    small = run("pick", *asked, "--where", "params <= 700", "--json")
    assert json.loads(small.out)["best"]["architecture"] == "net@8"
    limited = run("pick", *asked, "--where", "ops <= 900G", "--json")
    assert limited.code == 1
    assert any(each["unknown"] for each in json.loads(limited.out)["rejections"])


def test_files_are_measured_in_their_own_number_format(
    run: Run, net: Path, where: tuple[str, Path], tmp_path: Path
) -> None:
    halves = [
        onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(each).astype("float16"), each.name)
        for each in WEIGHTS
    ]
    half = saved(tmp_path / "half.onnx", NODES, halves)
    model = onnx.load(str(half))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    onnx.save(model, str(half))
    ran = run("measure", net, half, *MEASURE, *where)
    assert ran.code == 0, ran.err
    assert "left out: net" not in ran.out
    assert "left out: half" not in ran.out
    catalog = Catalog.open(where[1])
    table = catalog.measurements(catalog.board("mine"))
    precisions = set(zip(table.architecture.tolist(), table.precision.tolist(), strict=True))
    assert precisions == {("net@8", "fp32"), ("half@8", "fp16")}
    refused = run("measure", half, "--precision", "fp32", *MEASURE, *where)
    assert refused.code == 2
    assert "half@8 cannot be measured so: its numbers are fp16 give --precision fp16" in " ".join(
        refused.err.split()
    )


def test_what_multiplies_nothing_is_timed_unchecked(
    run: Run, tmp_path: Path, where: tuple[str, Path]
) -> None:
    path = saved(tmp_path / "net.onnx", [onnx.helper.make_node("Relu", ["x"], ["y"])], [])
    refused = run("measure", path, *MEASURE, *where)
    assert refused.code == 2
    assert "--no-check" in refused.err
    ran = run("measure", path, "--no-check", *MEASURE, *where)
    assert ran.code == 0, ran.err
    catalog = Catalog.open(where[1])
    assert check(catalog).faults == ()
    (journal,) = read_runs(where[1] / "boards/mine/runs")
    assert journal.header["plan"]["check"] is False
    assert len(catalog.measurements(catalog.board("mine"))) == 2


def test_another_file_of_that_name_is_another_network(
    run: Run, net: Path, where: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "advisor.measuring.measure.RealChildren", lambda: StoppingChildren(5, KeyboardInterrupt)
    )
    assert run("measure", net, *MEASURE, *where).code == 130
    monkeypatch.setattr("advisor.measuring.measure.RealChildren", FakeChildren)
    kept = net.read_bytes()
    refused = run("measure", changed(net), *MEASURE, *where)
    assert refused.code == 2
    assert "is not what was measured as net@8: its content is another" in refused.err
    assert f"advisor measure net-2={net}" in refused.err
    assert run("measure", f"net-2={net}", *MEASURE, *where).code == 0
    net.write_bytes(kept)
    runs = where[1] / "boards/mine/runs"
    assert len(read_runs(runs)) == 2
    assert run("measure", net, *MEASURE, *where).code == 0
    assert len(read_runs(runs)) == 3  # the last run was of another plan
    catalog = Catalog.open(where[1])
    assert catalog.measurements(catalog.board("mine")).architecture.names == ("net-2@8", "net@8")


def test_a_run_goes_on_where_the_file_is_the_same(
    run: Run, net: Path, where: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "advisor.measuring.measure.RealChildren", lambda: StoppingChildren(5, KeyboardInterrupt)
    )
    assert run("measure", net, *MEASURE, *where).code == 130
    moved = net.rename(net.with_name("moved.onnx"))
    made_up = FakeChildren()
    monkeypatch.setattr("advisor.measuring.measure.RealChildren", lambda: made_up)
    assert run("measure", f"net={moved}", *MEASURE, *where).code == 0
    (journal,) = read_runs(where[1] / "boards/mine/runs")
    assert journal.header["plan"]["own"] == {"net@8": read_own(str(moved)).content}
    assert "prepare net@8 at batch 1, onnxruntime fp32" not in made_up.asked


def test_rows_of_unlike_networks_are_never_taken_together(net: Path, tmp_path: Path) -> None:
    own = measurable(net)
    plan = replace(PLAN, architectures=("net@8",), variants=(ORT,), own={"net@8": own})

    class Known(FakeChildren):
        pass

    def run_(plan_: object) -> None:
        from advisor.measuring.board_run import measure_board
        from tests.measuring_fakes import HOST

        known = {"net@8": own.architecture}
        measure_board(tmp_path / "board", plan_, HOST, known, Known(), lambda *_: None)  # type: ignore[arg-type]

    run_(plan)
    run_(plan)
    other = replace(plan, own={"net@8": replace(own, content="0123")})
    with pytest.raises(AdvisorError, match="of this board measured another network as net@8"):
        run_(other)


def test_runs_from_before_there_were_own_networks_go_on(tmp_path: Path) -> None:
    board = tmp_path / "board"
    measure(board, StoppingChildren(10, KeyboardInterrupt))
    (journal,) = read_runs(board / "runs")
    assert "own" not in journal.header["plan"]
    assert measure(board, FakeChildren()).finished
    assert len(read_runs(board / "runs")) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{net}", "--runtime", "eager"), "net@8 cannot be measured so: eager cannot run an ONNX"),
        (("{net}", "resnet-18"), "give --runtime eager,onnxruntime"),
        (("{net}", "net={other}"), "two networks are called net@8"),
        (("none.onnx",), "none.onnx: there is no such file"),
        (("a b={net}",), "'a b' is not a name for a network"),
        (("={net}",), "'' is not a name for a network"),
        (("weights.pth",), "weights.pth: a file of this kind cannot be read"),
        (("{net}@96",), "@96: the size of its images is in the file"),
        (("leaving:make",), "leaving:make ends its process with exit code 3"),
        (("vit_b_16@240",), "takes no images of 240 x 240 pixels"),
    ],
)
def test_what_cannot_be_measured_is_reported_before_anything_runs(
    run: Run,
    net: Path,
    where: tuple[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leaving.py").write_text("import os\nos._exit(3)\n")
    other = saved(tmp_path / "other.onnx", NODES[:2], WEIGHTS[:2], output="r")
    ran = run("measure", *(each.format(net=net, other=other) for each in arguments), *where)
    assert ran.code == 2
    assert said in ran.err
    assert not where[1].exists()


def test_an_onnx_file_needs_onnxruntime(
    run: Run, net: Path, where: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    ran = run("measure", net, "--runtime", "openvino", *where)
    assert ran.code == 2
    assert "measuring ONNX files needs onnxruntime" in ran.err
    assert "pip install 'dnn-advisor[runtimes]'" in ran.err
