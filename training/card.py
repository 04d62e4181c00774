"""The model card of an ensemble, written from its manifest."""

from collections.abc import Iterator

from models.manifest import Manifest, Metrics

COLUMNS = {
    "mape": "MAPE",
    "median_ape": "median APE",
    "mae_log10": "MAE(log10)",
    "spearman": "Spearman",
    "within_factor_2": "within factor 2",
    "sre": "SRE",
}


def model_card(manifest: Manifest) -> str:
    """Return the card in Markdown: what it is, for whom, on what it was trained, how far it errs."""
    return "\n".join(
        [
            f"# {manifest.name}",
            "",
            f"Nine-member ensemble for the lattice thermal conductivity (LTC) of a crystal in "
            f"{manifest.unit} at {manifest.temperature:g} K. {manifest.description}.",
            "",
            "## Use",
            *USE,
            "",
            "## Training",
            *_training(manifest),
            "",
            "## Errors",
            *_errors(manifest.metrics),
            "",
        ]
    )


USE = (
    "For ranking and screening crystals before a first-principles calculation, with the members'",
    "spread beside the number. Only the lattice's part of the conductivity is predicted: in metals",
    "electrons carry most heat. Not for disordered, strained, nanostructured or amorphous material,",
    "nor for other temperatures. Structure types and elements far from the training data are",
    "predicted badly, and the spread alone does not tell.",
)


def _training(manifest: Manifest) -> Iterator[str]:
    first = manifest.members[0]
    yield (
        f"Preset `{manifest.preset}`, seed {manifest.seed}, protocol {manifest.protocol}; "
        f"{len(manifest.members)} members, one for each published split "
        f"({first.n_fitted} crystals fitted, {first.n_validation} kept for validation)."
    )
    yield ""
    yield "| data | file | crystals | sha256 |"
    yield "|---|---|---|---|"
    for data in manifest.training_data:
        yield f"| {data.dataset} | {data.file_name} | {data.n_crystals} | `{data.sha256[:16]}` |"


def _errors(metrics: tuple[Metrics, ...]) -> Iterator[str]:
    yield "LTC in W/(m K), on crystals kept from training; no choice was made on them."
    yield ""
    yield "| data | protocol, what | n | " + " | ".join(COLUMNS.values()) + " |"
    yield "|---|---|---|" + "---|" * len(COLUMNS)
    for record in metrics:
        cells = [_cell(record, name) for name in COLUMNS]
        what = f"{record.protocol}: {record.what}"
        yield f"| {record.dataset} | {what} | {record.n_crystals} | " + " | ".join(cells) + " |"


def _cell(record: Metrics, name: str) -> str:
    value = f"{record.values[name]:.3f}"
    deviation = record.deviations.get(name)
    return value if deviation is None else f"{value} ± {deviation:.3f}"
