"""How networks are named: the grammar of names, and what a name alone says.

A network's identity is `prefix:name@size`, where the prefix says whose design it is: `tv:resnet50@224`; a
size that is not square is `@HxW`. The catalog's entries may be called shorter: the paper's fourteen plainly
`name`, a library's network `name@size`, after `tv:` or `timm:` where both libraries have the name; one that a
table of timm's has brought in is plainly `name@size` even then, as that table calls it. What a name means
where several networks have it says `advisor.catalog.identities`. The user's own are files, or
`module:factory`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from advisor.errors import AdvisorError, shown

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,99}")
"""What networks, boards, weights, sources and all else in the catalog may be called."""
NAME_EXPECTED = "a name of letters, digits and . _ @ : + - that begins with a letter or digit"

ALL_BOARDS = ("any", "all")
"""What asks all boards, and is the name of none."""

_SHAPE = re.compile(r"([1-9]\d{0,3})x([1-9]\d{0,4})x([1-9]\d{0,4})", re.ASCII)
SHAPE_EXPECTED = "channels x height x width, like 3x224x224"

PREFIXES = {"tv": "torchvision", "timm": "timm"}
"""The libraries whose networks can be built by name, by the prefix that sets them apart."""
SPELT = {"torchvision": "tv"}
"""Prefixes that are written otherwise, too."""
TABLES = ("axera", "hailo", "mlperf", "ncnn", "qualcomm", "rknn", "ti")
"""Whose published tables have networks of their own."""
ORIGINS = (*PREFIXES, "paper", "own", *TABLES)
"""Whose networks can be named by a prefix. A network that several have belongs to the first of them."""

OWN_FILES = (".onnx", ".pt2")
"""How the names of files end that hold a network: of the ONNX format, of torch.export."""

_READ = "net.onnx, net.pt2 (torch.export) or MODULE:FACTORY"
_BY_HINT = {
    f"give {_READ}": (
        ".pt .pth .ckpt .safetensors .jit .torchscript .ptl .pte .mar .npz .h5 .hdf5 .keras .pb "
        ".caffemodel .prototxt .pdmodel .pdiparams .params .mlmodel .mlpackage .gguf .ort .onnx_data"
    ),
    f"it is made for one runtime; give what it was made from: {_READ}": (
        ".bin .xml .blob .hef .rknn .dlc .param .ncnn .mnn .tmfile .kmodel .xmodel .bmodel .cvimodel .uff"
    ),
    "give the net.onnx that it was built from; its times are read by advisor import trtexec": (
        ".engine .plan .trt"
    ),
    "convert it: python -m tf2onnx.convert --tflite NET.tflite --output NET.onnx": ".tflite .lite",
}
UNREAD = {ending: hint for hint, endings in _BY_HINT.items() for ending in endings.split()}
"""How the names of files end in which people keep networks that are not read here, and what to do instead."""

_PAPERS_OWN = """
alexnet bn-alexnet bn-nin enet googlenet vgg-16 vgg-19 resnet-18 resnet-34 resnet-50 resnet-101
resnet-152 inception-v3 inception-v4
"""
PAPERS_OWN = frozenset(_PAPERS_OWN.split())
"""The architectures whose bare name is their identity; that of all others is name@size."""

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
    r"(?:(tv|torchvision|timm):)?([A-Za-z][A-Za-z0-9_]*)(?:\.([A-Za-z0-9_.-]+))?"
    r"(?:@([1-9][0-9]{0,4}(?:x[1-9][0-9]{0,4})?))?"
)


@dataclass(frozen=True)
class Written:
    """A library's network as people write it.

    Attributes:
        library: "torchvision", "timm", or "" where no prefix says.
        name: what the library calls the architecture.
        tag: the set of weights that timm's names carry behind a dot; may be empty.
        shape: the input's size in pixels, "224" or "160x320"; "" where not said.
    """

    library: str
    name: str
    tag: str
    shape: str

    @property
    def size(self) -> int | None:
        """Height and width of a square input; `None` where not said, or not square."""
        return int(self.shape) if self.shape.isdecimal() else None

    @property
    def plain(self) -> str:
        """The name with the size, where one is said, and nothing else."""
        return sized(self.name, self.shape) if self.shape else self.name


def read_name(text: str) -> Written | None:
    """Take apart a name such as "tv:resnet50@224" or "resnet50.a1_in1k"; `None` if it is no such name."""
    match = _WRITTEN.fullmatch(text)
    if match is None or is_unread_file(text):
        return None
    prefix, name, tag, shape = match.groups()
    library = PREFIXES.get(SPELT.get(prefix, prefix) or "", "")
    return Written(library, name, tag or "", shape or "")


def read_shape(text: str) -> tuple[int, int, int] | None:
    """Channels, height and width from text like "3x224x224"; `None` if it is not a shape."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    channels, height, width = match.groups()
    return int(channels), int(height), int(width)


def sized(name: str, size: int | str) -> str:
    """A network's name with the height and width of its input in pixels."""
    return f"{name}@{size}"


def size_of(shape: tuple[int, int, int]) -> str:
    """The size of an input as names have it: "224", or "160x320" where it is not square."""
    _, height, width = shape
    return str(height) if height == width else f"{height}x{width}"


