"""Plausibility: numbers by hand on toy vectors, laws, the shipped coefficients, and held-out ARC-Challenge."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.encode import embed, load_encoder
from negbank.errors import LabelError, UnknownNameError
from negbank.plausibility import (
    MIN_QUESTIONS,
    PAIR_FEATURES,
    SOURCE_FEATURES,
    Background,
    PlausibilityModel,
    features,
    fit,
    label,
)
from negbank.plausibility.background import _closeness, _moments
from negbank.records import TIERS, TextVectors

SIZE = 200


def toy(prefix: str = "", size: int = SIZE) -> tuple[pl.DataFrame, TextVectors]:
    """Questions, answers and wrong answers around ten topics; three negatives a question, one a tier."""
    rng = np.random.default_rng(3)
    topics = rng.normal(size=(10, 16))
    rows, vectors = [], []
    for i in range(size):
        centre = topics[i % 10] + 0.5 * rng.normal(size=16)
        texts = [f"{prefix}{kind} {i}" for kind in ("question", "answer", "near", "far")]
        vectors += [centre + 0.3 * rng.normal(size=16) for _ in range(3)] + [3 * rng.normal(size=16)]
        rows.append(texts)
    matrix = np.array(vectors, dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    names = [text for texts in rows for text in texts]
    negatives = [
        (q, a, negative, tier)
        for i, (q, a, near, far) in enumerate(rows)
        for negative, tier in zip((near, rows[(i + 1) % size][2], far), TIERS, strict=True)
    ]
    frame = pl.DataFrame(negatives, schema=["question", "answer", "negative", "tier"], orient="row")
    return frame, TextVectors({name: i for i, name in enumerate(names)}, matrix)


def three() -> tuple[pl.DataFrame, TextVectors]:
    matrix = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    rows = pl.DataFrame({"question": ["q"], "answer": ["a"], "negative": ["n"]})
    return rows, TextVectors({"q": 0, "a": 1, "n": 2}, matrix)


def test_a_small_background_gives_the_three_cosines() -> None:
    rows, vectors = three()
    background = Background.of(rows, vectors)
    assert background.size == 1 and not background.suffices
    np.testing.assert_allclose(features(rows, vectors, background), [[0.8, 0.6, 0.0]], atol=1e-6)


@pytest.mark.parametrize("size", [0, 1, 5, MIN_QUESTIONS - 1])
def test_a_source_of_any_size_labels(size: int) -> None:
    frame, vectors = toy()
    questions = frame.unique("question", maintain_order=True).head(size)
    found = label(frame, vectors, Background.of(questions, vectors))
    assert found.height == frame.height and found["plausibility"].is_between(0, 1).all()


def test_closeness_by_hand() -> None:
    z = np.array([[1.0, -1.0, 3.0], [2.0, 2.0, 2.0], [9.0, 9.0, 9.0]], dtype=np.float32)
    skip = np.array([[False, False, True], [False, True, False], [True, True, True]])
    found = _closeness(0.5 + 0.1 * z, (0.5, 0.1), skip)
    expected = [math.log((math.exp(p) + math.exp(-p)) / 2) / p for p in (0.5, 1.5, 4.5)]
    np.testing.assert_allclose(found[0], [0.0, *expected], atol=1e-5)
    np.testing.assert_allclose(found[1], [2.0] * 4, atol=1e-5)  # all the same: every mean is that value
    assert not found[2].any()  # nothing to be close to


def test_moments_leave_out_the_own_answer() -> None:
    unit = np.eye(2, dtype=np.float32)
    assert _moments(unit, unit) == (0.0, 1e-6)
    assert _moments(unit, unit[::-1].copy()) == (1.0, 1e-6)


def test_probabilities_by_hand() -> None:
    linear, quadratic = np.zeros((3, 1)), np.zeros((3, 1, 1))
    linear[0], quadratic[1] = 1, 0.5
    model = PlausibilityModel(("x",), np.array([0.0, 0.0, 1.0]), linear, quadratic)
    odds = np.exp([2.0, 0.5 * 4, 1.0])
    np.testing.assert_allclose(model.predict(np.array([[2.0]])), [odds / odds.sum()])


def test_the_reference_is_standard() -> None:
    """Questions paired with others' answers, the pairs that standardise, come out with mean 0 and deviation 1."""
    frame, vectors = toy()
    questions = frame.unique("question", maintain_order=True)
    background = Background.of(questions, vectors)
    others = questions.with_columns(negative=questions["answer"].shuffle(seed=1))
    found = features(others, vectors, background)
    pair = [SOURCE_FEATURES.index(name) for name in PAIR_FEATURES[:2]]
    np.testing.assert_allclose(found[:, pair].mean(0), 0, atol=0.35)
    np.testing.assert_allclose(found[:, pair].std(0), 1, atol=0.35)


