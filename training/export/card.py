"""The model card of an ensemble, written from its manifest."""

import math
from collections.abc import Iterator, Sequence

from models.manifest import Manifest, Metrics
from models.prediction.evidence import EvidenceRecord
from models.prediction.result import Reference
from training.scoring.scores import COLUMNS

VERDICTS = ("inside", "edge", "outside")
N_WORST = 10
GROUPS = ("coverage_ltc", "coverage_type", "coverage_dataset")

USE = """\
For ranking and screening crystals before a first-principles calculation, with the members' spread
beside the number. Only the lattice's part of the conductivity is predicted: in metals electrons
carry most heat. Not for disordered, strained, nanostructured or amorphous material, nor for other
temperatures. Structure types and elements far from the training data are predicted badly; the
verdict says so, the spread alone does not. Most wrong are crystals whose conductivity hangs on what
neighbours do not show: an acoustic branch without partners to scatter with (BAs), or atoms that
rattle (copper halides)."""


def model_card(manifest: Manifest, evidence: EvidenceRecord) -> str:
    """Return the card in Markdown: what it is, for whom, trained on what, how far it errs."""
    sections = (
        f"# {manifest.name}\n",
        f"{len(manifest.members)} members for the lattice thermal conductivity (LTC) of a crystal,",
        f"in {manifest.unit} at {manifest.temperature:g} K. {manifest.description}.\n",
        f"## Use\n\n{USE}\n",
        "## Training\n",
        *_training(manifest),
        *_estimated(len(evidence.estimates)),
        "\n## Errors\n",
        *_errors([record for record in manifest.metrics if "mae_log10" in record.values]),
        *_published([record for record in manifest.metrics if record.protocol == "paper"]),
        *_calibrations([record for record in manifest.metrics if "coverage" in record.values]),
        *_worst(evidence.references),
    )
    return "\n".join(sections) + "\n"


def _training(manifest: Manifest) -> Iterator[str]:
    first = manifest.members[0]
    yield (
        f"Preset `{manifest.preset}`, seed {manifest.seed}, protocol {manifest.protocol}. Member 1 "
        f"was fitted to {first.n_fitted} crystals in its last stage, {first.n_validation} were "
        "kept from it.\n"
    )
    yield "| data | file | crystals | sha256 |"
    yield "|---|---|---|---|"
    for data in manifest.training_data:
        yield f"| {data.dataset} | {data.file_name} | {data.n_crystals} | `{data.sha256[:16]}` |"


def _estimated(number: int) -> Iterator[str]:
    if number:
        yield (
            f"\nThe LTC of {number} more crystals was estimated from their calculated "
            "phonons, and learned from as well. None is among the crystals below."
        )


def _errors(metrics: list[Metrics]) -> Iterator[str]:
    yield "LTC in W/(m K), on crystals kept from training.\n"
    yield "| data | protocol, what | n | " + " | ".join(COLUMNS.values()) + " |"
    yield "|---|---|---|" + "---|" * len(COLUMNS)
    for record in metrics:
        cells = [_cell(record, name) for name in COLUMNS]
        what = f"{record.protocol}: {record.what}"
        yield f"| {record.dataset} | {what} | {record.n_crystals} | " + " | ".join(cells) + " |"


def _published(metrics: list[Metrics]) -> Iterator[str]:
    if metrics:
        yield "\nBy the published procedure, whose figures are not errors in W/(m K):\n"
        yield "| tested on | members | MAPE | Table I |"
        yield "|---|---|---|---|"
    for record in metrics:
        table = _cell(record, "published_mape") if "published_mape" in record.values else "-"
        yield f"| {record.dataset} | {record.what} | {_cell(record, 'mape')} | {table} |"


def _cell(record: Metrics, name: str) -> str:
    value = f"{record.values[name]:.3f}"
    deviation = record.deviations.get(name)
    return value if deviation is None else f"{value} ± {deviation:.3f}"


def _calibrations(metrics: list[Metrics]) -> Iterator[str]:
    for record in metrics:
        values = record.values
        yield f"\n## Interval and verdict\n\n{record.what}; {record.n_crystals} crystals.\n"
        yield (
            f"Coverage {values['coverage']:.3f}. Median half width {values['half_width']:.3f} of "
            f"log10(LTC), against {values['global_half_width']:.3f} of one interval for all.\n"
        )
        if "coverage_phonons_known" in values:
            yield (
                f"Where phonons were known, coverage {values['coverage_phonons_known']:.3f}, half "
                f"width {values['half_width_phonons_known']:.3f}.\n"
            )
        yield "| verdict | share | coverage | median APE |"
        yield "|---|---|---|---|"
        for name in VERDICTS:
            kinds = (f"{kind}_{name}" for kind in ("share", "coverage", "median_ape"))
            cells = (f"{values[kind]:.3f}" if kind in values else "-" for kind in kinds)
            yield f"| {name} | " + " | ".join(cells) + " |"
        yield from _groups(record)


def _groups(record: Metrics) -> Iterator[str]:
    groups = [name for name in record.values if name.startswith(GROUPS)]
    if groups:
        yield "\n| group | coverage |"
        yield "|---|---|"
    for name in groups:
        title = name.removeprefix("coverage_").replace("_", " ")
        yield f"| {title} | {record.values[name]:.3f} |"


def _worst(references: Sequence[Reference]) -> Iterator[str]:
    known = [reference for reference in references if reference.out_of_fold is not None]
    if not known:
        return
    yield f"\n## The worst {N_WORST}\n\nPredictions by members that had not seen the crystal.\n"
    yield "| crystal | data | reference [W/(m K)] | predicted |"
    yield "|---|---|---|---|"
    for item in sorted(known, key=_miss, reverse=True)[:N_WORST]:
        name = f"{item.formula} ({item.material_id})"
        yield f"| {name} | {item.dataset} | {item.ltc:.3g} | {item.out_of_fold:.3g} |"


def _miss(reference: Reference) -> float:
    """Return the error of log10(LTC), zero where all members had seen the crystal."""
    return abs(math.log10((reference.out_of_fold or reference.ltc) / reference.ltc))
