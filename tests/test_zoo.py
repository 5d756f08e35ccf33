"""The networks of torchvision and timm: names, counts, accuracies, the cache, and choosing among them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor import AdvisorError
from advisor.architectures import libraries
from advisor.architectures.design import Design
from advisor.architectures.libraries import torchvision_models
from advisor.architectures.names import IN_BOTH, family_of, identity, is_own, read_name
from advisor.catalog import counting, zoo
from advisor.catalog.counting import count_each, uncounted_of
from advisor.catalog.listing import zoo as zoo_of
from advisor.catalog.store import Catalog
from advisor.catalog.tables import ZooNetwork, read_zoo_table, zoo_table
from advisor.catalog.zoo import COUNTS, cached, remember
from advisor.errors import BrokenFileError
from advisor.folders import ready_cache
from tests.conftest import SHIPPED as CATALOG
from tests.conftest import Overlay, Run

SHIPPED = Catalog.open().zoo


# --- names


@given(
    st.sampled_from(["torchvision", "timm"]),
    st.one_of(st.sampled_from(sorted(IN_BOTH)), st.just("mobilenet_v2")),
    st.integers(1, 99999),
)
def test_an_identity_is_read_as_it_was_made(library: str, name: str, size: int) -> None:
    written = read_name(identity(library, name, size))
    assert written is not None
    assert (written.name, written.size, written.tag) == (name, size, "")
    assert written.library == (library if name in IN_BOTH else "")


def test_the_names_that_both_libraries_have_are_those_written_down() -> None:
    both = set(libraries.TORCHVISION.names()) & set(libraries.LIBRARIES["timm"].names())
    assert both == IN_BOTH


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("vit_h_14", "vit_h_14@518"),
        ("vit_h_14@224", "vit_h_14@224"),
        ("tv:inception_v3", "tv:inception_v3@299"),
        ("tv:resnet50@288", "tv:resnet50@288"),
        ("timm:resnet50", "timm:resnet50@224"),
        ("resnet50.tv_in1k", "timm:resnet50@224"),
        ("timm:resnet50.tv_in1k@160", "timm:resnet50@160"),
        ("mobilenetv2_100", "mobilenetv2_100@224"),
        ("resnet50@224", "tv:resnet50@224"),
        ("torchvision:resnet50", "tv:resnet50@224"),
    ],
)
def test_a_name_means_one_design(text: str, meant: str) -> None:
    assert libraries.find(text).identity == meant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("resnet50@160x320", "built for square images"),
        ("vit_h_14@300", "it needs 518 or 224"),
        ("maxvit_t@256", "it needs 224"),
        ("vit_base_patch16_224@384", "it needs 224"),
        ("tv:no_such_net", "torchvision has no network 'no_such_net'"),
        ("no_such_net", "neither torchvision nor timm has a network 'no_such_net'"),
        ("resnet50.no_tag", "no_tag"),
        ("a b", "is not the name of a network"),
    ],
)
def test_a_name_that_means_none_says_why(text: str, told: str) -> None:
    with pytest.raises(AdvisorError) as refused:
        libraries.find(text)
    assert told in str(refused.value)


def test_an_image_that_is_too_small_is_told_with_the_size_that_is_not() -> None:
    with pytest.raises(AdvisorError, match=r"does not run on 40 x 40 pixels.*published for 299"):
        libraries.count_design(Design("torchvision", "inception_v3", 40))


def test_what_is_own_is_told_from_a_library() -> None:
    assert is_own("net.onnx")
    assert is_own("net.pt2")
    assert is_own("nets:make")
    assert not is_own("tv:resnet50")
    assert not is_own("mobilenet_v2@224")


def test_families_are_the_kin_that_people_know() -> None:
    families = {each.family for each in SHIPPED.networks.values()}
    assert len(families) >= 16
    assert family_of("tf_efficientnetv2_s") == "EfficientNet"
    assert family_of("wide_resnet50_2") == family_of("resnet18") == "ResNet"
    assert family_of("resnext50_32x4d") == "ResNeXt"
    assert family_of("inception_next_tiny") != family_of("inception_v3")
    assert family_of("volo_d1_224") == "volo"


# --- the shipped tables


def test_the_shipped_counts_agree_with_torchvisions_own() -> None:
    assert {each.library for each in SHIPPED.obtainable.values()} == {"torchvision", "timm"}
    models = torchvision_models()
    names = models.list_models(module=models)
    assert len(names) == 80
    seen = set()
    for name in names:
        for weights in models.get_model_weights(name):
            size = weights.transforms.keywords["crop_size"]
            network = SHIPPED.networks[identity("torchvision", name, size)]
            assert network.counts is not None
            params, operations = (network.figures[each] for each in ("params", "operations"))
            assert operations / 2e9 == pytest.approx(weights.meta["_ops"], rel=0.02)
            if name != "inception_v3":  # whose stated figure has the head that only training uses
                assert params == weights.meta["num_params"]
            seen.add(network.architecture)
    own = SHIPPED.obtainable.items()
    assert seen == {name for name, each in own if each.library == "torchvision"}


def test_the_shipped_accuracies_are_torchvisions_own() -> None:
    stated = {
        (each.design.identity, each.weights): (each.top1_percent, each.top5_percent)
        for name in libraries.TORCHVISION.names()
        for each in libraries.TORCHVISION.published(name)
    }
    known = {
        key: (each.accuracy_percent.value, each.top5_percent.value if each.top5_percent else None)
        for key, each in SHIPPED.weights.items()
        if each.accuracy_percent.source.startswith("torchvision-")
    }
    assert known == stated
    assert ("tv:vgg16@224", "IMAGENET1K_FEATURES") not in known
    assert SHIPPED.best_weights["tv:resnet50@224"].name == "IMAGENET1K_V2"


@pytest.mark.parametrize("name", ["mobilenet_v3_small@224", "vit_b_32@224", "regnet_x_400mf@224"])
def test_counting_again_gives_the_shipped_counts(name: str) -> None:
    counted = libraries.count_design(libraries.find(name)).counts
    network = SHIPPED.networks[name]
    assert network.counts == tuple(vars(counted).values())


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    networks = {
        "a@9": ZooNetwork("a@9", "timm", "1", "A", (3, 9, 9), (1, 2, 3, 4, 0, 6)),
        "b@9": ZooNetwork("b@9", "timm", "1", "B", (3, 9, 9), None),
        "c@9": ZooNetwork("c@9", "timm", "1", "B", (3, 9, 9), None, "does what nobody knows"),
        "d@9": ZooNetwork("d@9", "own", "1", "own", (3, 9, 9), (5, None, None, 0, 0, 7), "in part"),
    }
    path = tmp_path / "table.csv"
    path.write_text(zoo_table(networks.values()))
    assert read_zoo_table(path) == networks


# --- the cache


def test_what_is_not_in_a_table_is_counted_once_and_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("predict", "mobilenet_v3_small@96", "--batch", "1")
    assert first.code == 0, first.err
    monkeypatch.setattr(counting, "counted", _must_not_be_called)
    monkeypatch.setattr(counting, "listed", _must_not_be_called)
    again = run("predict", "mobilenet_v3_small@96", "--batch", "1")
    assert (again.code, again.out, again.err) == (0, first.out, "")


def _must_not_be_called(*_: object) -> None:
    raise AssertionError("counted again")


def _counted_as(*counts: int) -> Callable[[ZooNetwork], ZooNetwork]:
    def counted(network: ZooNetwork) -> ZooNetwork:
        return ZooNetwork(
            network.architecture,
            network.library,
            zoo.installed_version(network.library) or "",
            network.family,
            network.input_shape,
            counts,
        )

    return counted


LISTED = [
    ZooNetwork(f"{name}@64", "timm", "9.9", "Fake", (3, 64, 64), None)
    for name in ("fake_a", "fake_b")
]


@pytest.fixture
def fake_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timm 9.9 of two networks."""
    monkeypatch.setattr(
        zoo, "installed_version", lambda library: "9.9" if library == "timm" else None
    )
    monkeypatch.setattr(counting, "installed_version", zoo.installed_version)
    monkeypatch.setattr(counting, "listed", lambda _: LISTED)
    monkeypatch.setattr(counting, "counted", _counted_as(2_000_000, 10**9, 10**6, 9, 0, 10**6))


