"""Which kin a library's network belongs to, by its name."""

from __future__ import annotations

import re

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
