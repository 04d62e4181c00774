"""Nine members of the paper's network with random weights, for measures against other programs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.crystal.crystal import Crystal
from models.network.architecture import Architecture, initial_weights
from models.network.transform import TargetTransform
from models.prediction.members import Members

MEMBERS = 9


class RandomEnsemble:
    """The network without descriptors and evidence: what megnet and matgl compute too."""

    def __init__(self) -> None:
        members = [initial_weights(Architecture(), seed) for seed in range(MEMBERS)]
        weights = {name: np.stack([m[name] for m in members]) for name in members[0]}
        self._members = Members(weights, [(TargetTransform(1.0, 0.5),)] * MEMBERS)

    def ltc(self, crystals: Sequence[Crystal]) -> NDArray[np.float64]:
        """Return the LTC in W/(m K), [n_crystals, n_members]."""
        return self._members.ltc(crystals)
