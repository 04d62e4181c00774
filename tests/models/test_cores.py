"""Cores that a process may use."""

import os

import pytest

from models import cores

FREE = os.cpu_count()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "20000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, FREE),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, FREE),
        ({"cpu.max": "torn"}, FREE),
        ({}, FREE),
    ],
)
def test_the_quota_of_a_container(tmp_path, files, expected):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert cores.quota(tmp_path) == expected


def test_no_more_cores_than_the_quota_or_the_machine_allows(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)), raising=False)
    for content, expected in (("250000 100000", 3), ("9900000 100000", 8)):
        (tmp_path / "cpu.max").write_text(content)
        cores.quota.cache_clear()
        assert cores.n_cores() == expected
