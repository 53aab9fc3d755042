"""TensorFlow's oneDNN kernels for CPUs, which can be turned on only before TensorFlow is imported."""

import os
import platform
import sys
import warnings

VARIABLE = "TF_ENABLE_ONEDNN_OPTS"


def turn_on():
    """Sets `TF_ENABLE_ONEDNN_OPTS=1`, unless it is set, and warns where that comes too late to count.

    TensorFlow leaves these kernels off on CPUs without AVX-512 VNNI, where they make training faster. Processes that
    are started from this one inherit the variable.
    """
    if VARIABLE in os.environ:
        return
    os.environ[VARIABLE] = "1"
    if "tensorflow" in sys.modules and platform.machine().lower() in ("x86_64", "amd64") and not _are_on():
        warnings.warn(
            "TensorFlow was imported before keras_genzoo, with its oneDNN kernels off: training on this CPU can take "
            f"twice as long. Import keras_genzoo first, or set {VARIABLE}=1 (0 turns this warning off)",
            stacklevel=3,
        )


def _are_on():
    try:
        from tensorflow.python.util import _pywrap_util_port
    except ImportError:  # not public, so a later version may have moved it
        return True
    return _pywrap_util_port.IsMklEnabled()
