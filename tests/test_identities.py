"""One network has one identity, whichever of its names is typed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import advisor
from advisor import AdvisorError
from advisor.architectures.names import PAPERS_OWN, size_of
from advisor.catalog.check import check
from advisor.catalog.identities import COUNTED, Name, read_aliases
from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog
from tests.conftest import SHIPPED, Overlay, Run

CATALOG = Catalog.open()
IDENTITIES = CATALOG.identities
RESNET = (
    "resnet50",
    "resnet-50",
    "ResNet50",
    "ResNet-50",
    "RESNET_50",
    "resnet50@224",
    "tv:resnet50",
    "tv:resnet50@224",
    "torchvision:resnet50",
    "paper:resnet-50",
    "timm:resnet50",
    "resnet50.a1_in1k",
)


ALIASED = "name,network,note\nown:one,timm:nowhere,\n"


@pytest.mark.parametrize("name", RESNET)
def test_every_name_of_a_network_leads_to_all_of_it(name: str) -> None:
    known, meant = advisor.show(name), advisor.show("tv:resnet50@224")
    assert known.architecture == meant.architecture
    assert known.identity == known.architecture.name == "tv:resnet50@224"
    assert known.names == ("tv:resnet50@224", "timm:resnet50@224", "resnet-50")
    sets = {"paper", "mlperf", "IMAGENET1K_V1", "IMAGENET1K_V2", "a1_in1k", "fb_swsl_ig1b_ft_in1k"}
    assert {each.name for each in known.weights} > sets
    assert {each.board.name for each in known.boards} >= {"jetson-tx1", "xeon-2-cores-vm"}
    assert known.note == ""


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("MobileNetV2", "tv:mobilenet_v2@224"),
        ("mobilenet-v2", "tv:mobilenet_v2@224"),
        ("tv:mobilenet_v2@224", "tv:mobilenet_v2@224"),
        ("EfficientNet-B1", "tv:efficientnet_b1@240"),
        ("vit_b_16", "tv:vit_b_16@224"),
        ("vit_b_16@384", "tv:vit_b_16@384"),
        ("SqueezeNet1.1", "tv:squeezenet1_1@224"),
        ("Inception-v3", "tv:inception_v3@299"),
        ("VGG16", "tv:vgg16@224"),
        ("bn-nin", "paper:bn-nin@224"),
        ("paper:alexnet", "paper:alexnet@224"),
        ("tv:alexnet", "tv:alexnet@224"),
    ],
)
def test_a_name_in_use_means_one_identity(name: str, identity: str) -> None:
    meaning = IDENTITIES.find(name)
    assert meaning is not None
    assert (meaning.identity, meaning.note) == (identity, "")


@pytest.mark.parametrize(
    "name", ["resnet18.engine", "resnet-51", "timm:alexnet", "x y", "", "@224"]
)
def test_what_is_no_name_means_nothing(name: str) -> None:
    assert IDENTITIES.find(name) is None


def test_an_input_that_is_known_besides_has_to_be_the_networks() -> None:
    found = IDENTITIES.find("vit_b_16", "384")
    assert found is not None
    assert found.identity == "tv:vit_b_16@384"
    assert IDENTITIES.find("vit_b_16@224", "384") is None
    assert IDENTITIES.find("resnet-50", "160x320") is None


@pytest.mark.parametrize("name", ["alexnet", "AlexNet", "googlenet"])
def test_a_name_of_two_networks_says_which_one_it_is(run: Run, name: str) -> None:
    plain = name.lower()
    ran = run("show", name)
    assert ran.out.startswith(f"tv:{plain}@224")
    assert f"{name} is tv:{plain}@224; paper:{plain}@224 is another network of that name" in ran.err
    assert run("show", f"tv:{plain}").err == run("show", f"paper:{plain}").err == ""
    assert run("show", f"paper:{plain}").out.startswith(f"paper:{plain}@224")


def test_a_name_that_rows_show_means_theirs_where_the_usual_network_has_none(run: Run) -> None:
    said = "alexnet is paper:alexnet@224 here; tv:alexnet@224, another network of that name, is not"
    asked = ("--batch", "1", "--csv")
    ran = run("predict", "alexnet", *asked)
    assert said in ran.err
    assert ran.out == run("predict", "paper:alexnet", *asked).out
    here = advisor.pick(board="xeon-2-cores-vm", architectures="alexnet", batch=1)
    assert here.best is not None
    assert (here.best.architecture, said in here.notes) == ("alexnet", True)
    both = advisor.pick(architectures="alexnet", batch=1, candidates="all")
    assert both.best is not None
    assert both.best.architecture == "alexnet@224"
    assert any(each.startswith("alexnet is tv:alexnet@224; ") for each in both.notes)
    assert advisor.pick(architectures="alexnet", batch=1).notes == ()


def test_what_the_catalog_calls_a_network_can_be_written_so_that_it_is_meant() -> None:
    written = {name: IDENTITIES.written(name) for name in PAPERS_OWN}
    plain = PAPERS_OWN - {"alexnet", "googlenet", "inception-v4"}
    assert {name for name in PAPERS_OWN if written[name] == name} == plain
    assert written["alexnet"] == "paper:alexnet@224"
    for name, each in written.items():
        meaning = IDENTITIES.find(each)
        assert meaning is not None
        assert IDENTITIES.identity(meaning.name) == IDENTITIES.identity(name)


def test_a_prediction_is_of_the_rows_that_the_board_has_of_it(run: Run) -> None:
    asked = [run("predict", name, "--batch", "1", "--csv") for name in ("ResNet50", "resnet-50")]
    assert asked[0].out == asked[1].out
    (row,) = csv.DictReader(io.StringIO(asked[0].out))
    assert (row["architecture"], row["time_per_image_ms"]) == ("resnet-50", "64.1")


# --- weights


def test_a_network_has_every_set_of_weights_of_its_identity() -> None:
    sets = {
        each.name: each.accuracy_percent.value
        for each in CATALOG.published
        if each.architecture == "resnet-50"
    }
    assert sets.pop("mlperf") == pytest.approx(76, abs=1)
    timms = {name: percent for name, percent in sets.items() if name.endswith("_in1k")}
    assert timms["a1_in1k"] == 80.382
    others = {name: percent for name, percent in sets.items() if name not in timms}
    assert others == {"paper": 75.99, "IMAGENET1K_V1": 76.13, "IMAGENET1K_V2": 80.858}
    for weights, wanted, percent in (
        (None, "paper", 75.99),
        ("IMAGENET1K_V1", "IMAGENET1K_V1", 76.13),
        ("any", "fb_swsl_ig1b_ft_in1k", 81.146),
    ):
        best = advisor.pick(architectures="resnet50", batch=1, weights=weights).best
        assert best is not None
        assert (best.architecture, best.weights) == ("resnet-50", wanted)
        accuracy = best.metric("accuracy_percent")
        assert accuracy is not None
        assert accuracy.value == percent


def test_a_board_that_names_no_weights_has_each_networks_best(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-50,eager,fp32,1,20,5,300,reported,my-notes",
        "mobilenet_v2@224,eager,fp32,1,10,5,300,reported,my-notes",
        "alexnet,eager,fp32,1,10,5,300,reported,my-notes",
    )
    board = overlay.folder / "boards/small/board.yaml"
    for weights, wanted in (
        ("", ["fb_swsl_ig1b_ft_in1k", "IMAGENET1K_V2", "paper"]),
        ("weights: paper\n", ["paper", "IMAGENET1K_V2", "paper"]),
    ):
        kept = [line for line in board.read_text().splitlines() if "weights" not in line]
        board.write_text("\n".join(kept) + "\n" + weights)
        found = advisor.pick(board="small", catalog=overlay.folder, top=9)
        used = {each.architecture: each.weights for each in found.candidates}
        assert used == dict(zip(("resnet-50", "mobilenet_v2@224", "alexnet"), wanted, strict=True))


def test_a_network_is_predicted_under_one_name_alone() -> None:
    found = advisor.pick(candidates="all", batch=1, top=9999)
    names = [each.architecture for each in found.candidates]
    identities = [IDENTITIES.identity(name) for name in names]
    assert len(set(identities)) == len(identities)
    assert {"resnet-50", "vgg-16", "tv:densenet121@224"} <= set(names)
    assert not {"tv:resnet50@224", "tv:vgg16@224"} & set(names)


def stated(percent: float, **asked: object) -> tuple[str, float]:
    best = advisor.pick(architectures="resnet50", batch=1, **asked).best
    assert best is not None
    accuracy = best.metric("accuracy_percent")
    assert accuracy is not None
    assert accuracy.value == percent
    return best.architecture, accuracy.value


@pytest.mark.parametrize("name", ["resnet50", "ResNet-50", "resnet-50", "tv:resnet50@224"])
def test_an_accuracy_is_stated_by_any_name(name: str, tmp_path: Path) -> None:
    assert stated(55.5, accuracy_of={name: 55.5}) == ("resnet-50", 55.5)
    assert stated(55.5, accuracy_of={f"{name}:fp32:torch7": 55.5}) == ("resnet-50", 55.5)
    table = tmp_path / "mine.csv"
    table.write_text(f"architecture,top1_percent\n{name},44.5\nmobilenet_v2,50\n")
    assert stated(44.5, accuracy_table=str(table)) == ("resnet-50", 44.5)


def test_a_table_of_accuracies_is_told_all_that_is_wrong_with_its_names(
    tmp_path: Path, run: Run
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("architecture,top1_percent\nresnett-50,44.5\nvgg16,50\nvgg99,60\n")
    ran = run("pick", "--accuracy-table", table)
    assert "line 2" in ran.err
    assert "did you mean 'resnet-50' (tv:resnet50@224)" in ran.err
    assert "1 more fault" in ran.err
    table.write_text("architecture,top1_percent\nresnet-50,44.5\ntv:resnet50,50\n")
    ran = run("pick", "--accuracy-table", table)
    assert "'resnet-50' and 'tv:resnet50' are one network" in ran.err


# --- the counts as veto


def cost_of(architecture: Architecture, name: str) -> set[float]:
    costs = (architecture.reported, architecture.counted)
    return {figure.value for cost in costs if cost and (figure := getattr(cost, name))}


def test_names_of_one_network_agree_in_all_that_is_counted() -> None:
    """Over all that is shipped, written out from the meaning of the rule."""
    known = {**CATALOG.zoo.architectures, **CATALOG.architectures}
    groups = {frozenset(names) for name in known if len(names := IDENTITIES.names_of(name)) > 1}
    for group in groups:
        assert len({known[name].input_shape for name in group}) == 1
        for count in COUNTED:
            figures = set().union(*(cost_of(known[name], count) for name in group))
            # Others may leave out small operations, and round to 0.01 G multiply-adds.
            within, last = (0.03, 1e7) if count == "operations" else (0.01, 0)
            most, least = max(figures, default=0), min(figures, default=0)
            assert most - least <= within * most + last, (group, count)
    owners = [
        frozenset(name.partition(":")[0] for name in group if ":" in name) for group in groups
    ]
    assert (
        sum(not each.isdisjoint({"hailo", "mlperf", "ncnn", "qualcomm"}) for each in owners) == 30
    )
    assert sum(any(name in PAPERS_OWN for name in group) for group in groups) == 8
    assert frozenset({"vgg-16", "tv:vgg16@224", "timm:vgg16@224", "ncnn:vgg16@224"}) in groups
    several = {"hailo:mobilenet_v1@224", "mlperf:mobilenet-v1-1.0@224", "ncnn:mobilenet@224"}
    assert frozenset({*several, "axera:mobilenetv1@224", "mobilenetv1_100@224"}) in groups


def test_names_of_a_network_that_nobody_counted_must_not_contradict_each_other(
    overlay: Overlay,
) -> None:
    """timm's is known by its name alone: of three that are said to be it, two agree."""
    overlay.write("aliases.csv", ALIASED + "own:two,timm:nowhere,\nown:three,timm:nowhere,\n")
    reported = "architecture,family,input,params,operations,activations,source\n"
    rows = (("one", 100), ("two", 98), ("three", 90))
    table = "".join(
        f"own:{name}@224,F,3x224x224,1000000,{count}0100000,,my-notes\n" for name, count in rows
    )
    overlay.write("zoo/own-reported.csv", reported + table)
    identities = Catalog.open(overlay.folder).identities
    assert identities.names_of("own:one@224") == ("own:one@224", "own:two@224")
    assert identities.names_of("own:three@224") == ("own:three@224",)


