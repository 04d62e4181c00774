"""Steps of training in megnet's Keras layers; run in its own process."""

import json
import os
import time
import warnings

os.environ.update(TF_USE_LEGACY_KERAS="1", CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="2")
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402

from benchmarks.crystals import crystals  # noqa: E402
from training.fit.megnet.compat import import_megnet  # noqa: E402

BATCH, N_ATOMS, ROUNDS, WARM = 8, 10, 30, 3


def main() -> None:
    """Print the seconds of each step on a batch of eight crystals, converted beforehand."""
    megnet = import_megnet()
    from megnet.data.crystal import CrystalGraph  # noqa: PLC0415
    from megnet.data.graph import GaussianDistance, GraphBatchGenerator  # noqa: PLC0415

    converter = CrystalGraph(
        bond_converter=GaussianDistance(np.linspace(0, 5, 100), 0.5), cutoff=4.0
    )
    model = megnet.MEGNetModel(100, 2, graph_converter=converter, nvocal=95, embedding_dim=16)
    graphs = [converter.convert(structure) for structure in crystals(BATCH, N_ATOMS)]
    inputs = converter.get_flat_data(graphs)
    targets = np.zeros(BATCH)
    generator = GraphBatchGenerator(*inputs, targets, batch_size=BATCH, is_shuffle=False)
    features, labels = generator[0][:2]
    expanded = list(features)
    expanded[1] = converter.bond_converter.convert(np.ravel(features[1]))[None]
    times = []
    for _ in range(WARM + ROUNDS):
        start = time.perf_counter()
        model.model.train_on_batch(expanded, labels)
        times.append(time.perf_counter() - start)
    print(json.dumps(times[WARM:]))


if __name__ == "__main__":
    main()