@pytest.mark.usefixtures("fake_timm")
def test_counting_goes_on_where_it_was_interrupted() -> None:
    todo = uncounted_of(Catalog.open().zoo, "timm")
    assert [each.architecture for each in todo] == ["fake_a@64", "fake_b@64"]
    steps = count_each("timm", todo)
    assert next(steps).left == 1
    steps.close()  # interrupted
    zoo_now = Catalog.open().zoo
    assert "1 of 2 networks of timm are not counted yet" in zoo_now.uncounted()[-1]
    assert [each.architecture for each in uncounted_of(zoo_now, "timm")] == ["fake_b@64"]
    assert len(list(count_each("timm", uncounted_of(zoo_now, "timm")))) == 1
    assert uncounted_of(Catalog.open().zoo, "timm") == []


@pytest.mark.usefixtures("fake_timm")
def test_another_version_is_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert remember("timm", [_counted_as(1, 2, 3, 4, 5, 6)(each) for each in LISTED]) == ""
    assert uncounted_of(Catalog.open().zoo, "timm") == []
    newer = lambda library: "10.0" if library == "timm" else None  # noqa: E731
    monkeypatch.setattr(zoo, "installed_version", newer)
    monkeypatch.setattr(counting, "installed_version", newer)
    assert len(uncounted_of(Catalog.open().zoo, "timm")) == 2


