"""matgl's MEGNet `predict_structure`, nine models one after the other; needs PyTorch."""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

from matgl.ext.pymatgen import Structure2Graph  # type: ignore[import-not-found]  # noqa: E402
from matgl.models import MEGNet  # type: ignore[import-not-found]  # noqa: E402
from pymatgen.core import Element  # noqa: E402
from pymatgen.io.cif import CifParser  # noqa: E402

MODELS = 9


def main() -> None:
    """Print the seconds from each CIF to nine predictions, the first left out as a warm-up."""
    symbols = tuple(Element.from_Z(number).symbol for number in range(1, 95))
    models = [MEGNet(element_types=symbols, cutoff=4.0) for _ in range(MODELS)]
    converter = Structure2Graph(element_types=symbols, cutoff=4.0)
    times = []
    for text in json.load(sys.stdin):
        start = time.perf_counter()
        structure = CifParser.from_str(text).parse_structures(primitive=False)[0]
        for model in models:
            model.predict_structure(structure, graph_converter=converter)
        times.append(time.perf_counter() - start)
    print(json.dumps(times[1:]))


if __name__ == "__main__":
    main()
