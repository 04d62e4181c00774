"""CIFs as programs and data bases write them, each of rocksalt in its own manner."""

import gemmi
import pytest

from models.structure.read import read_structure

EDGE, ATOMS = 5.6402, 8
GROUP = [operation.triplet() for operation in gemmi.SpaceGroup("F m -3 m").operations()]
SITES = "_atom_site_label _atom_site_type_symbol _atom_site_fract_x _atom_site_fract_y \
_atom_site_fract_z"


def cell(edge: str = str(EDGE), angle: str = "90", before: str = "_cell_") -> str:
    lengths = [f"{before}length_{axis}   {edge}" for axis in "abc"]
    angles = [f"{before}angle_{name}   {angle}" for name in ("alpha", "beta", "gamma")]
    return "\n".join([*lengths, *angles])


def loop(tags: str, *rows: str, indent: str = "") -> str:
    return "\n".join(indent + line for line in ["loop_", *tags.split(), *rows])


def numbered(quote: str = "") -> list[str]:
    return [f"{n} {quote}{triplet}{quote}" for n, triplet in enumerate(GROUP, 1)]


FILES = {
    "VESTA": [
        "#" + "=" * 70,
        "# CRYSTAL DATA",
        "data_VESTA_phase_1",
        cell("5.640200(12)", "90.000000"),
        "_cell_volume  179.425",
        "_space_group_name_H-M_alt  'F m -3 m'",
        "_space_group_IT_number  225",
        loop("_space_group_symop_operation_xyz", *(f"   '{t.replace(',', ', ')}'" for t in GROUP)),
        loop(
            "_atom_site_label _atom_site_occupancy _atom_site_fract_x _atom_site_fract_y "
            "_atom_site_fract_z _atom_site_adp_type _atom_site_U_iso_or_equiv "
            "_atom_site_type_symbol",
            "Na1  1.0  0.000000  0.000000  0.000000  Uiso  ? Na",
            "Cl1  1.0  0.500000  0.500000  0.500000  Uiso  ? Cl",
            indent="   ",
        ),
    ],
    "ICSD": [
        "#(C) by some institute. All rights reserved.",
        "data_1-ICSD",
        "_chemical_formula_structural 'Na Cl'",
        "_chemical_formula_sum 'Cl1 Na1'",
        cell("5.6402(2)", "90."),
        "_cell_volume 179.43\n_cell_formula_units_Z 4",
        "_space_group_name_H-M_alt 'F m -3 m'\n_space_group_IT_number 225",
        loop("_space_group_symop_id _space_group_symop_operation_xyz", *numbered("'")),
        loop("_atom_type_symbol _atom_type_oxidation_number", "Na1+ 1", "Cl1- -1"),
        loop(
            "_atom_site_label _atom_site_type_symbol _atom_site_symmetry_multiplicity "
            "_atom_site_Wyckoff_symbol _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z "
            "_atom_site_B_iso_or_equiv _atom_site_occupancy",
            "Na1 Na1+ 4 a 0 0 0 . 1.",
            "Cl1 Cl1- 4 b 0.5 0.5 0.5 . 1.",
        ),
        "#End of TTdata_1-ICSD",
    ],
    "COD": [
        "#" + "-" * 78 + "\n#$Date: 2016-02-13 21:28:24 +0200 (Sat, 13 Feb 2016) $",
        "data_9999999",
        loop("_publ_author_name", "'Nobody, A. B.'"),
        "_publ_section_title\n;\n On salt.\n;",
        "_chemical_formula_sum 'Cl Na'",
        "_space_group_IT_number 225\n_symmetry_cell_setting cubic",
        "_symmetry_space_group_name_Hall '-F 4 2 3'",
        "_symmetry_space_group_name_H-M 'F m -3 m'",
        cell(),
        "_cell_formula_units_Z 4\n_exptl_crystal_density_diffrn 2.163",
        loop("_symmetry_equiv_pos_as_xyz", *GROUP),
        loop(
            f"{SITES} _atom_site_occupancy _atom_site_attached_hydrogens _atom_site_calc_flag",
            "Na1 Na1+ 0. 0. 0. 1. 0 d",
            "Cl1 Cl1- 0.5 0.5 0.5 1. 0 d",
        ),
        "#END",
    ],
    "American Mineralogist": [
        "data_global",
        '_amcsd_formula_title "NaCl"',
        "_chemical_formula_sum 'Na Cl'",
        cell(),
        "_exptl_crystal_density_diffrn      2.163",
        "_symmetry_space_group_name_H-M 'F m 3 m'",
        loop(
            "_space_group_symop_operation_xyz",
            *(
                f"  '{','.join('1/2+' + p[:-4] if '/' in p else p for p in t.split(','))}'"
                for t in GROUP
            ),
        ),
        loop(
            SITES.replace("_atom_site_type_symbol ", ""),
            "Na   0.00000   0.00000   0.00000",
            "Cl   0.50000   0.50000   0.50000",
        ),
    ],
    "Materials Studio": [
        "data_NaCl",
        "_audit_creation_method 'Materials Studio'",
        "_symmetry_space_group_name_H-M    'FM-3M'\n_symmetry_cell_setting cubic",
        loop("_symmetry_equiv_pos_as_xyz", *(f"  {triplet}" for triplet in GROUP)),
        cell("5.6402", "90.0000"),
        loop(f"{SITES} _atom_site_occupancy", "Na1 Na 0.0 0.0 0.0 1.00", "Cl2 Cl 0.5 0.5 0.5 1.00"),
        loop(
            "_geom_bond_atom_site_label_1 _geom_bond_site_symmetry_2 _ccdc_geom_bond_type",
            "Na1 . S",
        ),
    ],
    "SHELXL": [
        "data_shelx",
        "_chemical_formula_sum\n 'Cl Na'",
        loop(
            "_atom_type_symbol _atom_type_scat_source",
            "'Na' 'International Tables Vol C Tables 4.2.6.8 and 6.1.1.4'",
        ),
        "_space_group_crystal_system cubic\n_space_group_name_H-M_alt 'F m -3 m'",
        "_shelx_space_group_comment\n;\nThe symmetry employed is defined by the loop\nloop_\n;",
        loop("_space_group_symop_operation_xyz", *(f"'{t.replace(',', ', ')}'" for t in GROUP)),
        cell("5.6402(9)"),
        "_cell_formula_units_Z 4",
        loop(
            f"{SITES} _atom_site_occupancy _atom_site_disorder_assembly _atom_site_disorder_group",
            "Na1 Na 0.0000 0.0000 0.0000 1 . .",
            "Cl1 Cl 0.5000 0.5000 0.5000 1 . .",
        ),
        "_shelx_res_file\n;\nTITL salt\nCELL 0.7 1 1 1 90 90 90\ndata_none\nHKLF 4\n;",
    ],
    "FINDSYM": [
        "data_findsym-output",
        cell("5.6402000000", "90.0000000000"),
        '_symmetry_space_group_name_H-M "F 4/m -3 2/m"\n_symmetry_Int_Tables_number 225',
        "_space_group.reference_setting '225:-F 4 2 3'\n_space_group.transform_Pp_abc a,b,c;0,0,0",
        loop("_space_group_symop.id _space_group_symop.operation_xyz", *numbered()),
        loop(
            f"{SITES} _atom_site_occupancy _atom_site_symmetry_multiplicity",
            "Na1 Na 0.00000 0.00000 0.00000 1.00000 4",
            "Cl1 Cl 0.50000 0.50000 0.50000 1.00000 4",
        ),
    ],
    "GSAS-II": [
        "data_\n_pd_phase_name salt",
        cell(f"{EDGE:.5f}(3)", "90"),
        '_symmetry_cell_setting "cubic"\n_symmetry_space_group_name_H-M "F m 3 m"',
        loop("_space_group_symop_id _space_group_symop_operation_xyz", *numbered(), indent="   "),
        loop(
            SITES,
            "Na1 Na+1 0.00000 0.00000 0.00000",
            "Cl2 Cl-1 0.50000 0.50000 0.50000",
            indent="   ",
        ),
        "_pd_meas_2theta_range_min 5.0",
    ],
    "a dictionary with dots": [
        "data_x",
        cell(before="_cell."),
        "_space_group.name_H-M_full 'F 4/m -3 2/m'",
        loop(SITES.replace("_site_", "_site."), "NA NA 0 0 0", "CL CL .5 .5 .5"),
    ],
    "CIF 2": [
        "#\\#CIF_2.0\ndata_x\n_x.list [1 2 ['a' 'b c']]\n_x.table {'a':1 'b':2}",
        "_x.text '''it's\nhere'''",
        cell(),
        "_space_group.name_H-M_alt 'F m -3 m'",
        loop("_y.id _y.list", "1 [1 2 3]", "2 [3 4 5]"),
        loop(SITES, "Na1 Na 0 0 0", "Cl1 Cl 0.5 0.5 0.5"),
    ],
    "one atom a line of its own": [
        "data_x",
        cell(),
        "_symmetry_space_group_name_H-M\n;F m -3 m\n;",
        loop(SITES, "Na1 Na # sodium\n 0\n0 0", "\n\nCl1 Cl 0.5 0.5 0.5\n#END"),
        "\x1a",
    ],
    "units behind the lengths": [
        "data_x",
        cell(f"{EDGE} \u00c5", "90 \u00b0"),
        "_symmetry_space_group_name_H-M \u2018F m \u22123 m\u2019",
        loop(SITES, "Na1 Na(I) 0 0 0", "Cl1 Cl^1-^ 0.5 0.5 0.5"),
    ],
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "mac"])
@pytest.mark.parametrize("program", FILES)
def test_an_export(program, end):
    text = "\n".join([*FILES[program], ""])
    structure = read_structure(text.replace("\n", end).encode()).structure
    assert structure.composition.formula == "Na4 Cl4"
    assert structure.volume == pytest.approx(EDGE**3, rel=1e-6)
    assert len(structure) == ATOMS
