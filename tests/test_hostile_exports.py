"""A file of torch.export is data: one hostile file for each member that torch would run, and none runs."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

import advisor
from advisor.architectures.own_network import read_own
from advisor.errors import AdvisorError
from tests.conftest import Run

Members = dict[str, bytes]
Change = Callable[[Members, str], None]

PROGRAM = "models/model.json"
SAMPLE = "data/sample_inputs/model.pt"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 4, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        pooled: torch.Tensor = self.layer(images).mean((2, 3))
        return pooled + torch.tensor([1.0, 2.0, 3.0, 4.0])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("exports") / "net.pt2")


def exported(path: Path) -> Path:
    """A file of a network with weights and a constant."""
    program = torch.export.export(
        Net().eval(),
        (torch.zeros(2, 3, 16, 16),),
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    torch.export.save(program, path)
    return path


def rewritten(plain: Path, to: Path, change: Change, ran: str) -> Path:
    """A copy of a file with other members."""
    members: Members = {}
    with zipfile.ZipFile(plain) as archive:
        for name in archive.namelist():
            members[name.partition("/")[2]] = archive.read(name)
    change(members, ran)
    with zipfile.ZipFile(to, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"net/{name}", content)
    return to


class Runs:
    """What runs as soon as it is unpickled."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.marker, "w")


def pickled(ran: str) -> bytes:
    return pickle.dumps(((Runs(ran),), {}))


def in_place_of(name: str) -> Change:
    return lambda members, ran: members.__setitem__(name, pickled(ran))


def configured(config: str, entry: str, place: str) -> Change:
    """One more weight, or constant, that is a pickle."""

    def change(members: Members, ran: str) -> None:
        found = json.loads(members[config])
        some = next(iter(found["config"].values()))
        found["config"][entry] = {**some, "path_name": place, "use_pickle": True}
        members[config] = json.dumps(found).encode()
        members[config.rpartition("/")[0] + "/" + place] = pickled(ran)

    return change


def in_the_graph(alter: Callable[[dict[str, Any], str], None]) -> Change:
    """Another description of the graph."""

    def change(members: Members, ran: str) -> None:
        found = json.loads(members[PROGRAM])
        alter(found, ran)
        members[PROGRAM] = json.dumps(found).encode()

    return change


def calling(target: str) -> Change:
    def alter(found: dict[str, Any], ran: str) -> None:
        node = found["graph_module"]["graph"]["nodes"][0]
        node["target"] = target
        given = {"name": "", "arg": {"as_string": f"touch {ran}"}, "kind": 1}
        node["inputs"] = [given]

    return in_the_graph(alter)


def sized(found: dict[str, Any], ran: str) -> None:
    for value in found["graph_module"]["graph"]["tensor_values"].values():
        for side in value["sizes"]:
            if "as_expr" in side:
                side["as_expr"]["expr_str"] = f"__import__('pathlib').Path({ran!r}).touch()"


def named(found: dict[str, Any], ran: str) -> None:
    text = json.dumps(found).replace('"images"', json.dumps(f"images=open({ran!r}, 'w')"))
    found.clear()
    found.update(json.loads(text))


def nested(found: dict[str, Any], _: str) -> None:
    calls = found["graph_module"]["module_call_graph"][0]["signature"]
    context = json.dumps({"default_factory_module": "os", "default_factory_name": "getcwd"})
    hostile = {"type": "collections.defaultdict", "context": context, "children_spec": []}
    calls["in_spec"] = json.dumps([1, hostile])


def operator_given(found: dict[str, Any], _: str) -> None:
    node = found["graph_module"]["graph"]["nodes"][0]
    node["inputs"].append({"name": "", "arg": {"as_operator": "torch.hub.load"}, "kind": 1})


