"""What a library's network is called: `name@size`, after `tv:` or `timm:` where both have the name.

A network that a table of timm's tells of is called plainly `name@size` even then, as that table calls it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIXES = {"tv": "torchvision", "timm": "timm"}
"""The libraries whose networks can be named, by the prefix that tells them apart."""

OWN_FILES = (".onnx", ".pt2")
"""How the names of files end that hold a network: of the ONNX format, of torch.export."""

_IN_BOTH = """
convnext_base convnext_large convnext_small convnext_tiny densenet121 densenet161 densenet169
densenet201 efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4
efficientnet_b5 efficientnet_b6 efficientnet_b7 inception_v3 resnet101 resnet152 resnet18 resnet34
resnet50 resnext101_32x8d resnext101_64x4d resnext50_32x4d vgg11 vgg11_bn vgg13 vgg13_bn vgg16
vgg16_bn vgg19 vgg19_bn wide_resnet101_2 wide_resnet50_2
"""
IN_BOTH = frozenset(_IN_BOTH.split())
"""The names that both libraries have; written down, so that an identity is the same on every machine."""

_WRITTEN = re.compile(
    r"(?:(tv|timm):)?([A-Za-z][A-Za-z0-9_]*)(?:\.([A-Za-z0-9_.-]+))?(?:@([1-9][0-9]{0,4}))?"
)


@dataclass(frozen=True)
class Written:
    """A library's network as people write it.

    Attributes:
        library: "torchvision", "timm", or "" where no prefix tells.
        name: what the library calls the architecture.
        tag: the set of weights that timm's names carry behind a dot; may be empty.
        size: height and width of the input in pixels; `None` where not said.
    """

    library: str
    name: str
    tag: str
    size: int | None


def read_name(text: str) -> Written | None:
    """Take apart a name such as "tv:resnet50@224" or "resnet50.a1_in1k"; `None` if it is no such name."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    prefix, name, tag, size = match.groups()
    return Written(PREFIXES.get(prefix or "", ""), name, tag or "", int(size) if size else None)


def identity(library: str, name: str, size: int) -> str:
    """What the catalog calls a library's network at an input size."""
    bare = f"{name}@{size}"
    return f"{_prefix_of(library)}:{bare}" if name in IN_BOTH else bare


def is_timms(name: str) -> bool:
    """Whether a name says that it is of timm's network, not of torchvision's of that name."""
    return name.startswith("timm:")


def plain_name(identity: str) -> str:
    """What a network of timm's is called where a table of timm's has brought it in: without `timm:`."""
    return identity.removeprefix("timm:")


def identity_of_plain(name: str) -> str:
    """The library's own identity of a network that a table of timm's calls `name@size`."""
    return f"timm:{name}" if name.partition("@")[0] in IN_BOTH else name


def _prefix_of(library: str) -> str:
    return next(prefix for prefix, known in PREFIXES.items() if known == library)


def is_own_file(text: str) -> bool:
    """Whether this names a file that holds a network."""
    return text.endswith(OWN_FILES)


def is_own(text: str) -> bool:
    """Whether this names a network of the user's own: such a file, or `module:factory`."""
    place, colon, _ = text.partition(":")
    return is_own_file(text) or bool(colon and place not in PREFIXES)


_FAMILIES = (
    ("AlexNet", r"alexnet"),
    ("VGG", r"(rep)?vgg"),
    ("SqueezeNet", r"squeezenet"),
    ("GoogLeNet", r"googlenet"),
    ("InceptionNeXt", r"inception_next"),
    ("Inception", r"inception"),
    ("Xception", r"(legacy_)?xception"),
    ("NASNet", r"p?nasnet"),
    ("ConvNeXt", r"convnext"),
    ("ResNeXt", r"(cs|gc|sk|eca|se|legacy_se|bat_|eca_bot)?resnext"),
    (
        "ResNet",
        r"(wide_|cs|gc|sk|eca_?|se|legacy_se|nf_|nf_eca_|nf_se)?resnet|res2net|resnest|senet",
    ),
    ("DenseNet", r"densenet|rdnet"),
    ("DPN", r"dpn"),
    ("DLA", r"dla"),
    ("HRNet", r"hrnet"),
    ("ShuffleNet", r"shufflenet"),
    ("MNASNet", r"(se|sp)?mnasnet|spnasnet"),
    ("MobileNet", r"(tf_)?mobilenet|mobileone"),
    ("MobileViT", r"mobilevit"),
    ("GhostNet", r"(rep)?ghostnet"),
    ("EfficientViT", r"efficientvit"),
    ("EfficientFormer", r"efficientformer"),
    ("EfficientNet", r"(tf_)?(efficientnet|mixnet)|tinynet"),
    ("LCNet", r"lcnet"),
    ("FBNet", r"fbnet|hardcorenas"),
    ("RegNet", r"(nf_)?regnet"),
    ("ReXNet", r"rexnet"),
    ("NFNet", r"(dm_|eca_)?nfnet"),
    ("DarkNet", r"(cs|se)?p?3?(darknet|sedarknet)|cspnext"),
    ("Swin", r"swin"),
    ("MaxViT", r"maxx?vit"),
    ("CoAtNet", r"coatn"),
    ("DeiT", r"deit"),
    ("BEiT", r"beit"),
    ("EVA", r"eva"),
    ("ViT", r"(flexi|naflex|sam)?vit_|vit_|samvit|naflexvit|flexivit"),
    ("MLP-Mixer", r"mixer|g?mlp|gmixer|resmlp"),
    ("MetaFormer", r"poolformer|caformer|convformer"),
)
"""Families and how the names of their members begin; the first that fits counts."""
_COMPILED = tuple((family, re.compile(pattern)) for family, pattern in _FAMILIES)


def family_of(name: str) -> str:
    """The family of a network: that of the work that introduced its kin, else how its name begins."""
    for family, pattern in _COMPILED:
        if pattern.match(name):
            return family
    stem = re.match(r"[a-z]+", name)
    return stem.group() if stem else name