def test_operations_that_were_rounded_agree_as_far_as_they_are(overlay: Overlay) -> None:
    """timm has 0.40 G multiply-adds of EfficientNet-B0, 0.71 of B1: counted are 0.386 and 0.687."""
    reported = "architecture,family,input,params,operations,activations,source\n"
    rows = (
        ("efficientnet_b0@224", 224, 5290000, 800000000),
        ("efficientnet_b1@240", 240, 7790000, 1420000000),
    )
    table = "".join(
        f"{name},EfficientNet,3x{size}x{size},{params},{operations},,my-notes\n"
        for name, size, params, operations in rows
    )
    overlay.write("zoo/timm-reported.csv", reported + table)
    catalog = Catalog.open(overlay.folder)
    assert check(catalog).faults == ()
    for name, size in (("efficientnet_b0", 224), ("efficientnet_b1", 240)):
        assert catalog.identities.identity(f"{name}@{size}") == f"tv:{name}@{size}"


def test_no_alias_of_the_shipped_table_is_contradicted() -> None:
    aliases = read_aliases(SHIPPED / "aliases.csv")
    assert list(IDENTITIES.faults(aliases.values())) == []
    merged = {each.name.bare for each in aliases.values() if each.name.origin == "paper"}
    assert PAPERS_OWN - merged == {
        "alexnet",
        "bn-alexnet",
        "bn-nin",
        "enet",
        "googlenet",
        "inception-v4",
    }


