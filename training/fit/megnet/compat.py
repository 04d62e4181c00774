"""Import of megnet 1.3.2 (2022), the reference implementation, under today's TensorFlow.

Two things have moved since: its Keras is now the separate package tf-keras, chosen by an
environment variable before TensorFlow is imported; and pymatgen has renamed three near-neighbor
classes. Nothing of the service imports this module.
"""

import importlib
import os
import sys
from types import ModuleType

from pymatgen.analysis import local_env

RENAMED = {
    "BrunnerNN_real": "BrunnerNNReal",
    "BrunnerNN_relative": "BrunnerNNRelative",
    "BrunnerNN_reciprocal": "BrunnerNNReciprocal",
}


def import_megnet() -> ModuleType:
    """Return the module `megnet.models`; RuntimeError where TensorFlow chose Keras 3 already."""
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    for old, new in RENAMED.items():
        if not hasattr(local_env, old):
            setattr(local_env, old, getattr(local_env, new))
    if "keras" in sys.modules and "tf_keras" not in sys.modules:
        raise RuntimeError("Set TF_USE_LEGACY_KERAS=1 before TensorFlow loads its Keras.")
    return importlib.import_module("megnet.models")  # only after the two changes above
