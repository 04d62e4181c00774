from benchmarks.supply import BASES, LENGTHS, Supply, numbered
from models.crystal.crystal import Crystal
from models.structure.read import parse_structure


def fingerprint_of(number):
    return Crystal.of(parse_structure(numbered(number))).fingerprint


def test_every_crystal_has_a_fingerprint_of_its_own():
    one_base = range(0, BASES * LENGTHS, BASES)  # in all its lengths
    numbers = {*range(BASES), *one_base, BASES * LENGTHS}  # all bases, and the next block's first
    assert len({fingerprint_of(number) for number in numbers}) == len(numbers)


def test_a_stock_starts_at_the_first_crystal_not_sent(tmp_path):
    supply = Supply(tmp_path)
    supply.first = 3
    supply.stock(2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.cif", "4.cif"]
    assert (tmp_path / "4.cif").read_text() == numbered(4)
