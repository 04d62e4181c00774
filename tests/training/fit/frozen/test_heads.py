"""Training of heads: on a toy law, with and without its noise."""

from dataclasses import replace

import numpy as np
import pytest

from models.network.heads import EMBEDDING, METHODS, HeadPredictor, Heads
from models.network.standardise import GRID, DescriptorScale
from training.config import HeadSettings, Schedule
from training.fit.frozen.embedding import StandardisedEmbedding
from training.fit.frozen.heads import (
    HeadTask,
    _steps,
    fit_heads,
    has_heads,
    input_weights,
    join_heads,
    write_heads,
)

SETTINGS = HeadSettings(
    number=2, hidden=(16, 8), dropout=0.1, input_dropout=0.0, warmup_steps=10, error_scale=0.3
)
SCHEDULE = Schedule(
    epochs=60, batch_size=20, learning_rate=0.02, floor=0.0, t_max=60, average=0.9, heads=True,
    gaussian_process=True,
)  # fmt: skip
N, N_DESCRIPTORS = 120, 3
WEIGHTS = np.array([1.5, 0.5, 0.7] + [1.0] * (EMBEDDING + len(METHODS)), np.float32)


@pytest.fixture(scope="module")
def parts() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standardised descriptors and embeddings, and methods, of toy crystals."""
    rng = np.random.default_rng(1)
    descriptors = rng.normal(size=(N, N_DESCRIPTORS)).astype(np.float32)
    embeddings = rng.normal(size=(N, EMBEDDING)).astype(np.float32)
    return descriptors, embeddings, np.stack([np.arange(N) % 3 == 0, np.arange(N) % 3 == 1])


@pytest.fixture(scope="module")
def task(parts) -> HeadTask:
    """log10(LTC) of descriptor, embedding and method: 1 is its mean."""
    descriptors, embeddings, methods = parts
    log_ltc = 1 + 0.4 * descriptors[:, 0] - 0.3 * embeddings[:, 2] + 0.3 * methods[0]
    inputs = np.concatenate([descriptors, embeddings, methods.T], axis=1, dtype=np.float32)
    return HeadTask(inputs, log_ltc.astype(float), WEIGHTS, seed=42001)


@pytest.fixture(scope="module")
def fitted(task) -> dict[str, np.ndarray]:
    return fit_heads(task, SETTINGS, SCHEDULE)


def plain_scale() -> DescriptorScale:
    """Return a scale that leaves descriptors as they are."""
    center = np.zeros(N_DESCRIPTORS, np.float32)
    curves = np.tile(GRID.astype(np.float32), (N_DESCRIPTORS, 1))
    return DescriptorScale(center, center + 1, curves)


def heads_of(tmp_path, arrays: dict[str, np.ndarray]) -> Heads:
    """Return one member's heads, its inputs being standardised already."""
    zeros, ones = np.zeros(EMBEDDING, np.float32), np.ones(EMBEDDING, np.float32)
    write_heads(arrays | {"embedding_center": zeros, "embedding_scale": ones}, tmp_path)
    return join_heads(plain_scale(), [tmp_path])


def test_inputs_are_weighed_as_the_process_does():
    """The embedding and the methods keep their size."""
    rate = np.array([0.4, 0.1, 0.1, *[0.3] * EMBEDDING])
    weights = input_weights(rate, EMBEDDING, len(rate) + len(METHODS))
    assert weights[:3] == pytest.approx(rate[:3] / np.sqrt(0.06))
    assert weights[3:].tolist() == [1.0] * (EMBEDDING + len(METHODS))


def test_an_input_without_weight_is_left_out(task):
    short, nothing = replace(SCHEDULE, epochs=2), WEIGHTS * (np.arange(len(WEIGHTS)) != 1)
    kernel = fit_heads(replace(task, weights=nothing), SETTINGS, short)["kernel_0"]
    assert not kernel[:, 1].any()
    assert np.delete(kernel, 1, axis=1).all()