@pytest.mark.usefixtures("fake_timm")
def test_a_broken_cache_is_said_once_and_counted_again(run: Run) -> None:
    path = ready_cache(COUNTS) / "timm-9.9.csv"
    path.write_text("architecture,nonsense\nfake_a@64,1\n")
    broken = run("zoo", "--library", "timm")
    assert broken.err.count("are broken and are counted again") == 1
    assert "fake_a@64" not in broken.out
    mended = run("zoo", "--library", "timm", "--count", "timm")
    assert mended.code == 0
    assert "fake_b@64" in mended.out
    assert run("zoo", "--library", "timm").err == ""


def test_a_cache_that_cannot_be_written_costs_nothing_but_itself(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    ran = run("predict", "squeezenet1_1@64", "--batch", "1")
    assert ran.code == 0
    assert "the counts are not kept for the next time" in ran.err


def test_without_a_library_nothing_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoo, "installed_version", lambda _: None)
    assert cached("timm") == ({}, "")
    assert remember("timm", LISTED) == "timm is not installed"


# --- advisor zoo


def test_the_zoo_is_listed_by_family_and_size(run: Run) -> None:
    listed = run("zoo", "--family", "mobilenet,Swin", "--max-params", "30M", "--csv")
    assert listed.code == 0
    rows = list(csv.DictReader(io.StringIO(listed.out)))
    assert {row["family"] for row in rows} == {"MobileNet", "Swin"}
    assert all(float(row["params"]) <= 30e6 for row in rows)
    (mobile,) = (row for row in rows if row["architecture"] == "mobilenet_v2@224")
    assert (mobile["top1_percent"], mobile["weights"]) == ("72.154", "IMAGENET1K_V2")
    document = json.loads(run("zoo", "--library", "torchvision", "--json").out)
    assert document["schema"] == "advisor.zoo/1"
    assert len(document["networks"]) == 86
    published = json.loads(run("schema", "zoo").out)
    jsonschema.validate(document, published)
    assert list(document["networks"][0]) == list(rows[0])
    assert advisor.schema("zoo") == run("schema", "zoo").out
    assert "ViT" in run("zoo", "--family", "vit").out


def test_the_zoo_is_listed_from_python() -> None:
    listed = zoo_of("mobilenet", library="torchvision", max_params=3e6)
    small = [each.network.architecture for each in listed.networks]
    assert small == ["mobilenet_v3_small@224"]
    assert listed.networks[0].best is not None
    assert zoo_of("any").networks == zoo_of().networks