def test_counts_overrule_an_alias(overlay: Overlay) -> None:
    overlay.write("aliases.csv", "name,network\npaper:googlenet,tv:googlenet\n")
    catalog = Catalog.open(overlay.folder)
    assert catalog.identities.names_of("googlenet") == ("googlenet",)
    (fault,) = check(catalog).faults
    assert (fault.line, fault.column) == (2, "name")
    assert "whose params differ from those of tv:googlenet@224" in fault.found


def test_an_overlay_adds_aliases(overlay: Overlay, run: Run) -> None:
    overlay.write("aliases.csv", "name,network,note\nour-backbone,tv:resnet50,in all we ship\n")
    where = ("--catalog", overlay.folder)
    assert run("show", "Our_Backbone", *where).out == run("show", "resnet50", *where).out != ""
    assert run("catalog", "check", *where).code == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("mine,resnet50", "a network with its prefix"),
        ("mine@224,tv:resnet50", "a name without a size"),
        ("mine,tv:resnett50", "did you mean 'resnet50' (tv:resnet50@224)"),
        ("mine,tv:resnet50\nMINE,tv:resnet18", "each name once"),
    ],
)
def test_a_broken_table_of_aliases_is_told(overlay: Overlay, line: str, told: str) -> None:
    overlay.write("aliases.csv", f"name,network\n{line}\n")
    faults = check(Catalog.open(overlay.folder)).faults
    assert told in "; ".join(map(str, faults))