def test_own_question_and_answer_say_nothing() -> None:
    """A background that holds a row's own question once more gives the same: it is left out of every comparison."""
    frame, vectors = toy()
    questions = frame.unique("question", maintain_order=True)
    background = Background.of(questions, vectors)
    row = frame.head(1)
    q, a = vectors.of(row["question"]), vectors.of(row["answer"])
    extended = replace(
        background, questions=np.vstack([background.questions, q]), answers=np.vstack([background.answers, a])
    )
    np.testing.assert_allclose(features(row, vectors, extended), features(row, vectors, background), atol=1e-4)


def test_a_text_of_the_background_is_not_close_to_itself() -> None:
    """An answer of the background as a negative gives what it gives where the background has no such answer."""
    frame, vectors = toy()
    questions = frame.unique("question", maintain_order=True)
    background = Background.of(questions, vectors)
    text = questions["answer"][7]
    rest = (background.answers @ vectors.of([text])[0]) < 0.999
    without = replace(background, questions=background.questions[rest], answers=background.answers[rest])
    assert without.size == background.size - 1
    row = frame.head(1).with_columns(negative=pl.lit(text))
    answers = [i for i, name in enumerate(SOURCE_FEATURES) if name.endswith("answer_closeness")]
    there, absent = (features(row, vectors, b)[0, answers] for b in (background, without))
    np.testing.assert_allclose(there, absent, atol=1e-4)


def test_fitted_on_toy_tells_tiers_apart() -> None:
    frame, vectors = toy()
    background = Background.of(frame, vectors)
    values = features(frame, vectors, background)
    model = fit(values, frame["tier"].to_list(), strength=20.0)
    found = label(frame, vectors, background, model)
    assert (found["predicted_tier"] == found["tier"]).mean() > 0.8
    medians = dict(found.group_by("tier").agg(pl.col("plausibility").median()).iter_rows())
    assert medians["near-miss"] > 0.8 > 0.2 > max(medians["irrelevant"], medians["unrelated"])
    assert fit(values, frame["tier"].to_list(), strength=20.0).to_json() == model.to_json()


def test_label_adds_its_columns() -> None:
    rows, vectors = three()
    found = label(rows.with_columns(kept=pl.lit(1)), vectors, Background.of(rows, vectors))
    assert found.columns == [
        "question", "answer", "negative", "kept", "similarity", "question_similarity", "plausibility", "predicted_tier",
    ]  # fmt: skip
    assert found.schema["plausibility"] == pl.Float32 and found["similarity"][0] == pytest.approx(0.8)
    assert found["question_similarity"][0] == pytest.approx(0.6) and found["predicted_tier"][0] in TIERS


def test_an_empty_frame_labels_to_an_empty_frame() -> None:
    frame, vectors = toy()
    for questions in (frame, frame.clear()):
        found = label(frame.clear(), vectors, Background.of(questions, vectors))
        assert found.height == 0 and found.schema["plausibility"] == pl.Float32


def test_texts_and_their_length_do_not_matter() -> None:
    frame, vectors = toy()
    longer, same = toy(prefix="the very same vector under a much longer text " * 5)
    np.testing.assert_array_equal(vectors.matrix, same.matrix)
    columns = ("similarity", "question_similarity", "plausibility", "predicted_tier")
    first = label(frame, vectors, Background.of(frame, vectors)).select(columns)
    assert first.equals(label(longer, same, Background.of(longer, same)).select(columns))


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random: object) -> None:
    frame, vectors = toy()
    order = list(range(frame.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    straight = label(frame, vectors, Background.of(frame, vectors))
    shuffled = label(frame[order], vectors, Background.of(frame[order], vectors))
    np.testing.assert_allclose(shuffled["plausibility"], straight[order]["plausibility"], atol=2e-4)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(-8, 8), min_size=16, max_size=16), min_size=1, max_size=5))
def test_probabilities_sum_to_one(values: list[list[float]]) -> None:
    found = PlausibilityModel.load().predict(np.array(values))
    assert found.shape == (len(values), 3) and (found >= 0).all()
    np.testing.assert_allclose(found.sum(1), 1)


