"""How an image becomes what a network takes: as the weights' publisher says, else as it is stated."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from advisor.architectures.design import FLOATS, ImageFormat
from advisor.errors import AdvisorError, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[np.float32]

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
USUAL_CROP = 0.875
"""224 of 256 pixels, as most networks for ImageNet are evaluated."""
SQUASH, LETTERBOX = "squash", "letterbox"
GREY = 114
"""What is put around a whole image, of 255, as YOLO's networks are trained."""
INTERPOLATIONS = ("bilinear", "bicubic", "nearest", "lanczos")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""What Pillow calls images of so many channels."""
FLOATING = ("float32", "float16")
ASSUMED, STATED = "assumed", "stated"
MOST_PIXELS = 100_000_000
"""A larger image is refused: it would not be decoded for a network, but to exhaust memory."""


@dataclass(frozen=True)
class Preprocessing:
    """How images are made ready.

    Attributes:
        height: of what the network takes, in pixels.
        width: likewise.
        channels: 1 for grey, 3 for colours, 4 for colours and how far they are opaque.
        resize: to how many pixels the shorter side is brought, before the centre is cut out; 0 where the
            whole image is brought to the network's height and width, whatever its shape.
        mean: what is taken off each channel, whose values go from 0 to 1.
        std: what is divided by then.
        interpolation: how sizes are changed.
        origin: where this comes from: "stated", "assumed", or whose weights' own it is.
        letterbox: whether the whole image keeps its shape, in the middle of what the network takes, with grey
            around it.
    """

    height: int
    width: int
    channels: int
    resize: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str = "bilinear"
    origin: str = ASSUMED
    letterbox: bool = False

    def __str__(self) -> str:
        size = f"{self.height} x {self.width}"
        cut = f"shorter side to {self.resize}, centre {size}" if self.resize else f"whole to {size}"
        if self.letterbox:
            cut = f"letterbox {size} on grey {GREY}"
        figures = (" ".join(f"{each:.4g}" for each in some) for some in (self.mean, self.std))
        return f"{cut}, {self.interpolation}, mean {next(figures)}, std {next(figures)} ({self.origin})"


def assumed_for(
    input_shape: Sequence[int], form: ImageFormat = FLOATS, crop: float = USUAL_CROP
) -> Preprocessing:
    """What is done where nobody says: as is usual for ImageNet; networks of bytes get the pixels themselves.

    Args:
        input_shape: channels, height, width.
        form: how the network takes images.
        crop: the share of the shorter side that is kept.
    """
    channels, height, width = input_shape
    if channels not in MODES:
        raise AdvisorError(
            f"the network takes images of {channels} channels", "images have 1, 3 or 4"
        )
    resize = math.floor(max(height, width) / crop)
    mean, std = (IMAGENET_MEAN, IMAGENET_STD) if channels == 3 else ((0.0,) * channels,) * 2
    if channels != 3:
        std = (1.0,) * channels
    if form.element not in FLOATING:  # see `answers.as_taken`
        mean, std = (128 / 255,) * channels, (64 / 255,) * channels
    return Preprocessing(height, width, channels, resize, mean, std)


def assumed_for_boxes(input_shape: Sequence[int], form: ImageFormat = FLOATS) -> Preprocessing:
    """What is done for a detector where nobody says: the whole image, its values from 0 to 1.

    Args:
        input_shape: channels, height, width.
        form: how the network takes images; see `assumed_for`.
    """
    how = replace(assumed_for(input_shape, form), resize=0, letterbox=True)
    if form.element not in FLOATING:
        return how
    return replace(how, mean=(0.0,) * how.channels, std=(1.0,) * how.channels)


def stated_for_boxes(
    known: Preprocessing,
    crop: str | float | None,
    mean: str | Sequence[float] | None,
    std: str | Sequence[float] | None,
    interpolation: str | None,
) -> Preprocessing:
    """As `stated`, of a detector, which is given all of an image.

    Args:
        known: what is assumed.
        crop: "letterbox" or "squash".
        mean: see `stated`.
        std: likewise.
        interpolation: likewise.

    Raises:
        AdvisorError: something is not such.
    """
    word = None if crop is None else str(crop).strip().lower()
    if word not in (None, LETTERBOX, SQUASH):
        raise AdvisorError(
            f"crop: {shown(str(crop))} would cut off what is to be found",
            f"for detection give {LETTERBOX} or {SQUASH}",
        )
    if word is not None:
        known = replace(known, letterbox=word == LETTERBOX, origin=STATED)
    return stated(known, None, mean, std, interpolation)


def stated(
    known: Preprocessing,
    crop: str | float | None,
    mean: str | Sequence[float] | None,
    std: str | Sequence[float] | None,
    interpolation: str | None,
) -> Preprocessing:
    """What is known, but for what the user states.

    Args:
        known: of the weights' own, or assumed.
        crop: the share of the shorter side that is kept, as in "0.875", or "squash".
        mean: as in "0.485,0.456,0.406"; one number for all channels.
        std: likewise.
        interpolation: one of `INTERPOLATIONS`.

    Raises:
        AdvisorError: something is not such.
    """
    if crop is mean is std is interpolation is None:
        return known
    changed = replace(known, origin=STATED)
    if crop is not None:
        changed = replace(changed, resize=_resize(crop, max(known.height, known.width)))
    if mean is not None:
        changed = replace(changed, mean=_channels("mean", mean, known.channels))
    if std is not None:
        changed = replace(changed, std=_channels("std", std, known.channels, above=0.0))
    if interpolation is not None:
        if interpolation not in INTERPOLATIONS:
            known_ones = ", ".join(INTERPOLATIONS)
            raise AdvisorError(
                f"interpolation: unknown {shown(interpolation)}", f"known: {known_ones}"
            )
        changed = replace(changed, interpolation=interpolation)
    return changed


def _resize(crop: str | float, side: int) -> int:
    if str(crop).strip().lower() == SQUASH:
        return 0
    try:
        share = float(crop)
    except ValueError:
        share = math.nan
    if not 0.1 <= share <= 1:
        raise AdvisorError(
            f"crop: {shown(str(crop))} is no share of an image",
            "give 0.1 to 1, as in 0.875 (224 of 256 pixels), or squash",
        )
    return math.floor(side / share)


def _channels(
    what: str, given: str | Sequence[float], channels: int, above: float = -math.inf
) -> tuple[float, ...]:
    """A number for each channel."""
    words = given.split(",") if isinstance(given, str) else list(given)
    try:
        found = tuple(float(each) for each in words)
    except (TypeError, ValueError):
        found = ()
    if len(found) == 1:
        found *= channels
    if len(found) != channels or not all(math.isfinite(each) and each > above for each in found):
        raise AdvisorError(
            f"{what}: {shown(str(given))} is not {channels} numbers, one a channel",
            "values go from 0 to 1, as in 0.485,0.456,0.406",
        )
    return found


def placed(size: tuple[int, int], how: Preprocessing) -> tuple[float, float, float, float]:
    """Where a whole image comes to lie in what the network takes.

    Args:
        size: its width and height.
        how: how it is made ready.

    Returns:
        How many of the network's pixels one of its own is wide and high, and where its left upper corner
        lies: x and y.
    """
    width, height = size
    if not how.letterbox:
        return how.width / width, how.height / height, 0.0, 0.0
    inner_width, inner_height = _inner(size, how)
    left, top = (how.width - inner_width) // 2, (how.height - inner_height) // 2
    return inner_width / width, inner_height / height, float(left), float(top)


def _inner(size: tuple[int, int], how: Preprocessing) -> tuple[int, int]:
    """The width and height of a letterboxed image."""
    scale = min(how.width / size[0], how.height / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def decoded(content: bytes, how: Preprocessing) -> Image:
    """An image's file as the network takes it; see `decoded_with_size`."""
    return decoded_with_size(content, how)[0]


