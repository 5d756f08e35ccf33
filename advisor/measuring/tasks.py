"""What is asked of a child, and what it brings back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from statistics import median

from advisor.architectures.design import FLOATS, ImageFormat
from advisor.architectures.names import is_onnx
from advisor.measuring.image_data import LabelledImage
from advisor.measuring.preprocessing import Preprocessing
from advisor.measuring.timing import Disturbance, SessionLimits

Variant = tuple[str, str]
"""Runtime and precision."""

REFERENCE: Variant = ("eager", "fp32")
"""What the others are held against, in their answers and in their speed."""

SERVE_ONNX = ("onnxruntime", "openvino")
"""The runtimes that serve a file of the ONNX format as it is: those that do not run in PyTorch."""


@dataclass(frozen=True, order=True)
class Cell:
    """One thing to measure.

    Attributes:
        architecture: its name.
        batch: images per forward pass.
        runtime: what runs it.
        precision: number format.
        threads: how many threads of the processor; 0 where they do not count.
    """

    architecture: str
    batch: int
    runtime: str = REFERENCE[0]
    precision: str = REFERENCE[1]
    threads: int = 0

    @property
    def variant(self) -> Variant:
        """Its runtime and precision."""
        return self.runtime, self.precision

    def as_list(self) -> list[str | int]:
        """As a journal has it: of the reference only what distinguishes it from others of the reference."""
        further = [] if self.variant == REFERENCE and not self.threads else [*self.variant]
        return [self.architecture, self.batch, *further, *([self.threads] if self.threads else [])]

    def __str__(self) -> str:
        further = "" if self.variant == REFERENCE else f", {self.runtime} {self.precision}"
        count = f", {self.threads} thread{'s' * (self.threads > 1)}" if self.threads else ""
        return f"{self.architecture} at batch {self.batch}{further}{count}"


@dataclass(frozen=True)
class Calibration:
    """Real images by which int8 ranges are set.

    Attributes:
        images: the files.
        preprocessing: how they become what the network takes.
    """

    images: tuple[LabelledImage, ...]
    preprocessing: Preprocessing

    @property
    def content(self) -> str:
        """Differs for other images, and for other ways to make them ready."""
        text = f"{[each.content for each in self.images]} {self.preprocessing}"
        return blake2b(text.encode(), digest_size=6).hexdigest()


@dataclass(frozen=True)
class Task:
    """A cell and how to run it.

    Attributes:
        cell: what to run.
        input_shape: channels, height, width.
        device: "cpu", or as in "cuda:0".
        threads: how many threads of the processor every runtime is given; 0 for the library's own choice.
        limits: how long a timing session may take.
        prepared: the file in the folder of exports that the network is served from; "" for none.
        made_from: what the user's own network is made of, a file's path or `module:factory`; "" for
            others, which are made by their name.
        content: distinguishes the user's own network from every other; "" for others.
        image: how the network takes images.
        filed_in: the number format of its file of the ONNX format; fp32 for all else.
        check: whether the runtime's answers are held against the reference's.
        trained: whether the network has the weights that it was trained to, rather than random ones.
        weights: the file of a state dict that these are read from; "" where the network brings them.
        weights_content: distinguishes that file's content from every other; "" for none.
        calibration: the images by which int8 ranges are set; random ones where there are none.
    """

    cell: Cell
    input_shape: tuple[int, int, int]
    device: str
    threads: int
    limits: SessionLimits
    prepared: str = ""
    made_from: str = ""
    content: str = ""
    image: ImageFormat = FLOATS
    filed_in: str = "fp32"
    check: bool = True
    trained: bool = False
    weights: str = ""
    weights_content: str = ""
    calibration: Calibration | None = None

    @property
    def is_onnx(self) -> bool:
        """Whether the network is known as a file of the ONNX format alone."""
        return is_onnx(self.made_from)

    @property
    def to_quantise(self) -> bool:
        """Whether the runtime is to quantise the network, rather than to take it as its file has it."""
        return self.cell.precision == "int8" != self.filed_in


@dataclass(frozen=True)
class TimingFound:
    """What one timing session found.

    Attributes:
        values_ms: the time of one batch, for each value taken.
        runs_per_value: how many runs each value averages.
        settled: whether the warm-up settled.
        disturbance: what else the machine did while timing.
    """

    values_ms: Sequence[float]
    runs_per_value: int
    settled: bool
    disturbance: Disturbance


@dataclass(frozen=True)
class HeatFound:
    """What heating the board found.

    Attributes:
        seconds: how long it lasted.
        window_ms: median time of a batch in each of the windows in which one ended, in order.
    """

    seconds: float
    window_ms: Sequence[float]

    @property
    def pace_ms(self) -> float:
        """The time of a batch in the last quarter."""
        return self.median_ms(0.75, 1.0)

    @property
    def still_changing(self) -> float:
        """By which share a batch takes longer in the last quarter than in the one before."""
        return self.pace_ms / self.median_ms(0.5, 0.75) - 1

    def median_ms(self, begin: float, end: float) -> float:
        """The time of a batch between two shares of the windows."""
        count = len(self.window_ms)
        first = min(round(begin * count), count - 1)
        return median(self.window_ms[first : max(round(end * count), first + 1)])


@dataclass(frozen=True)
class MemoryFound:
    """What one memory child found, in MB (1e6 bytes).

    Attributes:
        peak_mb: the peak while building and running.
        empty_mb: what a child with the runtime loaded takes before that.
        run_ms: how long the second run took; a first guess of the latency.
    """

    peak_mb: float
    empty_mb: float
    run_ms: float


@dataclass(frozen=True)
class NoMeter:
    """What an energy child finds where no meter can be read: why not."""

    reason: str


@dataclass(frozen=True)
class PreparedFound:
    """What preparing a network for a runtime found.

    Attributes:
        prepared: the file that it is served from, in the folder of exports; "" for none.
        difference: the largest by which an answer differs from the reference's, as a share of the
            largest answer; `None` where an answer is no number.
        image_effect: the largest by which the reference's answers to two images differ, likewise.
        reference: what gave the answers that they are held against.
        rounding: how far the reference itself is off its answers in double precision, likewise; 0 where
            that need not be known, or cannot.
        checked: whether there was a comparison at all.
        file_size_mb: how large that file is, with what lies beside it; `None` where there is none.
    """

    prepared: str
    difference: float | None
    image_effect: float
    reference: str = " ".join(REFERENCE)
    rounding: float = 0.0
    checked: bool = True
    file_size_mb: float | None = None
