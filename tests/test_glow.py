"""GLOW's weights are the formula in float64, of a sample's own losses and of nothing else."""

from __future__ import annotations

import json
import math
from decimal import Decimal, getcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.errors import TrainingError
from negbank.glow import GlowSettings, LossHistory, SampleId, glow_weights, mean_answer_losses, weighted_loss

losses = st.floats(0, 20)


def formula(last: float, current: float, settings: GlowSettings) -> float:
    """`clamp(alpha (1 - sigmoid(beta D)), low, high)` in 60 digits."""
    getcontext().prec = 60
    exponent = Decimal(settings.beta) * (Decimal(last) - Decimal(current))
    weight = Decimal(settings.alpha) * (1 - 1 / (1 + (-exponent).exp()))
    return float(min(max(weight, Decimal(settings.low)), Decimal(settings.high)))


@given(losses, losses, st.sampled_from([1.0, 2.0, 8.0]), st.floats(0, 30))
def test_weights_are_the_formula(last: float, current: float, alpha: float, beta: float) -> None:
    settings = GlowSettings(alpha=alpha, beta=beta)
    assert glow_weights([last], [current], settings)[0] == pytest.approx(formula(last, current, settings), abs=1e-12)


def test_weights_by_hand() -> None:
    weights = glow_weights([1.0, 1.0, 1.0, math.nan], [1.0, 1.1, 0.9, 0.4], GlowSettings(alpha=2.0, beta=10.0))
    # D = 0: 2 * 0.5; D = -0.1: 2 * 0.731059; D = 0.1: 2 * 0.268941, above the clamp at 0.5; the last is its first visit
    assert weights == pytest.approx([1.0, 1.462117, 0.537883, 1.0], abs=1e-6)
    assert glow_weights([9.0, 0.0], [0.0, 9.0], GlowSettings(alpha=9.0, beta=30.0)).tolist() == [0.5, 5.0]


@given(st.lists(st.tuples(losses, losses), min_size=1, max_size=30))
def test_weights_stay_in_the_clamp_and_fall_with_the_gain(pairs: list[tuple[float, float]]) -> None:
    last, now = np.array(pairs).T
    weights = glow_weights(last, now, GlowSettings(alpha=2.0))
    assert ((weights >= 0.5) & (weights <= 5.0)).all()
    order = np.argsort(last - now, kind="stable")
    assert (np.diff(weights[order]) <= 1e-12).all()


def test_extreme_losses_do_not_overflow() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert glow_weights([1e300, 0.0], [0.0, 1e300]).tolist() == [0.5, 1.0]


ids = [SampleId("right", str(n)) for n in range(8)]


def test_the_first_epoch_counts_every_sample_once() -> None:
    history = LossHistory()
    assert history.visit(ids, np.arange(8.0)).tolist() == [1.0] * 8
    assert history.visit(ids, np.arange(8.0)).tolist() == [0.5] * 8


def test_ids_of_two_files_do_not_meet() -> None:
    history = LossHistory()
    right, wrong = SampleId("right.jsonl", "1"), SampleId("wrong.jsonl", "1")
    history.visit([right], [2.0])
    assert history.visit([wrong], [1.0]).tolist() == [1.0]  # its first visit, whatever `right` was
    assert history.last([right, wrong]).tolist() == [2.0, 1.0]


@given(st.lists(losses, min_size=8, max_size=8), st.lists(losses, min_size=8, max_size=8), st.integers(1, 8))
def test_gradient_accumulation_changes_no_weight_and_no_loss(first: list[float], then: list[float], size: int) -> None:
    whole, parts = LossHistory(), LossHistory()
    for epoch in (first, then):
        weights = whole.visit(ids, epoch)
        pieces = [slice(at, at + size) for at in range(0, 8, size)]
        split = [parts.visit(ids[piece], epoch[piece]) for piece in pieces]
        assert np.concatenate(split).tolist() == weights.tolist()
        total = sum(weighted_loss(epoch[p], w, 8) for p, w in zip(pieces, split, strict=True))
        assert total == pytest.approx(weighted_loss(epoch, weights, 8))
    assert whole == parts


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    epochs = draw.uniform(0, 3, (4, 8))
    straight, resumed = LossHistory(), LossHistory()
    for epoch in epochs:
        expected = straight.visit(ids, epoch)
        first = resumed.visit(ids[:3], epoch[:3])  # killed in the middle of an epoch
        resumed.save(tmp_path / "losses.json")
        resumed = LossHistory.read(tmp_path / "losses.json")
        assert [*first, *resumed.visit(ids[3:], epoch[3:])] == expected.tolist()
    assert straight == resumed
    assert [path.name for path in tmp_path.iterdir()] == ["losses.json"]


