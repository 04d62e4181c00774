"""Fitting one member: which epoch is kept, what is in its files, and the way back after a kill."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from models.network.architecture import initial_weights
from models.network.batch import join_graphs
from models.network.transform import TargetTransform
from tests.training.conftest import SMALL
from training.config import Schedule
from training.fit.network.checkpoint import (
    Checkpoint,
    EpochRecord,
    read_checkpoint,
    write_checkpoint,
)
from training.fit.network.loop import (
    FittedMember,
    MemberTask,
    TrainingDiverged,
    fit_member,
    predict_rows,
    read_member,
)
from training.fit.network.objectives import Mape
from training.fit.network.optimiser import Optimiser, OptimiserState
from training.fit.network.parameters import pack
from training.fit.targets import mape_target

SCHEDULE = Schedule(
    epochs=6, batch_size=4, learning_rate=5e-3, floor=1e-5, t_max=6, average=0.5, clip=10.0
)
ROWS = np.arange(16)


class KilledError(Exception):
    """Stands for a kill at the end of an epoch."""


def ignore(_: EpochRecord) -> None:
    """Report nothing."""


@pytest.fixture
def task(small_graphs, optimiser) -> MemberTask:
    volumes = np.array([graph.graph.distance.mean() for graph in small_graphs], dtype=float)
    ltc = 300 / volumes**3
    target = mape_target(ltc, TargetTransform.fit(ltc[:10]))
    return MemberTask(
        graphs=small_graphs,
        ltc=target.ltc,
        labels=target.labels,
        constants=target.constants,
        train=ROWS[:10],
        choice=ROWS[10:13],
        transforms=target.transforms,
        start=pack(initial_weights(SMALL, 1), optimiser.shapes),
        seed=42001,
    )


def fit(task, optimiser, run_dir, report=ignore, schedule=SCHEDULE) -> FittedMember:
    """Return the fitted member; its state is written after every epoch."""
    run_dir.mkdir(exist_ok=True)
    return fit_member(task, schedule, optimiser, run_dir, report, checkpoint_seconds=0.0)


def numbers(member: FittedMember) -> np.ndarray:
    """Return the history without its times."""
    return np.array([(r.epoch, r.train, r.chosen_on or 0) for r in member.history])


def test_the_error_falls_and_every_epoch_is_reported(task, optimiser, tmp_path):
    reported: list[EpochRecord] = []
    member = fit(task, optimiser, tmp_path, reported.append)
    assert tuple(reported) == member.history
    assert [record.epoch for record in reported] == list(range(6))
    assert reported[-1].train < reported[0].train


def test_the_epoch_with_the_least_error_is_kept(task, optimiser, tmp_path):
    schedule = replace(SCHEDULE, learning_rate=0.02, average=0.0)
    member = fit(task, optimiser, tmp_path, schedule=schedule)
    errors = [float(record.chosen_on or 0) for record in member.history]
    assert member.best.epoch == int(np.argmin(errors))
    predicted = predict_rows(task.graphs, task.choice, optimiser, member.weights)[:, 0]
    reference = task.ltc[task.choice]
    mape = np.mean(np.abs(task.transforms[0].decode(predicted) - reference) / reference)
    assert mape == pytest.approx(member.best.chosen_on, rel=1e-4)


def test_the_last_epoch_is_kept_where_none_is_chosen(task, optimiser, tmp_path):
    member = fit(replace(task, choice=ROWS[:0]), optimiser, tmp_path)
    assert {record.chosen_on for record in member.history} == {None}
    assert member.best.epoch == 5
    assert (member.weights == optimiser.state.average).all()


class DivergingOptimiser(Optimiser):
    """Loses its numbers after as many steps as `good_steps` says."""

    good_steps = 7  # three batches an epoch: two epochs and a little

    def step(self, *arguments) -> tf.Tensor:
        loss = super().step(*arguments)
        self.good_steps -= 1
        return loss if self.good_steps >= 0 else loss * np.nan


def test_a_training_that_diverges_ends_with_the_best_epoch_before(task, tmp_path):
    member = fit(task, DivergingOptimiser(SMALL, Mape()), tmp_path)
    assert len(member.history) == 2
    assert member.best.epoch in {0, 1}
    assert np.isfinite(member.weights).all()


def test_a_training_that_diverges_without_an_epoch_to_keep_raises(task, tmp_path):
    with pytest.raises(TrainingDiverged, match="lower learning_rate"):
        fit(replace(task, choice=ROWS[:0]), DivergingOptimiser(SMALL, Mape()), tmp_path)


def test_rows_not_trained_on_do_not_change_the_weights(task, optimiser, tmp_path):
    changed, labels = task.ltc.copy(), task.labels.copy()
    changed[13:], labels[10:] = 1e4, 1e4
    first = fit(task, optimiser, tmp_path / "first")
    second = fit(replace(task, ltc=changed, labels=labels), optimiser, tmp_path / "second")
    assert second.weights == pytest.approx(first.weights, abs=1e-6)


def test_a_finished_member_is_read_and_not_fitted_again(task, optimiser, tmp_path):
    member = fit(task, optimiser, tmp_path)
    again = fit(replace(task, seed=1), optimiser, tmp_path, pytest.fail)
    assert (again.weights == member.weights).all()
    assert (again.transforms, again.history) == (task.transforms, member.history)
    assert [path.name for path in tmp_path.iterdir()] == ["member.safetensors"]


@pytest.mark.parametrize("last", [0, 1, 4, 5])
def test_a_fit_cut_short_goes_on_to_the_same_end(task, optimiser, tmp_path, last):
    undisturbed = fit(task, optimiser, tmp_path / "undisturbed")

    def kill(record: EpochRecord) -> None:
        if record.epoch == last:
            raise KilledError

    with pytest.raises(KilledError):
        fit(task, optimiser, tmp_path / "cut", kill)
    assert read_member(tmp_path / "cut") is None
    optimiser.load(OptimiserState.start(np.zeros_like(task.start)))  # a new process knows nothing
    reported: list[EpochRecord] = []
    resumed = fit(task, optimiser, tmp_path / "cut", reported.append)
    assert [record.epoch for record in reported] == list(range(last, 6))
    assert numbers(resumed) == pytest.approx(numbers(undisturbed), rel=1e-5)
    assert resumed.weights == pytest.approx(undisturbed.weights, abs=1e-6)


def test_checkpoints_are_not_written_more_often_than_told(task, optimiser, tmp_path):
    def look(_: EpochRecord) -> None:
        assert not list(tmp_path.iterdir())

    fit_member(task, SCHEDULE, optimiser, tmp_path, look, checkpoint_seconds=3600)


def test_a_checkpoint_is_read_back_whole(tmp_path):
    arrays = [np.random.default_rng(n).normal(size=9).astype(np.float32) for n in range(5)]
    history = (EpochRecord(0, 0.5, None, 1.25), EpochRecord(1, 0.25, 0.75, 1.5))
    weights, average, first, second, best = arrays
    state = OptimiserState(weights, average, first, second, step=17)
    written = Checkpoint(state, best, history)
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(written, path)
    read = read_checkpoint(path)
    assert read is not None
    assert (read.history, read.optimiser.step, read.next_epoch) == (history, 17, 2)
    assert (read.best == best).all()
    for name in ("weights", "average", "first_moment", "second_moment"):
        assert (getattr(read.optimiser, name) == getattr(written.optimiser, name)).all()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_there_is_no_checkpoint_before_the_first(tmp_path):
    assert read_checkpoint(tmp_path / "checkpoint.safetensors") is None


def test_predictions_are_in_the_order_of_the_rows(task, optimiser, monkeypatch):
    rows = np.array([7, 2, 11, 2])
    whole = optimiser.predict(task.start, join_graphs(task.graphs))
    for bonds in (1, 10**6):
        monkeypatch.setattr("training.fit.network.loop.PREDICT_BONDS", bonds)
        found = predict_rows(task.graphs, rows, optimiser, task.start)
        assert found == pytest.approx(whole[rows], abs=1e-5)