def test_the_same_seed_gives_the_same_bytes_and_another_sample_differs() -> None:
    frame, vectors = toy()
    one, two, other = (Background.of(frame, vectors, seed, limit=150) for seed in (0, 0, 1))
    assert features(frame, vectors, one).tobytes() == features(frame, vectors, two).tobytes()
    assert one.size == 150 and not np.array_equal(one.questions, other.questions)


@pytest.mark.parametrize(("name", "names"), [("source", SOURCE_FEATURES), ("pair", PAIR_FEATURES)])
def test_the_shipped_models(name: str, names: tuple[str, ...]) -> None:
    model = PlausibilityModel.load(name)
    assert model.features == names
    assert {"data", "encoder", "weights_hash", "command", "seed", "held_out_arc_challenge"} <= set(model.about)
    again = PlausibilityModel.from_json(json.loads(json.dumps(model.to_json())))
    values = np.random.default_rng(0).normal(size=(9, len(names)))
    np.testing.assert_array_equal(again.predict(values), model.predict(values))
    assert again.to_json() == model.to_json()


def test_no_shipped_model_of_another_name() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'pair'"):
        PlausibilityModel.load("pairs")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tiers": ["near-miss", "irrelevant"]}, "the model tells near-miss, irrelevant apart"),
        ({"linear": [[0.0]]}, "do not fit three tiers"),
        ({"intercept": [0.0, 0.0, float("nan")]}, "do not fit three tiers"),
        ({"quadratic": "x"}, "no plausibility model"),
        ({"features": None}, "no plausibility model"),
    ],
)
def test_a_broken_model_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(LabelError, match=message):
        PlausibilityModel.from_json({**PlausibilityModel.load("pair").to_json(), **change})


def test_bad_features_are_refused() -> None:
    model = PlausibilityModel.load("pair")
    with pytest.raises(LabelError, match="row 1: feature question_cosine"):
        model.predict(np.array([[0, 0, 0], [0, np.nan, 0]], dtype=np.float32))
    with pytest.raises(LabelError, match="reads 3 features"):
        model.predict(np.zeros((2, 5)))


def test_bad_rows_are_refused() -> None:
    rows, vectors = three()
    background = Background.of(rows, vectors)
    with pytest.raises(LabelError, match="no column 'negative'"):
        features(rows.drop("negative"), vectors, background)
    with pytest.raises(LabelError, match="row 0: answer is null"):
        features(rows.with_columns(answer=pl.lit(None, dtype=pl.String)), vectors, background)
    with pytest.raises(LabelError, match="no vector for the text 'elsewhere'"):
        features(rows.with_columns(negative=pl.lit("elsewhere")), vectors, background)
    vectors.matrix[2, 0] = np.nan
    with pytest.raises(LabelError, match="vector of 'n' holds NaN"):
        features(rows, vectors, background)


def test_a_background_of_another_encoder_is_refused() -> None:
    frame, vectors = toy()
    rows, flat = three()
    with pytest.raises(LabelError, match="vectors of 2 numbers"):
        features(rows, flat, Background.of(frame, vectors))


def test_what_cannot_be_fitted_is_refused() -> None:
    values = np.zeros((3, 3), dtype=np.float32)
    with pytest.raises(UnknownNameError, match="did you mean 'near-miss'"):
        fit(values, ["near_miss", "irrelevant", "unrelated"], PAIR_FEATURES)
    with pytest.raises(LabelError, match="no row of tier unrelated"):
        fit(values, ["near-miss", "irrelevant", "irrelevant"], PAIR_FEATURES)
    with pytest.raises(LabelError, match="do not fit"):
        fit(values, list(TIERS))


def test_predicting_loads_no_scikit_learn() -> None:
    code = (
        "import sys, numpy as np; from negbank.plausibility import PlausibilityModel as M\n"
        "M.load().predict(np.zeros((1, 16))); sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.hub
@pytest.mark.model
def test_held_out_arc_challenge(hub: Path) -> None:
    """All of ARC-Challenge test, which the coefficients have not seen, among its own questions and answers."""
    from benchmarks.plausibility import background, draw, measure, read

    data = read(hub)
    rows = draw(data.test, data.endings_test, seed=1)
    texts = {t for column in ("question", "answer", "negative") for t in rows[column]}
    vectors = embed(texts, load_encoder())
    values = features(rows, vectors, background(data.test, vectors))
    found = measure(PlausibilityModel.load().predict(values), rows["tier"])
    assert found["balanced_accuracy"] >= 0.85, found
    assert found["auc_irrelevant"] >= 0.96, found
    assert found["ece"] < 0.05, found
