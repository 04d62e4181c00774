"""How an exported ensemble sees crystals: what a stage that starts from it takes over."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.manifest import MANIFEST, PROCESS, Manifest
from models.network.standardise import DescriptorScale
from models.prediction.gaussian_process import Process
from training.fit.frozen.covariance import Covariance

Single = NDArray[np.float32]


@dataclass(frozen=True)
class ExportedProcess:
    """Scales and covariance of one member's process, without its references.

    `descriptor_scale` standardises descriptors, `embedding_center`, `embedding_scale` [16]
    embeddings by the member's network.
    """

    descriptor_scale: DescriptorScale
    embedding_center: Single
    embedding_scale: Single
    covariance: Covariance


def read_exported_process(folder: Path, split: int, noise: float) -> ExportedProcess | None:
    """Return what is taken over from the member of a split; None where members have no process.

    `noise`: variance of log10(LTC) of the references that will be fitted.
    """
    if not (folder / PROCESS).is_file():
        return None
    manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    splits = [member.split for member in manifest.members]
    process, index = Process.load(folder / PROCESS, len(splits)), splits.index(split)
    return ExportedProcess(
        descriptor_scale=DescriptorScale(process.center, process.scale, process.curves),
        embedding_center=process.embedding_center[index],
        embedding_scale=process.embedding_scale[index],
        covariance=Covariance(
            rate=process.rate[index].astype(float),
            projection=process.projection[index].astype(float),
            slope=float(process.slope[index]),
            amplitude=float(process.amplitude[index]),
            noise=noise,
        ),
    )
