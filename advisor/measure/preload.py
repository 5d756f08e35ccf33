"""What the server of child processes loads once for all of them. CUDA is left alone here."""

import advisor.measure.worker  # noqa: F401
from advisor.architectures.torchvision_import import torchvision_models

torchvision_models()
