"""The members' fitted processes as one, ready to be exported."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.prediction.gaussian_process import Process
from training.data.methods import method_masks
from training.fit.context import MemberContext
from training.fit.frozen.covariance import Numbers
from training.fit.frozen.estimates import rows_with_phonons
from training.fit.frozen.processes import COVARIANCE_FILE, FILE, PHONONS_FILE, read_covariance


def join_processes(contexts: Sequence[MemberContext]) -> Process:
    """Return the members' processes as one. Raises FileNotFoundError where a member has none."""
    data, scale = contexts[0].data, contexts[0].descriptor_scale
    methods = method_masks(data)
    covariances = [read_covariance(context.directory / COVARIANCE_FILE) for context in contexts]
    files = [load_file(context.directory / FILE) for context in contexts]

    def stacked(name: str) -> Numbers:
        return np.stack([file[name] for file in files])

    points, n_references = stacked("points"), len(data.graphs)
    n_known = points.shape[1]
    coefficients = np.zeros((len(files), n_known))
    errors = np.zeros((len(files), n_references))
    for member, (context, file) in enumerate(zip(contexts, files, strict=True)):
        rows = context.split.train
        known = np.concatenate([rows, np.arange(n_references, n_known)])
        coefficients[member, known], errors[member, rows] = file["coefficients"], file["errors"]
    arrays = {
        **asdict(scale),
        **_of_fits(files),
        **{name: stacked(name) for name in ("embedding_center", "embedding_scale")},
        "rate": [covariance.rate for covariance in covariances],
        "projection": [covariance.projection for covariance in covariances],
        "points": points,
        "amplitude": [covariance.amplitude for covariance in covariances],
        "slope": [covariance.slope for covariance in covariances],
        "methods": methods,
        "own_known": scale(data.descriptors()[methods.any(axis=0)]),
        "coefficients": coefficients,
        "errors": errors,
    }
    return Process(**_single(arrays))


def with_known_phonons(process: Process, contexts: Sequence[MemberContext]) -> Process:
    """Return the members' processes as if phonons of their held-out references were known.

    Those references stand once more behind the estimates, known to the members that they are held
    out from. Raises FileNotFoundError where a member has no estimates of them.
    """
    files = [load_file(context.directory / PHONONS_FILE) for context in contexts]
    held = [rows_with_phonons(context, context.split.validation)[0] for context in contexts]
    rows, n_known = np.concatenate(held), process.points.shape[1]
    estimated = np.arange(process.n_references, n_known)
    behind = np.split(n_known + np.arange(len(rows)), np.cumsum([len(each) for each in held]))
    coefficients = np.zeros((len(files), n_known + len(rows)))
    for member, (context, file) in enumerate(zip(contexts, files, strict=True)):
        known = np.concatenate([context.split.train, estimated, behind[member]])
        coefficients[member, known] = file["coefficients"]
    points = np.concatenate([process.points, process.points[:, rows]], axis=1)
    arrays = {**_of_fits(files), "points": points, "coefficients": coefficients}
    return replace(process, **_single(arrays))


def _of_fits(files: Sequence[Mapping[str, Numbers]]) -> dict[str, Numbers]:
    """Return what a fit gives beside coefficients, by member: its size has no crystals in it."""
    own = np.stack([file["own"] for file in files])
    return {
        "linear": np.stack([file["linear"] for file in files]),
        "mean": np.stack([file["mean"] for file in files]).reshape(len(files)),
        "own_amplitude": own[..., 0],
        "own_offset": own[..., 1],
        "own_rate": own[..., 3],
    }


def _single(arrays: Mapping[str, object]) -> dict[str, NDArray[np.float32]]:
    return {name: np.ascontiguousarray(value, np.float32) for name, value in arrays.items()}


def mean_estimates(contexts: Sequence[MemberContext]) -> Numbers:
    """Return the estimated LTC in W/(m K) [n] of the `unlabelled` crystals.

    It is the geometric mean over the members.
    """
    estimates = [load_file(context.directory / FILE)["estimates"] for context in contexts]
    mean: Numbers = 10 ** np.mean(estimates, axis=0)
    return mean