# --- rows and names of catalogs


def test_rows_may_name_a_network_by_its_identity(overlay: Overlay) -> None:
    overlay.measurements(
        "tv:mobilenet_v2@224,eager,fp32,1,20,5,300,reported,my-notes",
        "paper:bn-nin@224,eager,fp32,1,20,5,300,reported,my-notes",
    )
    catalog = Catalog.open(overlay.folder)
    table = catalog.measurements(catalog.board("small"))
    assert table.architecture.names == ("bn-nin", "mobilenet_v2@224")
    assert not check(catalog).faults
    overlay.write("aliases.csv", "broken\n")
    assert len(Catalog.open(overlay.folder).measurements(catalog.board("small"))) == 2


def test_rows_of_one_network_join_whatever_they_call_it(overlay: Overlay, run: Run) -> None:
    rows = (
        "resnet-50,eager,fp32,1,20,5,300,reported,my-notes",
        "tv:resnet50@224,eager,fp32,4,60,5,300,reported,my-notes",
        "vgg-16,eager,fp32,1,30,5,300,reported,my-notes",
    )
    overlay.measurements(*rows)
    catalog = Catalog.open(overlay.folder)
    table = catalog.measurements(catalog.board("small"))
    assert table.architecture.tolist() == ["resnet-50", "resnet-50", "vgg-16"]
    predicted = advisor.predict(board="small", every=True, catalog=overlay.folder).forecasts
    names = [(IDENTITIES.identity(each.architecture), each.batch) for each in predicted]
    assert len(set(names)) == len(names)
    assert not check(catalog).faults
    overlay.measurements(*rows, "ResNet-50,eager,fp32,1,21,5,300,reported,my-notes")
    assert run("catalog", "check", "--catalog", overlay.folder).code == 1
    overlay.measurements(*rows, "tv:resnet50@224,eager,fp32,1,21,5,300,reported,my-notes")
    (fault,) = check(Catalog.open(overlay.folder)).faults
    assert (fault.line, fault.column, fault.expected) == (5, "architecture", "each key once")
    assert "tv:resnet50@224, which is resnet-50: a key that line 2 has already" in fault.found


