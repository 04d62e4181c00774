"""The model card of an ensemble, written from its manifest."""

from collections.abc import Iterator

from models.manifest import Manifest, Metrics

ERRORS = {
    "mape": "MAPE",
    "median_ape": "median APE",
    "mae_log10": "MAE(log10)",
    "spearman": "Spearman",
    "within_factor_2": "within factor 2",
    "sre": "SRE",
}
VERDICTS = ("inside", "edge", "outside")

USE = """\
For ranking and screening crystals before a first-principles calculation, with the members' spread
beside the number. Only the lattice's part of the conductivity is predicted: in metals electrons
carry most heat. Not for disordered, strained, nanostructured or amorphous material, nor for other
temperatures. Structure types and elements far from the training data are predicted badly; the
verdict says so, the spread alone does not."""


def model_card(manifest: Manifest) -> str:
    """Return the card in Markdown: what it is, for whom, trained on what, how far it errs."""
    sections = (
        f"# {manifest.name}\n",
        f"{len(manifest.members)} members for the lattice thermal conductivity (LTC) of a crystal,",
        f"in {manifest.unit} at {manifest.temperature:g} K. {manifest.description}.\n",
        f"## Use\n\n{USE}\n",
        "## Training\n",
        *_training(manifest),
        "\n## Errors\n",
        *_errors([record for record in manifest.metrics if "mape" in record.values]),
        *_calibrations([record for record in manifest.metrics if "coverage" in record.values]),
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


def _errors(metrics: list[Metrics]) -> Iterator[str]:
    yield "LTC in W/(m K), on crystals kept from training.\n"
    yield "| data | protocol, what | n | " + " | ".join(ERRORS.values()) + " |"
    yield "|---|---|---|" + "---|" * len(ERRORS)
    for record in metrics:
        cells = [_cell(record, name) for name in ERRORS]
        what = f"{record.protocol}: {record.what}"
        yield f"| {record.dataset} | {what} | {record.n_crystals} | " + " | ".join(cells) + " |"


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
        yield "| verdict | share | coverage | median APE |"
        yield "|---|---|---|---|"
        for name in VERDICTS:
            kinds = (f"{kind}_{name}" for kind in ("share", "coverage", "median_ape"))
            cells = (f"{values[kind]:.3f}" if kind in values else "-" for kind in kinds)
            yield f"| {name} | " + " | ".join(cells) + " |"
