"""megnet's own `predict_structure`, one call for each of nine models; run in its own process."""

import json
import os
import sys
import time
import warnings

os.environ.update(TF_USE_LEGACY_KERAS="1", CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="2")
warnings.simplefilter("ignore")

from pymatgen.io.cif import CifParser  # noqa: E402

from training.fit.megnet.compat import import_megnet  # noqa: E402

MODELS = 9


def main() -> None:
    """Print the seconds from each CIF to nine predictions, the first left out as a warm-up."""
    megnet = import_megnet()
    import numpy as np  # noqa: PLC0415
    from megnet.data.crystal import CrystalGraph  # noqa: PLC0415
    from megnet.data.graph import GaussianDistance  # noqa: PLC0415

    converter = CrystalGraph(
        bond_converter=GaussianDistance(np.linspace(0, 5, 100), 0.5), cutoff=4.0
    )
    models = [
        megnet.MEGNetModel(100, 2, graph_converter=converter, nvocal=95, embedding_dim=16)
        for _ in range(MODELS)
    ]
    times = []
    for text in json.load(sys.stdin):
        start = time.perf_counter()
        structure = CifParser.from_str(text).parse_structures(primitive=False)[0]
        for model in models:
            model.predict_structure(structure)
        times.append(time.perf_counter() - start)
    print(json.dumps(times[1:]))


if __name__ == "__main__":
    main()