HOSTILE: dict[str, tuple[str, Change]] = {
    "sample inputs": (SAMPLE, in_place_of(SAMPLE)),
    "weights of an older form": ("data/weights/model.pt", in_place_of("data/weights/model.pt")),
    "constants of an older form": (
        "data/constants/model.pt",
        in_place_of("data/constants/model.pt"),
    ),
    "a pickled weight": (WEIGHTS, configured(WEIGHTS, "more", "weight_99")),
    "a pickled constant": (CONSTANTS, configured(CONSTANTS, "more", "tensor_99")),
    "a pickled object": (CONSTANTS, configured(CONSTANTS, "more", "opaque_obj_0")),
    "an object of TorchScript": (CONSTANTS, configured(CONSTANTS, "more", "custom_obj_0")),
    "compiled code": ("net.so", in_place_of("data/aotinductor/model/net.so")),
    "a shell": (PROGRAM, calling("torch.os.system")),
    "a download": (PROGRAM, calling("torch.hub.load")),
    "a library": (PROGRAM, calling("torch.ops.load_library")),
    "a file written": (PROGRAM, calling("torch.ops.aten.from_file.default")),
    "a method": (PROGRAM, calling("_operator.methodcaller")),
    "a class": (PROGRAM, calling("torch.ops.aten.add.__class__")),
    "an operator as a value": (PROGRAM, in_the_graph(operator_given)),
    "a size": (PROGRAM, in_the_graph(sized)),
    "a name": (PROGRAM, in_the_graph(named)),
    "a container": (PROGRAM, in_the_graph(nested)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_member_that_could_run_is_named_and_does_not_run(
    kind: str, plain: Path, tmp_path: Path
) -> None:
    member, change = HOSTILE[kind]
    ran = tmp_path / "it-ran"
    path = rewritten(plain, tmp_path / "net.pt2", change, str(ran))
    with pytest.raises(AdvisorError, match="could run code that it holds") as refused:
        read_own(str(path))
    assert member in refused.value.message
    assert "--trust" in refused.value.hint
    assert not ran.exists()


def test_a_guard_is_not_run(plain: Path, tmp_path: Path) -> None:
    ran = tmp_path / "it-ran"

    def guarded(found: dict[str, Any], marker: str) -> None:
        found["guards_code"] = [f"open({marker!r}, 'w') is not None"]

    change = in_the_graph(guarded)
    path = rewritten(plain, tmp_path / "net.pt2", change, str(ran))
    assert read_own(str(path)).counts.params == 3 * 4 * 9 + 4
    assert not ran.exists()


def test_the_older_form_of_all_pickles_is_not_read(tmp_path: Path) -> None:
    ran = tmp_path / "it-ran"
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("version", "8.0")
        archive.writestr("serialized_exported_program.json", "{}")
        for name in ("state_dict", "constants", "example_inputs"):
            archive.writestr(f"serialized_{name}.pt", pickled(str(ran)))
    with pytest.raises(AdvisorError):
        read_own(str(path))
    assert not ran.exists()


def test_the_command_refuses_it_and_reads_it_when_trusted(
    plain: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_TRUST", "0")
    ran = tmp_path / "it-ran"
    path = rewritten(plain, tmp_path / "net.pt2", in_place_of(SAMPLE), str(ran))
    refused = run("predict", path)
    assert (refused.code, refused.out) == (2, "")
    assert SAMPLE in refused.err and not ran.exists()
    assert "--trust" in run("pick", "--fps", "1", "--include", f"net={path}").err
    run("predict", path, "--trust")
    assert ran.exists()


def test_python_refuses_it_and_reads_it_when_trusted(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ADVISOR_TRUST", raising=False)
    ran = tmp_path / "it-ran"
    path = rewritten(plain, tmp_path / "net.pt2", in_place_of(SAMPLE), str(ran))
    results = tmp_path / "results.csv"
    results.write_text(
        "architecture,runtime,precision,batch,latency_ms\nresnet-18,caffe,fp32,1,20\n"
    )
    question: dict[str, object] = {"fps": 1, "include": f"net={path}"}
    trusting = {**question, "trust": True}
    for refused in (
        partial(advisor.predict, str(path)),
        partial(advisor.pick, **question),
        partial(advisor.frontier, **question, trust=False),
        partial(advisor.verified_pick, question, 1, simulate=str(results)),
        partial(advisor.measure, str(path), dry_run=True, catalog=tmp_path / "own"),
    ):
        with pytest.raises(AdvisorError, match="--trust"):
            refused()
        assert not ran.exists()
    for asked in (
        partial(advisor.predict, str(path), trust=True),
        partial(advisor.pick, **question, trust=True),
        partial(advisor.verified_pick, trusting, 1, simulate=str(results)),
        partial(advisor.measure, str(path), dry_run=True, catalog=tmp_path / "own", trust=True),
    ):
        with suppress(AdvisorError):
            asked()
        assert ran.exists()
        ran.unlink()
        assert "ADVISOR_TRUST" not in os.environ
    with pytest.raises(AdvisorError, match="trust: found 'yes'; expected True or False"):
        advisor.pick(fps=1, trust="yes")
