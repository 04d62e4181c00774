"""The ranked list under a screening."""


def test_highest_first(paraisite, cifs, tmp_path, capsys):
    paraisite("screen", cifs, "--out", tmp_path / "t.csv", "--highest", "--top", 1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[2:]] == ["deeper/zns.cif"]