def decoded_with_size(content: bytes, how: Preprocessing) -> tuple[Image, tuple[int, int]]:
    """An image's file as the network takes it, and its own width and height.

    As torchvision prepares images in evaluation: colours are taken without what is transparent, 16 bits
    a channel by their upper 8.

    Args:
        content: the file.
        how: what to do.

    Returns:
        Shape (channels, height, width); and the size.

    Raises:
        Exception: of whatever kind the decoder raises, where the file is no image, or a truncated one.
    """
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(content)) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise ValueError(f"it has {opened.width} x {opened.height} pixels")
        image = _in_bytes(opened, MODES[how.channels])
    size = (image.width, image.height)
    image = _sized(image, how)
    pixels = np.asarray(image, dtype=np.float32) / np.float32(255)
    pixels = pixels.reshape(how.height, how.width, how.channels).transpose(2, 0, 1)
    mean, std = (np.array(each, dtype=np.float32)[:, None, None] for each in (how.mean, how.std))
    return np.ascontiguousarray((pixels - mean) / std), size


def _in_bytes(image: Any, mode: str) -> Any:
    """An image of 8 bits a channel."""
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I"):  # which Pillow would clip to 255
        wide = np.asarray(image).astype(np.int64)
        image = Image.fromarray(np.clip(wide >> 8, 0, 255).astype(np.uint8))
    return image.convert(mode)


def _sized(image: Any, how: Preprocessing) -> Any:
    """An image brought to the network's size."""
    from PIL import Image

    method = getattr(Image.Resampling, how.interpolation.upper())
    if how.letterbox:
        _, _, left, top = placed(image.size, how)
        inner = _inner(image.size, how)
        whole = Image.new(image.mode, (how.width, how.height), (GREY,) * how.channels)
        whole.paste(image.resize(inner, method), (int(left), int(top)))
        return whole
    if not how.resize:
        return image.resize((how.width, how.height), method)
    shorter, longer = sorted(image.size)
    sides = how.resize, int(how.resize * longer / shorter)
    size = sides if image.width <= image.height else sides[::-1]
    if size != image.size:
        image = image.resize(size, method)
    left, top = round((size[0] - how.width) / 2), round((size[1] - how.height) / 2)
    return image.crop((left, top, left + how.width, top + how.height))
