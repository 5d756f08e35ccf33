"""What the server of child processes loads once for all of them. CUDA is left alone here."""

import contextlib

with contextlib.suppress(
    Exception
):  # the server must live; a child that needs it says what is missing
    import advisor.architectures.builders
    import advisor.measuring.host
    import advisor.measuring.worker  # noqa: F401
    from advisor.architectures.libraries import torchvision_models

    torchvision_models()
    import timm  # noqa: F401