@pytest.mark.usefixtures("fake_timm")
def test_counting_from_python_reports_each_network() -> None:
    heard: list[str] = []
    listed = zoo_of(count="timm", on_progress=lambda what, _: heard.append(what))
    assert heard == ["counted fake_a@64", "counted fake_b@64"]
    assert {each.network.library for each in listed.networks} == {"timm"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--family", "mobilenot"), "did you mean 'MobileNet'"),
        (("--library", "keras"), "unknown library 'keras'"),
        (("--max-params", "25MB"), "max-params"),
        (("--max-params", "25"), "did you mean '25M'?"),
        (("--max-ops", "4.1"), "did you mean '4.1G'?"),
        (("--csv", "--json"), "exclude each other"),
        (("--count", "vit_b_16@100"), "it needs 224 or 384"),
    ],
)
def test_bad_input_to_the_zoo_is_told(run: Run, options: tuple[str, ...], told: str) -> None:
    ran = run("zoo", *options)
    assert ran.code == 2
    assert told in ran.err


# --- choosing


def test_the_whole_zoo_is_chosen_from_without_torch(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom advisor.cli import main\nsys.argv = ['advisor', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'torchvision', 'timm', 'onnx', 'pandas'} & set(sys.modules)))\n"
    )
    asked = ("pick", "--candidates", "all", "--fps", "30", "--csv")
    ran = subprocess.run(
        [sys.executable, "-c", script, *asked],
        capture_output=True,
        text=True,
        check=True,
        env={"XDG_CACHE_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PYTHONPATH": "."},
    )
    *rows, imported = ran.stdout.splitlines()
    assert imported == "[]"
    assert any("@224," in row and "predicted" in row for row in rows)


def test_the_zoo_comes_in_only_when_asked(run: Run) -> None:
    usual = json.loads(run("pick", "--fps", "30", "--json").out)
    assert usual["best"]["architecture"] == "resnet-18"
    every = json.loads(run("pick", "--fps", "30", "--candidates", "all", "--json").out)
    assert "@" in every["best"]["architecture"]
    name, weights = every["best"]["architecture"], every["best"]["weights"]
    assert weights == SHIPPED.best_weights[name].name
    assert every["best"]["batch_latency_ms"]["origin"] == "predicted"
    assert every["best"]["accuracy_percent"]["source"].startswith("timm-")


def test_any_weights_bring_every_published_set(run: Run) -> None:
    network = "tv:efficientnet_b1@240"
    asked = ("pick", "--candidates", "all", "--architectures", network, "--batch", "1")
    best = json.loads(run(*asked, "--all-batches", "--json").out)
    assert best["best"]["weights"] == "ra4_e3600_r240_in1k"
    assert best["alternatives"] == []
    every = json.loads(run(*asked, "--weights", "any", "--all-batches", "--json").out)
    assert every["best"]["weights"] == "ra4_e3600_r240_in1k"
    others = [each["weights"] for each in every["alternatives"]]
    assert others == ["IMAGENET1K_V2", "IMAGENET1K_V1"]


@pytest.mark.usefixtures("fake_timm")
def test_what_is_not_counted_is_told_when_all_are_asked_for(run: Run) -> None:
    assert "counted yet" not in run("pick", "--candidates", "all").err  # tables have their costs
    remember("timm", LISTED)
    told = run("pick", "--candidates", "all").err
    assert "2 of 2 networks of timm are not counted yet" in told
    assert "advisor zoo --count timm" in told
    assert run("pick").err == ""


# --- the user's copy of timm's result table

RESULTS = """\
model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation
fake_a.good_in1k,64,81.5,18.5,95.5,4.5,"1,014.45",1.000,bicubic
fake_a.good_in1k,96,83.25,16.75,96.5,3.5,"1,014.45",1.000,bicubic
fake_a.poor_in1k,64,71,29,90,10,2.0,1.000,bicubic
resnet50.a1_in1k,224,80.2,19.8,94.6,5.4,25.56,0.95,bicubic
fake_a.good_in1k,64,12,88,20,80,2.0,1.000,bicubic
fake_b.lost_in1k,64,,,,,2.0,1.000,bicubic
fake_b.no_size,,70,30,90,10,2.0,1.000,bicubic
b/b.c,64,70,30,90,10,2.0,1.000,bicubic
fake_b.short,64
"""


