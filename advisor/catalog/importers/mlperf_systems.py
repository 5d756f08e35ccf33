"""What submitters of MLPerf call their systems, and which device, in which power mode, running what, each is.

A system's name goes before its description: the files of v2.0 describe an Odroid as a Jetson AGX Xavier.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from advisor.architectures.names import folded

_DEVICES = (
    (r"rpi4|raspberry pi 4", "raspberry-pi-4", "Raspberry Pi 4", "Broadcom BCM2711"),
    (r"odroid", "odroid-n2-plus", "Odroid N2+", "Amlogic S922X"),
    # One word for two boards: the first version ran the older one.
    (r"rk3399|firefly.* v1\.", "firefly-rk3399", "Firefly RK3399", "Rockchip RK3399"),
    (r"rk3588|firefly", "firefly-rk3588s", "Firefly RK3588S", "Rockchip RK3588S"),
    (r"xavier[_ ]nx", "jetson-xavier-nx", "NVIDIA Jetson Xavier NX", "NVIDIA Xavier"),
    (r"xavier", "jetson-agx-xavier", "NVIDIA Jetson AGX Xavier", "NVIDIA Xavier"),
    (r"orin[_ ]nx", "jetson-orin-nx", "NVIDIA Jetson Orin NX", "NVIDIA Orin"),
    (r"orin", "jetson-agx-orin", "NVIDIA Jetson AGX Orin", "NVIDIA Orin"),
    (r"aedk", "cloud-ai-100-kit", "Qualcomm Cloud AI 100 development kit", "Qualcomm Cloud AI 100"),
    (
        r"gloria.*high",
        "foxconn-gloria-highend",
        "Foxconn Gloria (highend)",
        "Qualcomm Cloud AI 100",
    ),
    (r"gloria", "foxconn-gloria", "Foxconn Gloria", "Qualcomm Cloud AI 100"),
    (r"heimdall", "inventec-heimdall", "Inventec Heimdall", "Qualcomm Cloud AI 100"),
    (r"eb6", "thundercomm-eb6", "Thundercomm TurboX EB6", "Qualcomm Cloud AI 100"),
    (r"rb6", "thundercomm-rb6", "Thundercomm RB6", "Qualcomm Cloud AI 100"),
    (r"davinci|mlsoc", "sima-mlsoc-dual-m2", "SiMa MLSoC Dual M.2 kit", "SiMa MLSoC"),
)
"""How a system is recognised by its name, description and version; the device; its title; what computes.
The first that fits counts."""

_MODES = (
    (r"fan\.(on|off)", r"fan-\1"),
    (r"power\.0", "maxn"),
    (r"power\.2", "15w"),
    (r"power\.3", "30w-all"),
    (r"power\.4", "30w-6core"),
    (r"power\.5", "30w-4core"),
    (r"maxq", "maxq"),
    (r"[_-](\d+w)(?![a-z])", r"\1"),
)
"""How its name says the power mode: a fan, NVIDIA's numbers of them (of an AGX Xavier), a limit."""

_RUNTIMES = (
    (r"armnn.*neon", "armnn-neon", "cpu"),
    (r"armnn.*opencl", "armnn-opencl", "gpu"),
    (r"tflite", "tflite", "cpu"),
    (r"tvm", "tvm", "cpu"),
    (r"triton", "tensorrt-triton", "gpu"),
    (r"tensorrt", "tensorrt", "gpu"),
    (r"qaic|cloud ai sdk", "qaic", "npu"),
    (r"sima", "sima", "npu"),
)
"""How its framework and name say what runs networks; the runtime; on which processor."""


@dataclass(frozen=True)
class System:
    """What a system of MLPerf's is.

    Attributes:
        device: what people call the machine, as part of a board's name.
        mode: the power mode, likewise; "" where nobody says.
        title: what people call it.
        processor: what computes; "" where unknown.
        runtime: what ran the networks.
        unit: on which processor of it, one of `PROCESSORS`; "" where unknown.
    """

    device: str
    mode: str
    title: str
    processor: str
    runtime: str
    unit: str


def read_system(name: str, description: str, version: str, framework: str) -> System:
    """What a system is.

    Args:
        name: of the system, such as "xavier-power.2-fan.cool-tflite-v2.5.0-ruy".
        description: its `system_name`; one that is not known here is the device's name.
        version: of MLPerf, such as "v2.0".
        framework: what it ran, such as "ArmNN v21.11 (Neon)".
    """
    said = f"{name} {description} {version}".lower()
    known = next((each for each in _DEVICES if re.search(each[0], said)), None)
    bare = re.sub(r"\(.*?\)", "", description).strip() or name
    device, title, processor = known[1:] if known else (_word(bare).replace(".", "-"), bare, "")
    runtime, unit = _runtime(framework, name)
    return System(device, _mode(name), title, processor, runtime, unit)


def _mode(name: str) -> str:
    for pattern, mode in _MODES:
        if match := re.search(pattern, name.lower()):
            return match.expand(mode)
    return ""


def _runtime(framework: str, name: str) -> tuple[str, str]:
    said = f"{framework} {name}".lower()
    for pattern, runtime, unit in _RUNTIMES:
        if re.search(pattern, said):
            return runtime, unit
    return _word(framework.partition(" ")[0]) or "unknown", ""


def _word(text: str) -> str:
    """Some text as a word of a name."""
    return re.sub(r"[^a-z0-9.+]+", "-", folded(text)).strip("-.+")