@cache
def folded(name: str) -> str:
    """A name as it is looked up: in whatever case, its words joined by -, _ or a space."""
    return re.sub(r"[-_\s]+", "-", name.strip().lower())


def split_prefix(name: str) -> tuple[str, str]:
    """Whose network a name says that it is, one of `ORIGINS`, and the rest; "" where it does not say."""
    prefix, colon, rest = name.partition(":")
    known = SPELT.get(prefix.lower(), prefix.lower())
    return (known, rest) if colon and known in ORIGINS else ("", name)


def split_size(name: str) -> tuple[str, str]:
    """A name without its size, and the size as it is written; "" where there is none."""
    bare, _, size = name.partition("@")
    return bare, size


def bare_name(name: str) -> str:
    """A name without its size."""
    return split_size(name)[0]


def has_size(name: str) -> bool:
    """Whether a name says the size of the network's input."""
    return bare_name(name) != name


def identity(library: str, name: str, size: int) -> str:
    """What the catalog calls a library's network at an input size."""
    prefix = next(prefix for prefix, known in PREFIXES.items() if known == library)
    return f"{prefix}:{sized(name, size)}" if name in IN_BOTH else sized(name, size)


def is_timms(name: str) -> bool:
    """Whether a name says that it is of timm's network, not of torchvision's of that name."""
    return name.startswith("timm:")


def identity_of_plain(name: str) -> str:
    """The library's own identity of a network that a table of timm's calls `name@size`."""
    return f"timm:{name}" if bare_name(name) in IN_BOTH else name


def is_onnx(text: str) -> bool:
    """Whether this names a file of the ONNX format."""
    return text.lower().endswith(".onnx")


def is_own_file(text: str) -> bool:
    """Whether this names a file that holds a network."""
    return text.lower().endswith(OWN_FILES)


def is_unread_file(text: str) -> bool:
    """Whether this names a file in which people keep networks, and from which none can be made here."""
    return Path(bare_name(text)).suffix.lower() in UNREAD


def refuse_unread_file(text: str) -> None:
    """Refuse what is no network's name but a file that is not read, or one whose size is written behind it.

    Raises:
        AdvisorError: it is; the message says what to give instead.
    """
    if size := size_behind_file(text):
        raise AdvisorError(f"{text}: the size of its images is in the file", f"leave @{size} out")
    if is_unread_file(text):
        hint = UNREAD[Path(bare_name(text)).suffix.lower()]
        raise AdvisorError(f"{text}: a file of this kind cannot be read", hint)


def size_behind_file(text: str) -> str:
    """The size that someone has written behind a file that states its own; "" where there is none."""
    file, _, size = text.rpartition("@")
    return size if is_own_file(file) else ""


def is_own(text: str) -> bool:
    """Whether this names a network of the user's own: such a file, or `module:factory`."""
    return is_own_file(text) or (":" in text and not split_prefix(text)[0])


def split_name(text: str) -> tuple[str, str]:
    """`my_net=net.onnx` in its parts; the name is "" where none is given.

    Raises:
        AdvisorError: what stands before the sign is not a name.
    """
    name, equals, what = text.partition("=")
    if not equals or Path(text).is_file():
        return "", text
    if not NAME.fullmatch(name):
        raise AdvisorError(f"{shown(name)} is not a name for a network", f"give {NAME_EXPECTED}")
    return name, what


def split_shape(text: str) -> tuple[str, tuple[int, int, int] | None]:
    """`module:factory@160`, `@160x320` or `@3x160x320` in its parts; a file states its own input.

    Raises:
        AdvisorError: what stands behind the @ is not a size.
    """
    what, size = split_size(text)
    if is_own_file(text) or what == text:
        return text, None
    sides = size.split("x")
    shape = read_shape({1: f"3x{size}x{size}", 2: f"3x{size}"}.get(len(sides), size))
    if shape is None:
        hint = "write it like my_nets:make@160 or my_nets:make@3x160x160"
        raise AdvisorError(f"{shown(size)} in {shown(text)} is no input size", hint)
    return what, shape


_FAMILIES = (
    ("AlexNet", r"alexnet"),
    ("VGG", r"vgg"),
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
    ("MobileOne", r"mobileone"),
    ("RepVGG", r"repvgg"),
    ("MobileNet", r"(tf_)?mobilenet"),
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
    ("YOLO", r"(damo|pp)?yolo"),
)
"""Families and how the names of their members begin; the first that fits counts."""
_COMPILED = tuple((family, re.compile(pattern)) for family, pattern in _FAMILIES)


def family_of(name: str) -> str:
    """The family of a network: that of the work that introduced it, else how its name begins."""
    for family, pattern in _COMPILED:
        if pattern.match(name):
            return family
    stem = re.match(r"[a-z]+", name)
    return stem.group() if stem else name


def device_of(board: str) -> str:
    """The device that a board is, of which there may be several: in other modes, by other sources."""
    return board.partition(".")[0]


def board_fault(name: str) -> str:
    """Why a board cannot be called so, as what is expected of its name; "" if it can."""
    if name in ALL_BOARDS:
        return f"another name: {name!r} asks all boards"
    return "" if NAME.fullmatch(name) else NAME_EXPECTED