@pytest.mark.usefixtures("fake_timm")
def test_accuracies_are_joined_on_name_and_size(run: Run, overlay: Overlay) -> None:
    file = overlay.write("results-imagenet.csv", RESULTS)
    ran = run("import", "accuracies", file, "--catalog", overlay.folder)
    file.unlink()
    assert ran.code == 0, ran.err
    assert "4 sets of weights of 3 networks" in ran.out
    for dropped in (
        "1 row with too few or too many cells",
        "1 row of a model and size that stood above",
        "1 row without a top-1 accuracy in percent",
        "1 row without an input size",
        "1 row whose model is no name",
        "2 networks of them cannot be chosen before they are counted",
    ):
        assert dropped in ran.out
    weights = Catalog.open(overlay.folder).zoo.weights
    assert weights["fake_a@64", "good_in1k"].accuracy_percent.value == 81.5
    assert weights["fake_a@96", "good_in1k"].accuracy_percent.value == 83.25
    assert ("timm:resnet50@224", "a1_in1k") in weights
    assert run("catalog", "check", "--catalog", overlay.folder).code == 0
    assert run("zoo", "--count", "timm", "--catalog", overlay.folder).code == 0
    asked = ("pick", "--candidates", "all", "--architectures", "fake_a@64", "--json")
    best = json.loads(run(*asked, "--catalog", overlay.folder).out)["best"]
    assert (best["weights"], best["accuracy_percent"]["value"]) == ("good_in1k", 81.5)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("model,top1\na.b,70\n", "no such column"),
        ("model,img_size,top1\na.b,224,\n", "no row with an accuracy"),
        ("", "a header"),
    ],
)
def test_a_table_that_is_none_is_refused(
    run: Run, overlay: Overlay, content: str, told: str
) -> None:
    ran = run("import", "accuracies", overlay.write("r.csv", content), "--catalog", overlay.folder)
    assert ran.code == 2
    assert told in ran.err
    assert not (overlay.folder / "zoo").exists()


# --- a catalog with a zoo of its own


def test_rows_of_a_librarys_network_need_nothing_else(run: Run, overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes",
        "mobilenet_v2@224,eager,fp32,1,10,5,300,reported,my-notes",
    )
    ran = run("pick", "--board", "small", "--catalog", overlay.folder, "--weights", "any")
    assert ran.code == 0, ran.err
    assert "mobilenet_v2@224" in ran.out
    assert run("catalog", "check", "--catalog", overlay.folder).code == 0
    shown = run("show", "mobilenet_v2@224", "--catalog", overlay.folder)
    assert "IMAGENET1K_V2" in shown.out
    plain = run("pick", "--board", "small", "--catalog", overlay.folder)
    assert plain.err == ""
    assert "IMAGENET1K_V2" in plain.out, "its best, since the board's set is not one of it"


def test_a_fault_in_a_zoo_table_is_told_with_its_place(run: Run, overlay: Overlay) -> None:
    shipped = (CATALOG / "zoo/torchvision.csv").read_text()
    lines = shipped.splitlines()
    overlay.write("zoo/mine.csv", f"{lines[0]}\n{lines[1].replace('61100840', 'many')}\n")
    ran = run("catalog", "check", "--catalog", overlay.folder)
    assert ran.code == 1
    assert "mine.csv, line 2, column params: found 'many'" in ran.out
    with pytest.raises(BrokenFileError):
        _ = Catalog.open(overlay.folder).zoo
    assert run("pick", "--catalog", overlay.folder).code == 0


def test_an_unknown_network_is_told_without_asking_the_libraries(run: Run) -> None:
    ran = run("predict", "resnet-51")
    assert ran.code == 2
    assert "unknown architecture 'resnet-51'" in ran.err
    assert "did you mean 'resnet51q' (timm:resnet51q@256) or 'resnet-50' (tv:" in ran.err
    assert run("predict", "vit_h_14@300").code == 2
