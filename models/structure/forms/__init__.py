"""Forms of structure files other than CIF: POSCAR, extended XYZ and JSON documents."""
