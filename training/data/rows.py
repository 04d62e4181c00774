"""One line of a data set file, checked."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator
from pymatgen.core import Composition, Structure

from models.structure.stored import StoredStructure

DECIMALS = 8  # of lattice vectors and coordinates in the files

Positive = Annotated[FiniteFloat, Field(gt=0)]
NotNegative = Annotated[FiniteFloat, Field(ge=0)]
NOT_LABELS = frozenset({"material_id", "formula", "structure", "spacegroup", "nac"})


class Row(BaseModel):
    """One crystal and its labels, as one JSON line of a data set file.

    Which labels a row must have is the data set's (`training.data.catalogue`). All are finite;
    what can be zero or negative is so only for crystals with imaginary frequencies.
    LTC [W/(m K)], heat capacity [3 kB an atom], mean-square displacements [A^2, sum over three
    directions] and LTC over lifetime [W/(m K s)] at 300 K; temperatures [K]; moduli [GPa];
    frequencies [THz]; speeds [m/s]; force constants [eV/A^2]; `gruneisen`, `imaginary_fraction`
    (of modes below -0.1 THz) without unit; `reference_volume` [A^3 an atom] of the cell that the
    labels were calculated in.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    material_id: Annotated[str, Field(min_length=1)]
    formula: Annotated[str, Field(min_length=1)]
    spacegroup: Annotated[int, Field(ge=1, le=230)] | None = None
    nac: bool | None = None
    reference_volume: Positive | None = None

    ltc: Positive | None = None
    debye_temperature: Positive | None = None
    gruneisen: Positive | None = None
    bulk_modulus: Positive | None = None
    shear_modulus: Positive | None = None

    max_frequency: Positive | None = None
    mean_frequency: Positive | None = None
    rms_frequency: Positive | None = None
    log_mean_frequency: Positive | None = None
    min_frequency: FiniteFloat | None = None
    acoustic_top: FiniteFloat | None = None
    optical_bottom: FiniteFloat | None = None
    imaginary_fraction: Annotated[NotNegative, Field(le=1)] | None = None
    sound_transverse: Positive | None = None
    sound_longitudinal: Positive | None = None
    sound_mean: Positive | None = None
    debye_temperature_acoustic: Positive | None = None
    heat_capacity: Positive | None = None
    kappa_over_tau: Positive | None = None
    kappa_over_tau_acoustic: NotNegative | None = None
    mean_speed: Positive | None = None
    msd_mean: Positive | None = None
    msd_max: Positive | None = None
    self_force_constant_mean: FiniteFloat | None = None
    self_force_constant_min: FiniteFloat | None = None
    max_pair_force_constant: Positive | None = None

    structure: StoredStructure

    @model_validator(mode="after")
    def _formula_fits(self) -> Self:
        stated, held = Composition(self.formula), Composition("".join(self.structure.species))
        if not stated.fractional_composition.almost_equals(held.fractional_composition):
            raise ValueError(f"formula {self.formula} but the structure is {held.formula}")
        return self

    @classmethod
    def of(
        cls,
        material_id: str,
        structure: Structure,
        formula: str | None = None,
        **labels: float,
    ) -> Self:
        """Return the row of a structure; the formula is the structure's own where none is given.

        Raises pydantic's ValidationError, or ValueError where sites are disordered.
        """
        if not structure.is_ordered:
            raise ValueError("some sites are partly occupied or shared between elements")
        return cls.model_validate(
            {
                "material_id": material_id,
                "formula": formula or structure.composition.reduced_formula,
                "structure": StoredStructure.of(structure, DECIMALS),
                **labels,
            }
        )

    @property
    def labels(self) -> Mapping[str, float]:
        """The labels that this row has, by name."""
        return self.model_dump(exclude=set(NOT_LABELS), exclude_none=True)

    def to_line(self) -> str:
        """Return the row as one line of JSON, without the line break."""
        return self.model_dump_json(exclude_none=True)
