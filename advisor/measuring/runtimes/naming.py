"""What the input, the output and the batch size of an exported network are called."""

from __future__ import annotations

from typing import Any

INPUT, OUTPUT, BATCH = "images", "scores", "batch"


def named_batch(model: Any) -> Any:
    """The ONNX model with its batch size, where that is open, under the name by which it can be fixed."""
    from advisor.architectures.onnx_file import image_of

    axis = image_of(model.graph).type.tensor_type.shape.dim[0]
    if axis.dim_value > 0:
        return model
    theirs = axis.dim_param
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for each in value.type.tensor_type.shape.dim:
            if theirs and each.dim_param == theirs:
                each.dim_param = BATCH
    axis.dim_param = BATCH
    return model
