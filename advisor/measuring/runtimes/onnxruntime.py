"""ONNX Runtime on a CPU; int8 by its own quantisation after training."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.architectures.onnx_file import image_of
from advisor.folders import temporary_folder
from advisor.measuring.answers import as_floats, as_taken
from advisor.measuring.runtimes.exports import (
    BATCH,
    LIBRARIES,
    calibrated_by,
    calibration_images,
    export_folder,
    kept,
)
from advisor.measuring.runtimes.runtime import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from advisor.measuring.answers import Images, Outputs
    from advisor.measuring.runtimes.runtime import Original, Serving
    from advisor.measuring.tasks import Task

ERRORS_ONLY = 3


class OnnxServing:
    """A session whose batch size is fixed, so that it can plan its memory."""

    def __init__(self, task: Task, path: Path) -> None:
        """Load the file."""
        import numpy as np
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        options.intra_op_num_threads = task.threads
        options.add_free_dimension_override_by_name(BATCH, task.cell.batch)
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        shape = (task.cell.batch, *task.input_shape)
        images = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
        self._input, self._form = self._session.get_inputs()[0].name, task.image
        self._feed = {self._input: as_taken(images, self._form)}

    def run(self) -> object:
        """See `Serving`."""
        return self._session.run(None, self._feed)

    def answers(self, images: Images) -> Images:
        """See `Serving`."""
        found = self._session.run(None, {self._input: as_taken(images, self._form)})[0]
        return as_floats(found)

    def outputs(self, images: Images) -> Outputs:
        """See `Serving`."""
        names = [each.name for each in self._session.get_outputs()]
        found = self._session.run(names, {self._input: as_taken(images, self._form)})
        return dict(zip(names, found, strict=True))

    def close(self) -> None:
        """Drop the session and its threads."""
        del self._session


class OnnxRuntime:
    """See `advisor.measuring.runtimes.runtime.Runtime`."""

    name = "onnxruntime"
    precisions: Mapping[str, Sequence[str]] = {"cpu": ("fp32", "int8")}
    libraries: Sequence[str] = ("onnxruntime",)
    runs_in_torch = False
    each_batch = False

    def check_installed(self, precision: str, device: str) -> None:
        """See `Runtime`."""
        need("measuring with onnxruntime", (*LIBRARIES, "onnxruntime"))

    def warm_up(self, task: Task) -> None:
        """See `Runtime`."""
        import onnxruntime

        onnxruntime.get_available_providers()

    def prepare(self, task: Task, original: Original) -> tuple[str, Serving]:
        """Export it; for int8, quantise what was exported."""
        path = original.as_onnx()
        if task.to_quantise:
            key = original.key("onnxruntime", version("onnxruntime"), calibrated_by(task))
            make = partial(_quantise, path, calibration_images(task))
            path = kept(task.cell.architecture, key, ".int8.onnx", make)
        return path.name, OnnxServing(task, path)

    def load(self, task: Task) -> Serving:
        """See `Runtime`."""
        return OnnxServing(task, export_folder() / task.prepared)


def _quantise(fp32: Path, images: Sequence[NDArray[Any]], to: Path) -> None:
    """Quantise to int8 as this runtime runs fastest on a CPU.

    Activations unsigned and weights signed, as the processor's dot-product instructions take them;
    a scale for each channel; quantised and dequantised around each operator, which it then fuses.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    model = onnx.load(str(fp32), load_external_data=False)
    name = image_of(model.graph).name

    class Random(CalibrationDataReader):  # type: ignore[misc]  # it has no types
        def __init__(self) -> None:
            self._left: Iterator[NDArray[Any]] = iter(images)

        def get_next(self) -> dict[str, NDArray[Any]] | None:
            one = next(self._left, None)
            return None if one is None else {name: one}

    with temporary_folder() as folder:
        simplified = folder / "simplified.onnx"
        try:
            quant_pre_process(str(fp32), str(simplified))
        except Exception:  # noqa: BLE001  (Swin v2: a TypeError; its shapes help, and are not needed)
            quant_pre_process(str(fp32), str(simplified), skip_symbolic_shape=True)
        quantize_static(
            str(simplified),
            str(to),
            Random(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
