"""The 14 networks as modules, held to the paper's counts."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType

import pytest
import torch
from torch import nn

from advisor import AdvisorError
from advisor.architectures import Complexity, build, complexity
from advisor.architectures.builders import BUILDERS
from advisor.architectures.dispatched import without_random_initialisation
from advisor.architectures.libraries import torchvision_models
from advisor.catalog.entries import MOVED
from advisor.catalog.store import Catalog
from tests.conftest import value_of

ARCHITECTURES = Catalog.open().architectures


def test_what_a_network_moves_is_counted_by_hand() -> None:
    """A convolution to 4 x 8 x 8, a pool of 2 x 2 to 4 x 4 x 4, and a matrix product to 10."""
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    counted = complexity(module, (3, 8, 8))
    assert (counted.layers, counted.activations) == (2, 4 * 64 + 10)
    assert counted.window_reads == 4 * 16 * 4
    # The image, and what the convolution put out, are alive while the pool makes values and places.
    assert counted.peak_activations == 3 * 64 + 4 * 64 + 4 * 16 + 4 * 16
    three = complexity(nn.AvgPool3d(3, 1, 1), (1, 4, 4, 4))
    assert three.window_reads == 64 * 27


@cache
def counted_for(name: str) -> Complexity:
    """What one of the paper's networks costs, its weights left as they come."""
    with without_random_initialisation():
        module = build(name)
    assert not module.training
    return complexity(module, ARCHITECTURES[name].input_shape)


def without_normalisation(module: nn.Module) -> int:
    return sum(
        parameter.numel()
        for part in module.modules()
        if not isinstance(part, nn.BatchNorm2d)
        for parameter in part.parameters(recurse=False)
    )


def test_every_architecture_of_the_paper_can_be_built() -> None:
    assert list(BUILDERS) == list(ARCHITECTURES)


@pytest.mark.parametrize("name", BUILDERS)
def test_counts_agree_with_the_catalog_and_the_figure(name: str) -> None:
    known = ARCHITECTURES[name]
    counted = counted_for(name)
    assert known.reported is not None
    assert known.counted is not None
    assert counted.params == value_of(known.counted.params)
    assert counted.operations == value_of(known.counted.operations)
    for moved in MOVED:
        assert getattr(counted, moved) == getattr(known.counted, moved).value
    if name not in ("alexnet", "inception-v4"):
        assert counted.operations == pytest.approx(value_of(known.reported.operations), rel=0.01)


def test_parameters_are_exactly_those_of_the_paper() -> None:
    assert counted_for("alexnet").params == 60_965_224
    assert counted_for("bn-alexnet").params == 60_541_992
    assert counted_for("enet").params == 5_861_508
    assert without_normalisation(build("bn-nin")) == 8_644_776


def test_what_differs_from_the_figure_differs_as_explained() -> None:
    assert (counted_for("alexnet").operations or 0) / 1e9 == pytest.approx(1.44, abs=0.005)
    inception = counted_for("inception-v4")
    assert (inception.params or 0) / 1e6 == pytest.approx(42.68, abs=0.005)
    assert (inception.operations or 0) / 1e9 == pytest.approx(24.5, abs=0.1)


@pytest.mark.parametrize("name", ["alexnet", "bn-alexnet", "bn-nin", "enet"])
def test_our_own_networks_answer_and_depend_on_their_input(name: str) -> None:
    torch.manual_seed(0)
    module = build(name)
    with torch.inference_mode():
        answers = module(torch.randn(2, 3, 224, 224))
    assert answers.shape == (2, 1000)
    assert not torch.equal(answers[0], answers[1])


def test_counting_leaves_the_module_as_it_is() -> None:
    module = build("resnet-18").train()
    complexity(module, (3, 64, 64))
    assert module.training
    parameter = next(module.parameters())
    assert parameter.requires_grad
    assert parameter.device.type == "cpu"


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(64, 4, batch_first=True)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = images.flatten(2).transpose(1, 2)
        attended: torch.Tensor = self.attention(tokens, tokens, tokens)[0]
        return attended


def test_attention_is_counted() -> None:
    tokens, width = 8 * 8, 64
    projections = 4 * 2 * tokens * width * width
    products = 2 * 2 * tokens * tokens * width
    assert complexity(Attention().eval(), (64, 8, 8)).operations == projections + products


class Fourier(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        spectrum: torch.Tensor = torch.fft.fft2(images).abs()
        return spectrum


def test_an_operator_of_unknown_cost_is_an_error_not_a_zero() -> None:
    with pytest.raises(AdvisorError, match=r"operator aten::_fft_\w+ is not known"):
        complexity(Fourier(), (3, 8, 8))


def test_an_unknown_name_offers_the_closest() -> None:
    with pytest.raises(AdvisorError) as refused:
        build("resnet50")
    assert "did you mean 'resnet-50'?" in refused.value.hint


def test_torchvision_is_imported_as_it_is_where_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    working, models = ModuleType("torchvision"), ModuleType("torchvision.models")
    working.models = models  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torchvision", working)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    assert torchvision_models() is models


def test_a_missing_torchvision_says_which_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(AdvisorError) as refused:
        torchvision_models()
    assert "dnn-advisor[measure]" in refused.value.hint
