"""MEGNet's published weights (C. Chen et al., Chem. Mater. 31, 3564 (2019)), BSD-3 licence."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tqdm import tqdm

from training.fetch.download import Downloader

BASE_URL = "https://raw.githubusercontent.com/materialsvirtuallab/megnet/master/mvl_models/"
VERSION = "mp-2018.6.1"
CHECKSUMS: Mapping[str, str] = MappingProxyType(
    {
        "formation_energy.hdf5": (
            "82363f6ef74747f67bccd75fa0237dfaab5f0da519bf5f9cf8f4bcc11c53712b"
        ),
        "formation_energy.hdf5.json": (
            "46566670b0c5ab13ebe6497ea3383fe772e90fe62517282448387694896cabd0"
        ),
        "log10G.hdf5": ("f62c31daa7a8d984c7f094ea7e70e4940c14417e4368d7297b567a907430dea2"),
        "log10G.hdf5.json": ("c4eda11354f7d240d2a75a8a6aafa67005cc2c6a96351b7330095495a6bbaa79"),
        "log10K.hdf5": ("283e249977d9ac718c92a28590f35bf6ba53f49642469b98e11627a03e24dd05"),
        "log10K.hdf5.json": ("96415cd0a10c00f174fd8b7560d0df1588f877e9df619f74a0aa702624dd32f4"),
    }
)


def fetch(
    directory: Path,
    downloader: Downloader,
    base_url: str = BASE_URL,
    checksums: Mapping[str, str] = CHECKSUMS,
) -> tuple[Path, ...]:
    """Return the paths of the weights and their descriptions, in `directory`/mp-2018.6.1.

    A file that is there with the right sha256 is left alone. Raises DataError for one that
    cannot be had or has another sha256.
    """
    paths = []
    for name, sha256 in tqdm(checksums.items(), unit=" files", desc="MEGNet"):
        path = directory / VERSION / name
        if not _is_whole(path, sha256):
            downloader.file(f"{base_url.rstrip('/')}/{VERSION}/{name}", path, sha256)
        paths.append(path)
    return tuple(paths)


def _is_whole(path: Path, sha256: str) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
