"""Members of an ensemble, evaluated together: crystals to quantities in their units."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.cores import n_cores
from models.crystal.crystal import Crystal
from models.network.architecture import Weights
from models.network.batch import MAX_BONDS, MAX_CRYSTALS, NetworkInput, join_graphs
from models.network.heads import Heads
from models.network.inputs import InputSettings, network_input
from models.network.transform import OutputTransforms, TargetTransform
from models.prediction.engine import COMPILED, EngineName, load_engine
from models.prediction.gaussian_process import OUTPUTS as PROCESS_OUTPUTS
from models.prediction.gaussian_process import Process
from models.prediction.policy import LTC, AnswerPolicy

Transforms = Sequence[Sequence[TargetTransform]]  # of each output, by member
Numbers = NDArray[np.float64]
Entry = tuple[NetworkInput, str]  # a crystal, and the output that answers for it
PLAIN = InputSettings()
FIRST_OUTPUT = AnswerPolicy()
GROUP_BONDS = 2 * MAX_BONDS  # a batch of the service is one group, though bonds that fade are more


@dataclass(frozen=True)
class Outputs:
    """LTC [n_crystals, n_members] in W/(m K), embeddings [n_crystals, n_members, width].

    `disagreement` [n_crystals, n_members]: standard deviation of log10(LTC) over a member's heads
    and process, by the policy's weights. `local_error` [n_crystals, n_members]: absolute error of
    log10(LTC) of the references close by. `phonons_known` [n_crystals]: 1 for a crystal whose LTC
    is estimated from its phonons, down to 0 for those unlike all such crystals. All three are zero
    without heads and a process. `distances` [n_crystals, n_references]: to the references of the
    process, in its lengths; None without one.
    `quantities`: all outputs of the network by name, each [n_crystals, n_members], in the unit of
    its references.
    """

    ltc: Numbers
    embeddings: NDArray[np.float32]
    disagreement: Numbers
    local_error: Numbers
    phonons_known: Numbers
    distances: NDArray[np.float32] | None
    quantities: Mapping[str, Numbers]

    @cached_property
    def geometric_means(self) -> Mapping[str, Numbers]:
        """Each quantity [n_crystals], as the geometric mean over the members."""
        if not self.quantities:
            return {}
        means = np.exp(np.log(np.stack(list(self.quantities.values()))).mean(axis=2))
        return dict(zip(self.quantities, means, strict=True))


class Members:
    """Members' weights, each [n_members, *shape], and transforms; may be used from any thread.

    `names` are those of the network's outputs; the first answers where the `policy` names none of
    them. Where there are `heads` and a `process`, a member's LTC is the weighted geometric mean of
    theirs, by the `policy`; where phonons are known, of which the heads have not heard, the process
    alone answers.
    """

    def __init__(  # noqa: PLR0913  (the parts of an ensemble)
        self,
        weights: Weights,
        transforms: Transforms,
        names: Sequence[str] = (LTC,),
        *,
        heads: Heads | None = None,
        process: Process | None = None,
        inputs: InputSettings = PLAIN,
        policy: AnswerPolicy = FIRST_OUTPUT,
        engine: EngineName = COMPILED,
    ) -> None:
        self._inputs = inputs
        self._policy = policy
        self._n_members = len(transforms)
        self._transforms = OutputTransforms(transforms)
        self._names = tuple(names)
        parts = load_engine(engine)
        self._network = parts.network(weights)
        self._heads = parts.heads(heads) if heads else None
        self._process = parts.process(process) if process else None

    def ltc(self, crystals: Sequence[Crystal]) -> Numbers:
        """Return the LTC [n_crystals, n_members] in W/(m K); empty for no crystals."""
        return self.outputs(crystals).ltc

    def outputs(self, crystals: Sequence[Crystal]) -> Outputs:
        """Return LTC, embeddings and all quantities; empty for no crystals."""
        inputs = [network_input(crystal, self._inputs) for crystal in crystals]
        return self.compute(inputs, [crystal.structure_type for crystal in crystals])

    def compute(self, inputs: Sequence[NetworkInput], types: Sequence[str]) -> Outputs:
        """Return the outputs for crystals of these structure types [n_crystals].

        Groups of crystals are computed side by side; the outputs of a crystal do not depend on the
        others it is computed with.
        """
        chosen = [self._policy.output(each) for each in types]
        entries = zip(inputs, chosen, strict=True)
        groups = self._side_by_side(list(_groups(entries)))
        if not groups:
            return self._nothing()
        targets, embeddings, *logs = (np.concatenate(parts) for parts in zip(*groups, strict=True))
        quantities = self._decode(targets)
        if not logs:
            ltc = self._answers(quantities, chosen)
            none = np.zeros_like(ltc)
            return Outputs(ltc, embeddings, none, none, none[:, 0], None, quantities)
        ltc, disagreement, local_error, known, distances = logs
        return Outputs(ltc, embeddings, disagreement, local_error, known, distances, quantities)

    def _side_by_side(self, groups: Sequence[Sequence[Entry]]) -> list[list[NDArray[Any]]]:
        if len(groups) == 1:
            return [self._forward(groups[0])]
        with ThreadPoolExecutor(n_cores(), "forward") as cores:
            return list(cores.map(self._forward, groups))

    def _forward(self, group: Sequence[Entry]) -> list[NDArray[Any]]:
        """Return targets and embeddings [n_crystals, n_members, width] of crystals and outputs.

        Where there are heads and a process: what else `Outputs` has, but for the quantities.
        """
        batch = join_graphs([each for each, _ in group])
        network = [part.swapaxes(0, 1) for part in self._network(batch)]
        if not self._heads or not self._process:
            return network
        outputs = np.array([PROCESS_OUTPUTS.index(name) for _, name in group])
        share = np.array([self._policy.process_share.get(name, 0.0) for _, name in group])[:, None]
        heads = self._heads(batch.descriptors, network[1], outputs - 1)
        process = self._process(batch.descriptors, network[1], outputs)
        answers = share + (1 - share) * process.phonons_known[:, None]
        ltc = 10 ** ((1 - answers) * heads.log_ltc + answers * process.log_ltc)
        apart = share * (heads.log_ltc - process.log_ltc) ** 2
        disagreement = np.sqrt((1 - share) * (heads.spread**2 + apart))
        judged = (disagreement, process.local_error, process.phonons_known, process.distance)
        return [*network, ltc, *judged]

    def _answers(self, quantities: Mapping[str, Numbers], chosen: Sequence[str]) -> Numbers:
        """Return the network's LTC [n_crystals, n_members] by the outputs chosen [n_crystals]."""
        first = quantities[self._names[0]]
        return np.stack([quantities.get(name, first)[row] for row, name in enumerate(chosen)])

    def _nothing(self) -> Outputs:
        none = np.empty((0, self._n_members))
        embeddings = np.empty((*none.shape, 0), np.float32)
        return Outputs(none, embeddings, none, none, none[:, 0], None, {})

    def _decode(self, targets: NDArray[np.float32]) -> dict[str, Numbers]:
        """Return the network's quantities for standardised targets [n, n_members, n_outputs]."""
        quantities = self._transforms.decode(targets)
        return {name: quantities[..., index] for index, name in enumerate(self._names)}


def _groups(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield the crystals in order, in groups of at most MAX_CRYSTALS and GROUP_BONDS, or of one."""
    group: list[Entry] = []
    n_bonds = 0
    for each, output in entries:
        full = len(group) == MAX_CRYSTALS or n_bonds + each.n_bonds > GROUP_BONDS
        if group and full:
            yield group
            group, n_bonds = [], 0
        group.append((each, output))
        n_bonds += each.n_bonds
    if group:
        yield group