def test_members_are_joined_to_the_arrays_of_heads(fitted, tmp_path):
    folders = [tmp_path / name for name in ("first", "second", "third")]
    zeros = np.zeros(EMBEDDING, np.float32)
    for number, folder in enumerate(folders):
        folder.mkdir()
        mean = np.array(number, np.float32)
        known = {"embedding_center": zeros, "embedding_scale": zeros + 1, "mean": mean}
        write_heads(fitted | known, folder)
    joined = join_heads(plain_scale(), folders)
    for name, shape in joined.shapes(3).items():
        assert getattr(joined, name).shape == shape, name
    assert joined.mean.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(joined.kernel_0[2], fitted["kernel_0"])


def test_training_finds_the_law(task, parts, fitted, tmp_path):
    assert not has_heads(tmp_path)
    predict = HeadPredictor(heads_of(tmp_path, fitted))
    assert has_heads(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["heads.safetensors"]
    descriptors, embeddings, methods = parts
    numbers = np.where(methods.any(axis=0), methods.argmax(axis=0), -1)
    errors = predict(descriptors, embeddings[:, None], numbers).log_ltc[:, 0] - task.log_ltc
    assert np.abs(errors).mean() < 0.25 * task.log_ltc.std()


def test_more_steps_reduce_the_error(task, parts, tmp_path):
    descriptors, embeddings, methods = parts
    numbers = np.where(methods.any(axis=0), methods.argmax(axis=0), -1)
    errors = []
    for epochs in (1, 4, 16):
        arrays = fit_heads(task, SETTINGS, replace(SCHEDULE, epochs=epochs))
        predict = HeadPredictor(heads_of(tmp_path, arrays))
        answers = predict(descriptors, embeddings[:, None], numbers).log_ltc[:, 0]
        errors.append(float(np.abs(answers - task.log_ltc).mean()))
    assert errors[0] > errors[1] > errors[2]


def test_a_seed_gives_the_same_heads(task, fitted):
    again = fit_heads(task, SETTINGS, SCHEDULE)
    for name, value in fitted.items():
        np.testing.assert_array_equal(again[name], value)


def test_another_seed_gives_others(task):
    short = replace(SCHEDULE, epochs=2)
    first, second = (
        fit_heads(replace(task, seed=seed), SETTINGS, short)["kernel_0"] for seed in (1, 2)
    )
    assert np.abs(first - second).max() > 0.01


def test_a_members_heads_differ(fitted):
    kernel = fitted["kernel_0"]
    assert kernel.shape == (2, N_DESCRIPTORS + EMBEDDING + len(METHODS), 16)
    assert np.abs(kernel[0] - kernel[1]).max() > 0.1


def test_labels_are_standardised_over_the_training_rows(task, fitted):
    assert fitted["mean"] == pytest.approx(task.log_ltc.mean(), rel=1e-5)
    assert fitted["std"] == pytest.approx(task.log_ltc.std(), rel=1e-5)


def test_the_rate_rises_and_then_falls_to_zero():
    rates = [rate for _, rate in _steps(N, SETTINGS, SCHEDULE, 1)]
    assert len(rates) == 60 * 6
    highest = int(np.argmax(rates))
    assert 5 <= highest <= 20
    assert max(rates) == pytest.approx(0.02, rel=0.05)
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    assert (np.diff(rates[:highest]) > 0).all()
    assert (np.diff(rates[highest:]) < 0).all()


def test_each_epoch_takes_every_row_once_in_an_order_of_its_own():
    rows = [batch for batch, _ in _steps(23, SETTINGS, replace(SCHEDULE, epochs=2), 1)]
    assert [len(batch) for batch in rows] == [12, 11, 12, 11]
    first, second = np.concatenate(rows[:2]), np.concatenate(rows[2:])
    assert sorted(first) == sorted(second) == list(range(23))
    assert (first != second).any()


def test_embeddings_are_standardised_over_the_training_rows():
    embeddings = np.random.default_rng(2).normal(3, 2, (40, EMBEDDING)).astype(np.float32)
    embeddings[30:] += 1e3
    found = StandardisedEmbedding.over(embeddings, np.arange(30))
    assert found.center == pytest.approx(embeddings[:30].mean(axis=0))
    assert found.values[:30].std(axis=0) == pytest.approx(np.ones(EMBEDDING), rel=0.01)
    assert found.scale.shape == (EMBEDDING,)
    assert found.values[30:].max() == 5  # cut off
