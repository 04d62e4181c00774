import hashlib

import pytest

from models.errors import DataError
from tests.training.fetch.web_server import Reply
from training.fetch import megnet
from training.fetch.download import Downloader

FILES = {"formation_energy.hdf5": b"weights", "formation_energy.hdf5.json": b"{}"}
CHECKSUMS = {name: hashlib.sha256(body).hexdigest() for name, body in FILES.items()}


@pytest.fixture
def mirror(serve):
    return serve(lambda request: Reply(FILES[request.path.removeprefix("/mp-2018.6.1/")]))


def test_files_arrive_under_their_version(mirror, policy, tmp_path):
    with Downloader(policy) as downloader:
        paths = megnet.fetch(tmp_path, downloader, mirror.url, CHECKSUMS)
    assert {path.name: path.read_bytes() for path in paths} == FILES
    assert {path.parent for path in paths} == {tmp_path / "mp-2018.6.1"}


def test_files_that_are_there_are_left_alone_and_damaged_ones_replaced(mirror, policy, tmp_path):
    directory = tmp_path / "mp-2018.6.1"
    directory.mkdir()
    (directory / "formation_energy.hdf5").write_bytes(b"weights")
    (directory / "formation_energy.hdf5.json").write_bytes(b"damaged")
    with Downloader(policy) as downloader:
        megnet.fetch(tmp_path, downloader, mirror.url, CHECKSUMS)
    assert [request.path for request in mirror.requests] == [
        "/mp-2018.6.1/formation_energy.hdf5.json"
    ]
    assert (directory / "formation_energy.hdf5.json").read_bytes() == b"{}"


def test_weights_that_are_not_the_published_ones_are_refused(mirror, policy, tmp_path):
    with Downloader(policy) as downloader, pytest.raises(DataError, match="published"):
        megnet.fetch(tmp_path, downloader, mirror.url, dict.fromkeys(FILES, "0" * 64))


def test_each_published_weight_file_comes_with_its_description():
    weights = {name for name in megnet.CHECKSUMS if name.endswith(".hdf5")}
    assert weights == {"formation_energy.hdf5", "log10G.hdf5", "log10K.hdf5"}
    assert set(megnet.CHECKSUMS) == weights | {f"{name}.json" for name in weights}