def test_a_network_is_predicted_once_whatever_a_board_calls_it(overlay: Overlay) -> None:
    overlay.measurements(
        "tv:resnet50@224,eager,fp32,1,20,5,300,reported,my-notes",
        "tv:vgg16@224,eager,fp32,1,30,5,300,reported,my-notes",
        "alexnet,eager,fp32,1,10,5,300,reported,my-notes",
    )
    advisor.fit("small", catalog=overlay.folder)
    found = advisor.predict(board="small", every=True, catalog=overlay.folder).forecasts
    names = {each.architecture for each in found}
    assert {"tv:resnet50@224", "tv:vgg16@224", "resnet-18"} <= names
    assert not {"resnet-50", "vgg-16"} & names


def test_boards_are_compared_by_networks_whatever_they_call_them(overlay: Overlay) -> None:
    overlay.measurements(
        "tv:resnet50@224,eager,fp32,1,20,5,300,reported,my-notes",
        "tv:vgg16@224,eager,fp32,1,10,5,300,reported,my-notes",
    )
    found = advisor.compare("jetson-tx1", "small", catalog=overlay.folder)
    assert [each.architecture for each in found.rows] == ["resnet-50", "vgg-16"]


def test_an_input_that_is_not_square_is_named_by_both_sides(overlay: Overlay) -> None:
    described = (
        "wide@160x320:\n  family: Wide\n  input: 3x160x320\n  reference: mine\n"
        "  counted: {source: my-notes, params: {value: 1M}, operations: {value: 1G}}\n"
    )
    overlay.write("architectures.yaml", described)
    catalog = Catalog.open(overlay.folder)
    assert size_of(catalog.architecture("WIDE@160x320").input_shape) == "160x320"
    assert catalog.identities.identity("wide@160x320") == "own:wide@160x320"
    assert not [each for each in check(catalog).faults if "architectures" in str(each.path)]
    overlay.write("architectures.yaml", described.replace("wide@160x320", "wide@160"))
    (fault,) = (each for each in check(Catalog.open(overlay.folder)).faults if each.line == 1)
    assert "a name with its size, like net@160x320" in fault.expected
    overlay.write("architectures.yaml", described.replace("wide@160x320", "wide@320"))
    assert "wide@320" in Catalog.open(overlay.folder).architectures, "as version 0.1 wrote it"


