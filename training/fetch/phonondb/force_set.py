"""The force set of one crystal, from its archive."""

import io
import lzma
import zipfile

import phonopy
from phonopy import Phonopy
from pymatgen.core import Composition

from training.fetch.labelled import Labelled
from training.fetch.phonondb.index import Calculation
from training.fetch.phonondb.properties import harmonic_labels

FORCE_SET = "phonopy_params.yaml.xz"


def labelled(calculation: Calculation, archive: bytes) -> Labelled:
    """Return a crystal's labels, computed from the force set in its archive.

    Raises whatever the readers raise for a damaged archive, and ValueError for a crystal without
    a stable mode.
    """
    phonon = _phonon(archive)
    facts = {"spacegroup": calculation.spacegroup, "nac": phonon.nac_params is not None}
    return Labelled(
        calculation.material_id,
        {**harmonic_labels(phonon), **facts},
        Composition("".join(phonon.primitive.symbols)).reduced_formula,
        len(phonon.primitive),
    )


def _phonon(archive: bytes) -> Phonopy:
    """Return a crystal with force constants, and with the non-analytic term where it has charges.

    The archive (zip) also holds figures and VASP's settings.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        text = lzma.decompress(files.read(FORCE_SET)).decode()
    phonon = phonopy.load(io.StringIO(text))
    if phonon.force_constants is None:
        raise ValueError(f"{FORCE_SET} holds no forces")
    return phonon
