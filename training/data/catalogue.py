"""The data sets by name: title, file, labels, role, and the sets joined from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from models.prediction.result import Method

Role = Literal["ltc", "harmonic", "moduli"]

# Harmonic phonon properties, each an output of the same name (units: `training.data.rows`).
PHONON_LABELS = (
    *("max_frequency", "mean_frequency", "rms_frequency", "log_mean_frequency", "acoustic_top"),
    *("sound_transverse", "sound_longitudinal", "sound_mean", "debye_temperature_acoustic"),
    *("heat_capacity", "kappa_over_tau", "kappa_over_tau_acoustic", "mean_speed"),
    *("msd_mean", "msd_max", "self_force_constant_mean", "self_force_constant_min"),
    "max_pair_force_constant",
)
MODULI = ("bulk_modulus", "shear_modulus")


@dataclass(frozen=True)
class CatalogueEntry:
    """One data set.

    `labels`: what every row has; others may be missing. `outputs`: which label each output of a
    network is trained on; LTC of methods that disagree are outputs of their own. `role`: `ltc` for
    references of the LTC, else what the labels are. `published_split`: whether the paper splits it.
    """

    name: str
    title: str
    file_name: str
    labels: tuple[str, ...]
    role: Role
    outputs: Mapping[str, str] = field(default_factory=dict)
    published_split: bool = False


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "dataset1": Method(
            name="phono3py, finite displacements",
            details="Three-phonon Boltzmann transport, first-principles force constants, 300 K. "
            "Functional, solution and isotopes are not stated with the data.",
            source="Dataset1 of arXiv:2411.18259; rocksalt, zincblende and wurtzite crystals after "
            "A. Togo, L. Chaput, I. Tanaka, Phys. Rev. B 91, 094306 (2015)",
        ),
        "dataset2": Method(
            name="first-principles anharmonic lattice dynamics of half-Heuslers",
            details="Density-functional theory, 300 K. Functional, solution and isotopes are not "
            "stated with the data.",
            source="H. Miyazaki et al., Sci. Rep. 11, 13410 (2021); Dataset2 of arXiv:2411.18259",
        ),
        "phonix_2026": Method(
            name="three-phonon Boltzmann transport with coherence (auto-kappa)",
            details="PBEsol, 300 K, Peierls and coherence terms. Solution and isotopes are not "
            "stated with the data.",
            source="Phonix, npj Comput. Mater. 12, 150 (2026), CC BY 4.0",
        ),
        "aflow": Method(
            name="quasi-harmonic Debye-Grueneisen model (AGL)",
            details="Slack's formula with the Debye temperature and Grueneisen parameter of a "
            "quasi-harmonic Debye model: ranks well, values are rough.",
            source="C. Toher et al., Phys. Rev. B 90, 174107 (2014), AFLOW",
        ),
    }
)
OUTPUT_METHODS: Mapping[str, str] = MappingProxyType(
    {"ltc": "phonix_2026", "ltc_phono3py": "dataset1", "ltc_half_heusler": "dataset2"}
)  # data set whose method an output of heads imitates


def own_entry(name: str) -> CatalogueEntry:
    """Return the entry of a user's own set of LTC, in NAME.jsonl.gz."""
    return CatalogueEntry(name, name, f"{name}.jsonl.gz", ("ltc",), "ltc", {"ltc": "ltc"})


_ENTRIES = (
    CatalogueEntry(
        *("dataset1", "Dataset1", "dataset1.jsonl.gz", ("ltc",), "ltc"),
        outputs={"ltc": "ltc"},
        published_split=True,
    ),
    CatalogueEntry(
        *("dataset2", "Dataset2", "dataset2.jsonl.gz", ("ltc",), "ltc"),
        outputs={"ltc_half_heusler": "ltc"},
        published_split=True,
    ),
    CatalogueEntry(
        *("phonix", "Phonix", "phonix_bte.jsonl.gz", ("ltc",), "ltc"), outputs={"ltc": "ltc"}
    ),
    CatalogueEntry(
        *("phonix_2026", "Phonix 2026", "phonix_2026.jsonl.gz", ("ltc",), "ltc"),
        outputs={"ltc": "ltc"},
    ),
    CatalogueEntry(
        *("aflow", "AFLOW", "aflow_agl.jsonl.gz", ("ltc", "debye_temperature", "gruneisen"), "ltc"),
        outputs={
            "ltc_agl": "ltc",
            "debye_temperature": "debye_temperature",
            "gruneisen": "gruneisen",
        },
        published_split=True,
    ),
    CatalogueEntry(
        *("phonondb", "phonondb", "phonondb_harmonic.jsonl.gz", ("max_frequency",), "harmonic"),
        outputs={name: name for name in PHONON_LABELS}
        | {"debye_temperature_sound": "debye_temperature"},
    ),
    CatalogueEntry(
        *("elasticity", "moduli of binaries", "mp_elasticity.jsonl.gz", MODULI, "moduli"),
        outputs={name: name for name in MODULI},
    ),
    CatalogueEntry(
        *("moduli_2026", "moduli 2026", "mp_moduli_2026.jsonl.gz", MODULI, "moduli"),
        outputs={name: name for name in MODULI},
    ),
)
CATALOGUE: Mapping[str, CatalogueEntry] = MappingProxyType({e.name: e for e in _ENTRIES})

MIX = "mix"
JOINED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        MIX: ("dataset1", "dataset2"),
        "harmonic": ("phonondb", "aflow", "elasticity", "moduli_2026"),
        "reference": ("dataset1", "dataset2", "phonix_2026"),
    }
)
DATASET_NAMES = (*CATALOGUE, *JOINED)
LTC_SETS = tuple(entry.name for entry in _ENTRIES if entry.role == "ltc")  # smallest first
PUBLISHED_SETS = tuple(entry.name for entry in _ENTRIES if entry.published_split)
PAPER_SETS = ("dataset1", "dataset2", MIX, "aflow")  # of Table I
PAPER_TABLE_FILE = Path("reference/paper_table1.json")  # Table I and its runs
TITLES: Mapping[str, str] = MappingProxyType(
    {entry.name: entry.title for entry in _ENTRIES} | {MIX: "MIX"}
)


def parts_of(name: str) -> tuple[str, ...]:
    """Return the names of the data sets that this one is joined from: itself if it is not."""
    return JOINED.get(name, (name,))


def is_moduli(name: str) -> bool:
    """Tell whether a data set has moduli alone, which say nothing of a held-out LTC."""
    return name in CATALOGUE and CATALOGUE[name].role == "moduli"


def label_of(output: str, dataset: str) -> str | None:
    """Return the label that an output is trained on in a data set; None where there is none."""
    return CATALOGUE.get(dataset, own_entry(dataset)).outputs.get(output)


def known_outputs() -> tuple[str, ...]:
    """Return the names of all outputs that some data set has labels for."""
    return tuple(dict.fromkeys(output for entry in _ENTRIES for output in entry.outputs))


def method_of(dataset: str) -> Method | None:
    """Return the method of a data set's LTC; of a joined one, the methods together."""
    found = [METHODS[part] for part in parts_of(dataset) if part in METHODS]
    if not found:
        return None
    return Method(
        name=" or ".join(method.name for method in found),
        details=" ".join(dict.fromkeys(method.details for method in found)),
        source="; ".join(method.source for method in found),
    )