texts = st.text(max_size=12)


@given(st.dictionaries(st.builds(SampleId, texts, texts), st.floats(allow_nan=False, allow_infinity=False), max_size=8))
def test_a_history_is_read_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, kept: dict[SampleId, float]
) -> None:
    path = tmp_path_factory.mktemp("glow") / "losses.json"
    history = LossHistory(kept.items())
    history.save(path)
    assert LossHistory.read(path) == history
    first = path.read_bytes()
    LossHistory(reversed(list(kept.items()))).save(path)
    assert path.read_bytes() == first


def test_a_write_that_fails_leaves_the_old_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "losses.json"
    history = LossHistory([(ids[0], 1.0)])
    history.save(path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("negbank.glow.os.fsync", full)
    with pytest.raises(TrainingError, match="No space left"):
        LossHistory([(ids[0], 2.0)]).save(path)
    assert LossHistory.read(path) == history
    assert [found.name for found in tmp_path.iterdir()] == ["losses.json"]


@pytest.mark.parametrize(
    "held",
    ["", "[]", "{}", '{"format": "other", "losses": {}}', '{"format": "glow-losses-1", "losses": {"a": {"b": NaN}}}',
     '{"format": "glow-losses-1", "losses": {"a": {"b": "c"}}}', '{"format": "glow-losses-1", "losses": [1]}'],
)  # fmt: skip
def test_a_file_that_is_no_history_is_an_error(tmp_path: Path, held: str) -> None:
    (tmp_path / "losses.json").write_text(held)
    with pytest.raises(TrainingError, match="no history of losses"):
        LossHistory.read(tmp_path / "losses.json")
    with pytest.raises(TrainingError, match="cannot be read"):
        LossHistory.read(tmp_path / "none.json")


def test_bad_losses_and_ids_are_refused_and_nothing_is_kept() -> None:
    history = LossHistory()
    for bad in (math.nan, math.inf):
        with pytest.raises(TrainingError, match="no finite number"):
            history.visit(ids[:2], [1.0, bad])
    with pytest.raises(TrainingError, match="twice in one batch"):
        history.visit([ids[0], ids[0]], [1.0, 2.0])
    with pytest.raises(TrainingError, match="give one a sample"):
        history.visit(ids[:2], [1.0])
    assert len(history) == 0


@pytest.mark.parametrize(
    "settings",
    [{"alpha": 0.0}, {"alpha": math.nan}, {"beta": -1.0}, {"low": 2.0, "high": 1.0}, {"low": -1.0}, {"form": "cubic"}],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(TrainingError, match="GLOW cannot weight"):
        GlowSettings(**settings)


def test_a_samples_loss_is_the_mean_over_its_own_answer_tokens() -> None:
    tokens = [[9.0, 1.0, 2.0, 3.0], [9.0, 9.0, 4.0, math.nan]]
    assert mean_answer_losses(tokens, [[0, 1, 1, 1], [0, 0, 1, 0]]).tolist() == [2.0, 4.0]
    with pytest.raises(TrainingError, match="sample 1 of the batch has no answer token"):
        mean_answer_losses(tokens, [[0, 1, 1, 1], [0, 0, 0, 0]])


def test_the_file_names_its_format(tmp_path: Path) -> None:
    LossHistory([(SampleId("f", "1"), 0.1)]).save(tmp_path / "losses.json")
    assert json.loads((tmp_path / "losses.json").read_text()) == {
        "format": "glow-losses-1",
        "losses": {"f": {"1": 0.1}},
    }


def test_the_linear_form_is_the_tangent_of_the_sigmoid_at_no_gain() -> None:
    last, step = np.full(3, 2.0), 1e-4
    now = last - np.array([-step, 0.0, step])
    curved, straight = (
        glow_weights(last, now, GlowSettings(alpha=2.0, beta=10.0, low=0.0, form=form))
        for form in ("sigmoid", "linear")
    )
    assert straight == pytest.approx(curved, abs=1e-9) and straight[1] == 1.0
    far = glow_weights([0.0], [2.0], GlowSettings(alpha=2.0, beta=2.0, form="linear"))
    assert far == pytest.approx([3.0])  # 2 (1/2 + 2 * 2 / 4), where the sigmoid stays below 2
