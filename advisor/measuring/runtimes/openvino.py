"""OpenVINO on a CPU; int8 by NNCF's quantisation after training."""

from __future__ import annotations

import os
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import AdvisorError
from advisor.measuring.answers import as_floats, as_taken
from advisor.measuring.runtimes.exports import (
    LIBRARIES,
    calibrated_by,
    calibration_images,
    export_folder,
    kept,
)
from advisor.measuring.runtimes.runtime import need

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from advisor.measuring.answers import Images, Outputs
    from advisor.measuring.runtimes.runtime import Original, Serving
    from advisor.measuring.tasks import Task

COMPUTES_IN = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}
"""The number format of what is not quantised. Left to itself, OpenVINO takes bf16 where it is faster."""

CPU_NAMES = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}


class OpenVinoServing:
    """A model compiled for one batch size and for the time of a single batch."""

    def __init__(self, task: Task, path: Path) -> None:
        """Load and compile the file.

        Raises:
            AdvisorError: the processor has no such number format.
        """
        import numpy as np
        import openvino

        core = openvino.Core()
        format_ = COMPUTES_IN.get(task.cell.precision, "f32")
        if CPU_NAMES[format_] not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise AdvisorError(f"OpenVINO has no {task.cell.precision} on this processor")
        model = core.read_model(str(path))
        shape = (task.cell.batch, *task.input_shape)
        images = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
        taken, self._form = as_taken(images, task.image), task.image
        model.reshape({0: list(taken.shape)})
        settings: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": format_,
        }
        if task.threads:
            settings["INFERENCE_NUM_THREADS"] = task.threads
        self._request = core.compile_model(model, "CPU", settings).create_infer_request()
        self._images = openvino.Tensor(taken)
        self._request.set_input_tensor(self._images)

    def run(self) -> object:
        """See `Serving`."""
        self._request.infer()
        return self._request

    def answers(self, images: Images) -> Images:
        """See `Serving`."""
        import openvino

        self._request.set_input_tensor(openvino.Tensor(as_taken(images, self._form)))
        self._request.infer()
        answers = as_floats(self._request.get_output_tensor(0).data.copy())
        self._request.set_input_tensor(self._images)
        return answers

    def outputs(self, images: Images) -> Outputs:
        """See `Serving`."""
        import openvino

        self._request.set_input_tensor(openvino.Tensor(as_taken(images, self._form)))
        self._request.infer()
        found = {
            port.any_name if port.names else str(place): self._request.get_tensor(port).data.copy()
            for place, port in enumerate(self._request.model_outputs)
        }
        self._request.set_input_tensor(self._images)
        return found

    def close(self) -> None:
        """Drop the request and what it was compiled to."""
        del self._request


class OpenVino:
    """See `advisor.measuring.runtimes.runtime.Runtime`."""

    name = "openvino"
    precisions: Mapping[str, Sequence[str]] = {"cpu": ("fp32", "bf16", "fp16", "int8")}
    libraries: Sequence[str] = ("openvino",)
    runs_in_torch = False
    each_batch = False

    def check_installed(self, precision: str, device: str) -> None:
        """See `Runtime`."""
        quantising = ("nncf",) if precision == "int8" else ()
        need("measuring with openvino", (*LIBRARIES, "openvino", *quantising))

    def warm_up(self, task: Task) -> None:
        """Compile a model of one operator: the CPU's own library is loaded by the first model."""
        import openvino
        from openvino import opset13

        images = opset13.parameter([1, 3], dtype=openvino.Type.f32)
        model = openvino.Model([opset13.relu(images)], [images])
        openvino.Core().compile_model(model, "CPU")

    def prepare(self, task: Task, original: Original) -> tuple[str, Serving]:
        """Export it; for int8, quantise what was exported."""
        path = original.as_onnx()
        if task.to_quantise:
            key = original.key(version("nncf"), version("openvino"), calibrated_by(task))
            make = partial(_quantise, path, calibration_images(task))
            path = kept(task.cell.architecture, key, ".int8.xml", make, beside=".bin")
        return path.name, OpenVinoServing(task, path)

    def load(self, task: Task) -> Serving:
        """See `Runtime`."""
        return OpenVinoServing(task, export_folder() / task.prepared)


def _quantise(fp32: Path, images: Sequence[NDArray[Any]], to: Path) -> None:
    os.environ["NNCF_CI"] = "1"  # or it would report to its makers that it was used
    import nncf
    import openvino

    model = openvino.Core().read_model(str(fp32))
    quantised = nncf.quantize(model, nncf.Dataset(images), subset_size=len(images))
    openvino.save_model(quantised, str(to), compress_to_fp16=False)
