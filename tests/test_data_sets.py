"""Of which data set a table of accuracies is, and that unlike ones never meet in one ranking."""

from __future__ import annotations

from pathlib import Path

import pytest

import advisor
from advisor.catalog.store import Catalog
from tests.conftest import Overlay, Run

PLAIN = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation\n"
COMPARED = PLAIN.replace("interpolation", "interpolation,top1_diff,top5_diff,rank_diff")
SETS = (("resnet18.tv_in1k", 69.75), ("resnet50.tv_in1k", 76.16), ("vgg16.tv_in1k", 71.59),
        ("made_up_net.a1_in1k", 81.2))  # fmt: skip
"""As timm found them on ImageNet-1k."""


def table(path: Path, header: str, off: float = 0.0) -> Path:
    """A table like timm's of `SETS`, its accuracies so many points off ImageNet-1k's."""
    more = ",-1,-1,2" if "top1_diff" in header else ""
    rows = [
        f"{name},224,{top1 + off:.3f},{100 - top1 - off:.3f},99.5,0.5,11.69,0.875,bilinear{more}"
        for name, top1 in SETS
    ]
    path.write_text(header + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("file", "header", "off", "data_set"),
    [
        ("results-imagenet.csv", PLAIN, 0, "imagenet-1k"),
        ("mine.csv", PLAIN, 0.2, "imagenet-1k"),
        ("results-imagenet-a-clean.csv", PLAIN, 17, "imagenet-a-clean"),
        ("results-imagenet-r-clean.csv", PLAIN, 16, "imagenet-r-clean"),
        ("results-imagenet-real.csv", COMPARED, 7, "imagenet-real"),
        ("results-imagenet-a.csv", COMPARED, -60, "imagenet-a"),
        ("results-imagenet-r.csv", COMPARED, -40, "imagenet-r"),
        ("results-imagenetv2-matched-frequency.csv", COMPARED, -12, "imagenet-v2"),
        ("results-sketch.csv", COMPARED, -50, "imagenet-sketch"),
    ],
)
def test_a_table_is_of_the_data_set_that_its_name_and_figures_say(
    run: Run, tmp_path: Path, file: str, header: str, off: float, data_set: str
) -> None:
    catalog = tmp_path / "catalog"
    ran = run("import", "accuracies", table(tmp_path / file, header, off), "--catalog", catalog)
    assert ran.code == 0, ran.err
    assert (data_set in ran.out) == (data_set != "imagenet-1k")
    assert run("catalog", "check", "--catalog", catalog).code == 0
    found = {each.quality.data_set for each in Catalog.open(catalog).zoo.accuracies
             if each.architecture == "made_up_net@224"}  # fmt: skip
    assert found == {data_set}


def test_accuracies_of_which_nothing_is_known_are_asked_of_which_data_set_they_are(
    run: Run, tmp_path: Path
) -> None:
    """They were taken for ImageNet-1k's."""
    path, catalog = tmp_path / "mine.csv", tmp_path / "catalog"
    path.write_text(PLAIN + "made_up_net.a1_in1k,224,97.38,2.62,99.5,0.5,11.69,0.875,bilinear\n")
    words = ("import", "accuracies", path, "--catalog", catalog)
    ran = run(*words)
    assert (ran.code, catalog.exists()) == (2, False)
    assert "says of which data set it is" in ran.err
    assert "--data-set imagenet-1k" in ran.err
    assert run(*words, "--data-set", "imagenet-a-clean").code == 0
    known = Catalog.open(catalog).zoo.accuracies
    (found,) = (each for each in known if each.architecture == "made_up_net@224")
    assert found.quality.data_set == "imagenet-a-clean"


@pytest.mark.parametrize(
    ("file", "header", "off", "options", "said"),
    [
        ("results.csv", PLAIN, 17, (), "is not of imagenet-1k: timm:"),
        ("results-imagenet.csv", PLAIN, 17, (), "and 76.13 % there"),
        ("results-imagenet.csv", COMPARED, 0, (), "its column top1_diff compares it"),
        ("results-imagenet-a-clean.csv", PLAIN, 0, (), "but has the figures of imagenet-1k"),
        ("results.csv", PLAIN, 0, ("--data-set", "imagenet-r"), "is said to be of imagenet-r"),
        (
            "results-imagenet-a-clean.csv",
            PLAIN,
            17,
            ("--data-set", "ImageNet"),
            "is not of imagenet-1k",
        ),
    ],
)
def test_a_table_that_says_one_thing_and_holds_another_is_refused(
    run: Run,
    tmp_path: Path,
    file: str,
    header: str,
    off: float,
    options: tuple[str, ...],
    said: str,
) -> None:
    written = table(tmp_path / file, header, off)
    ran = run("import", "accuracies", written, *options, "--catalog", tmp_path / "catalog")
    assert ran.code == 2
    assert said in ran.err
    assert "--data-set" in ran.err
    assert not (tmp_path / "catalog").exists()


def test_accuracies_of_another_data_set_count_only_where_it_is_asked_for(
    run: Run, overlay: Overlay
) -> None:
    overlay.measurements("timm:resnet18@224,eager,fp32,1,20,5,300,reported,my-notes",
                         "resnet-101,eager,fp32,1,50,5,,reported,my-notes")  # fmt: skip
    overlay.write("zoo/mine.csv", (Path(__file__).parent.parent / "catalog/zoo/torchvision.csv")
                  .read_text().splitlines()[0] + "\ntimm:resnet18@224,timm,1,ResNet,3x224x224,"
                  "11689512,3628146688,2483712,21,1806336,1605632,\n")  # fmt: skip
    clean = table(overlay.folder / "results-imagenet-a-clean.csv", PLAIN, 17)
    ran = run("import", "accuracies", clean, "--catalog", overlay.folder)
    clean.unlink()
    assert "they are of imagenet-a-clean and count where it is asked for: --data-set" in ran.out
    plain = advisor.pick(board="small", catalog=overlay.folder, accuracy=80)
    assert plain.best is None
    asked = advisor.pick(
        board="small", catalog=overlay.folder, accuracy=80, data_set="ImageNet-A-clean"
    )
    assert asked.best and asked.best.accuracy_percent
    assert (asked.best.architecture, asked.best.accuracy_percent.value) == (
        "timm:resnet18@224",
        86.75,
    )
    assert asked.quality.data_set == "imagenet-a-clean"
    known = advisor.pick(board="small", catalog=overlay.folder, data_set="imagenet-a-clean", top=9)
    unknown = [each for each in known.candidates if each.architecture == "resnet-101"]
    assert [each.accuracy_percent for each in unknown] == [None]
    ran = run("pick", "--board", "small", "--catalog", overlay.folder, "--data-set", "imagenet-z")
    assert ran.code == 2
    assert "known are imagenet-1k, imagenet-a-clean" in ran.err
