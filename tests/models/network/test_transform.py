import numpy as np
import pytest

from models.network.transform import OutputTransforms, TargetTransform, decode_members


def test_fit_is_mean_and_population_deviation_of_log10_ltc_plus_1():
    transform = TargetTransform.fit([9.0, 99.0, 999.0])  # logs 1, 2, 3
    assert transform.mean == pytest.approx(2)
    assert transform.std == pytest.approx(np.sqrt(2 / 3))


def test_encoded_training_labels_are_standardised():
    ltc = np.random.default_rng(1).lognormal(2, 1, 500)
    targets = TargetTransform.fit(ltc).encode(ltc)
    assert targets.mean() == pytest.approx(0, abs=1e-12)
    assert targets.std() == pytest.approx(1)


def test_round_trip():
    ltc = np.geomspace(0.01, 1e4, 200)
    transform = TargetTransform(mean=1.1, std=0.6)
    assert transform.decode(transform.encode(ltc)) == pytest.approx(ltc, rel=1e-9)


def test_without_an_offset_it_is_the_logarithm_itself():
    transform = TargetTransform.fit([0.1, 1000.0], offset=0.0)
    assert (transform.mean, transform.std, transform.offset) == pytest.approx((1, 2, 0))
    assert transform.encode([10.0]) == pytest.approx([0])
    assert transform.decode([-1.0, 0.0, 1.0]) == pytest.approx([0.1, 10, 1000])


def test_higher_targets_decode_to_higher_ltc():
    assert (np.diff(TargetTransform(1.0, 0.5).decode(np.linspace(-1.5, 4, 50))) > 0).all()


@pytest.mark.parametrize("target", [-3.0, -100.0])
def test_predictions_end_at_a_hundredth(target):
    assert TargetTransform(mean=1.0, std=0.5).decode([target]).tolist() == [0.01]


def test_each_member_is_decoded_with_its_own_transform():
    transforms = [TargetTransform(1.0, 0.5), TargetTransform(2.0, 0.25)]
    targets = np.array([[0.0, 2.0, 0.2], [0.0, 4.0, -0.4]])
    decoded = decode_members(transforms, targets)
    expected = [transform.decode(row) for transform, row in zip(transforms, targets, strict=True)]
    assert decoded.tolist() == [row.tolist() for row in expected]
    assert decoded[:, 0] == pytest.approx([9, 99])


def test_members_and_transforms_must_be_as_many():
    with pytest.raises(ValueError, match="zip"):
        decode_members([TargetTransform(1.0, 0.5)], np.zeros((2, 3)))


def test_all_targets_are_decoded_as_one_by_one():
    transforms = [
        (TargetTransform(1.0, 0.5), TargetTransform(-0.5, 2.0, offset=0.0)),
        (TargetTransform(0.7, 0.3), TargetTransform(0.1, 1.0)),
    ]
    targets = np.random.default_rng(0).normal(size=(5, 2, 2))
    found = OutputTransforms(transforms).decode(targets)
    for m, own in enumerate(transforms):
        for index, transform in enumerate(own):
            expected = transform.decode(targets[:, m, index])
            assert found[:, m, index] == pytest.approx(expected)