# --- names that mean nothing


def test_hints_say_to_which_network_they_lead() -> None:
    with pytest.raises(AdvisorError) as refused:
        list(IDENTITIES.meanings(["resnet5O", "mobilenet_v9", "resnet50"], "include"))
    assert refused.value.message == "include: unknown architectures 'resnet5O', 'mobilenet_v9'"
    hints = refused.value.hint.splitlines()
    assert "'resnet50' (tv:resnet50@224)" in hints[0]
    assert "mobilenet_v2' (tv:mobilenet_v2@224)" in hints[1]


def test_a_question_is_told_all_names_that_it_gets_wrong(run: Run) -> None:
    names = ("--exclude", "resnet18,resnett-34", "--architectures", "vgg16,vggg19")
    stated = ("--accuracy-of", "resnext5O:int8=70", "--accuracy-of", "resnet50:int8=70")
    ran = run("pick", *names, *stated, "--explain", "alexnett", "--include", "mine=a-b-c")
    assert ran.code == 2
    assert ran.err.splitlines()[0] == (
        "advisor: architectures: unknown architecture 'vggg19'; exclude: unknown architecture "
        "'resnett-34'; explain: unknown architecture 'alexnett'; "
        "accuracy-of: unknown architecture 'resnext5O'; include: unknown architecture 'a-b-c'"
    )
    assert "'resnett-34': did you mean 'resnet-34' (tv:resnet34@224)" in ran.err
    assert "'vggg19': did you mean 'vgg19' (tv:vgg19@224)" in ran.err


@pytest.mark.parametrize(
    "name", ["resnet18", "ResNet-18", "tv:resnet18@224", "resnet-18", "resnet-18*"]
)
def test_a_question_names_networks_by_any_name(name: str) -> None:
    asked = {"fps": 30, "energy": "0.5 J"}
    chosen = advisor.pick(**asked, architectures=name)
    assert chosen.best is not None
    assert chosen.best.architecture == "resnet-18", "as its source calls it"
    without = advisor.pick(**asked, exclude=name, explain=() if "*" in name else name)
    assert without.best is not None
    assert without.best.architecture == "googlenet"
    assert [each.architecture for each in without.explained] == ["resnet-18"] * ("*" not in name)


def test_a_network_that_no_row_is_of_can_be_excluded_and_not_chosen() -> None:
    best = advisor.pick(fps=30, energy="0.5 J", exclude="mobilenet_v2").best
    assert best is not None
    assert best.architecture == "resnet-18"
    with pytest.raises(AdvisorError, match="'mobilenet_v2': nothing to choose from here"):
        advisor.pick(architectures="mobilenet_v2")


def test_a_size_that_is_not_known_is_told_with_those_that_are() -> None:
    assert IDENTITIES.hint("vit_b_16@512") == "vit_b_16 is known at 224, 384"


def test_a_qualified_name_is_read_as_it_was_made() -> None:
    for name in ("tv:resnet50@224", "hailo:resnet_v1_50@224", "own:net@160x320"):
        assert Name.read(name).qualified == name
    assert Name.read("torchvision:resnet50").qualified == "tv:resnet50"


def test_the_table_of_aliases_can_be_read_by_a_person() -> None:
    lines = (Path(SHIPPED) / "aliases.csv").read_text().splitlines()
    assert lines[0] == "name,network,note"
    assert "paper:resnet-50,tv:resnet50,the paper's" in lines
