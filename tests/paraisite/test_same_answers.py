"""The same answers and errors in this process and from a service, whatever form is given."""

import gzip
import json

import numpy as np
import pytest
from ase import Atoms
from pymatgen.core import Lattice, Molecule, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.io.cif import CifWriter

from models import errors
from tests.crystals import FLUORITE, ROCKSALT
from tests.paraisite.conftest import MP_KEY


def same(answer):
    """Return an answer without what tells where it comes from."""
    return answer.model_copy(update={"cache": "miss"})


def forms(structure: Structure, cif: str, folder):
    path = folder / "crystal.cif"
    path.write_text(cif)
    return {
        "pymatgen": structure,
        "ase": AseAtomsAdaptor.get_atoms(structure),
        "document": structure.as_dict(),
        "result": {"final_structure": structure, "energy": -3.1},
        "text": cif,
        "json": json.dumps(structure.as_dict()),
        "bytes": gzip.compress(cif.encode()),
        "path": path,
        "name": str(path),
    }


FORMS = ("pymatgen", "ase", "document", "result", "text", "json", "bytes", "path", "name")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_structure(local, remote, tmp_path, form):
    # A crystal of its own for each: the service caches by crystal, and a CIF has fewer digits.
    crystal = ROCKSALT.crystal(["Na", "Cl"], 2.7 + FORMS.index(form) / 20)
    given = forms(crystal, str(CifWriter(crystal)), tmp_path)[form]
    answer = local.predict(given)
    assert answer.material.formula == "NaCl"
    assert answer.domain is not None
    assert same(remote.predict(given)) == answer


def test_the_answer_is_that_of_a_post(local, service):
    cif = str(CifWriter(ROCKSALT.crystal(["Mg", "O"], 2.1)))
    assert service.post(cif).json() == local.predict(cif).model_dump(mode="json")


def test_many_in_order(local, remote):
    crystals = [FLUORITE.crystal([symbol, "F"], 2.4) for symbol in ("Ca", "Sr", "Ba", "Pb", "Cd")]
    answers = list(local.predict_many(crystals))
    assert [each.material.formula for each in answers] == ["CaF2", "SrF2", "BaF2", "PbF2", "CdF2"]
    found = [same(answer) for answer in remote.predict_many(iter(crystals), n_jobs=3)]
    assert [each.material for each in found] == [each.material for each in answers]
    for one, other in zip(found, answers, strict=True):
        assert one.ltc.mean == pytest.approx(other.ltc.mean, rel=1e-5)  # another batch


def test_a_material_by_its_id(local, remote):
    answer = local.predict_material("MP-9127")
    assert answer.material.material_id == "mp-9127"
    assert same(remote.predict_material("MP-9127")) == answer


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("data_broken\nnothing else", errors.UnreadableStructure),
        ({"some": "thing"}, errors.UnreadableStructure),
        ({"some": object()}, errors.UnreadableStructure),
        (None, errors.UnreadableStructure),
        (Molecule(["O"], [[0, 0, 0]]), errors.NoStructure),
        (Atoms("O", [[0, 0, 0]]), errors.NoStructure),
        (Structure(Lattice(3 * np.eye(3), pbc=(True, True, False)), ["Na"], [[0, 0, 0]]),
         errors.NoStructure),
        (Structure([[4, 0, 0], [0, 4, 0], [0, 0, 4]], [{"Na": 0.5}], [[0, 0, 0]]),
         errors.DisorderedStructure),
        (Structure([[9, 0, 0], [0, 9, 0], [0, 0, 9]], ["Cm"], [[0, 0, 0]]),
         errors.UnsupportedElement),
        ("no-such-file.cif", FileNotFoundError),
    ],
)  # fmt: skip
def test_the_same_errors(local, remote, given, kind):
    with pytest.raises(kind) as here:
        local.predict(given)
    with pytest.raises(kind) as there:
        remote.predict(given)
    assert str(here.value) == str(there.value)


@pytest.mark.parametrize(
    ("material_id", "kind"),
    [("NaCl", errors.InvalidMaterialId), ("mp-999999999", errors.UnknownMaterial)],
)
def test_the_same_errors_of_ids(local, remote, material_id, kind):
    for calculator in (local, remote):
        with pytest.raises(kind):
            calculator.predict_material(material_id)


def test_no_key_is_shown(local):
    assert MP_KEY not in repr(vars(local))
