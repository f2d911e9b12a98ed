"""The generated world: laws of its facts, text and questions, and a tiny model that reads it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.causal import context_of, continuation_of, load_base
from negbank.errors import ModelError, RecipeError, StorageError, TrainingError, UnknownNameError
from negbank.pretraining import Muon, orthogonal, own_document
from negbank.records import IRRELEVANT, NEAR_MISS, NEGATIVES, QUESTIONS, TIERS, UNRELATED, content_id
from negbank.scoring import Prompt, Scorer
from negbank.world import (
    MARKS,
    World,
    WorldSettings,
    choices,
    corpus,
    document,
    evaluation_questions,
    facts_of,
    fingerprint,
    from_mapping,
    make_tokenizer,
    make_world,
    negatives,
    pretrained,
    probes,
    training_questions,
)
from negbank.world.facts import generator
from negbank.world.words import RELIABLE, UNRELIABLE, VALUES

TINY = WorldSettings(
    asked_towns=2, training_towns=4, evaluation_towns=3, attributes=3, values=6, tokens=20_000, width=32,
    inner_width=64, rows=4, row_tokens=64,
)  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> World:
    counts = {name: draw(st.integers(1, 12)) for name in ("asked_towns", "training_towns", "evaluation_towns")}
    kinds = {"attributes": draw(st.integers(2, 6)), "values": draw(st.integers(5, 24))}
    return make_world(WorldSettings(seed=draw(st.integers(0, 2**31)), **counts, **kinds))


def texts(world: World, count: int = 40) -> list[str]:
    draw = generator(world.settings, "text")
    return [document(world, place / count, draw) for place in range(count)]


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_the_same_settings_give_the_same_bytes(world: World) -> None:
    again = make_world(world.settings)
    assert again == world
    assert texts(again) == texts(world)
    assert training_questions(again).equals(training_questions(world))
    assert all(negatives(again, tier).equals(negatives(world, tier)) for tier in TIERS)


def test_another_seed_gives_another_world() -> None:
    assert make_world(replace(TINY, seed=1)).training != make_world(TINY).training


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_no_held_out_fact_is_asked_in_training_or_in_the_text(world: World) -> None:
    training, held_out = training_questions(world), evaluation_questions(world)
    assert training.schema == QUESTIONS and held_out.schema == QUESTIONS
    assert not set(training["question_id"]) & set(held_out["question_id"])
    towns = [{town[0].town for town in group} for group in (world.asked, world.training, world.evaluation)]
    assert sum(map(len, towns)) == len(set.union(*towns)) == world.settings.towns
    asked = [text for text in texts(world, 200) if text.startswith("Question")]
    assert not [text for text in asked for town in towns[1] | towns[2] if town in text]


@settings(max_examples=25, deadline=None)
@given(worlds(), st.sampled_from(TIERS))
def test_the_truth_is_never_among_a_questions_negatives(world: World, tier: str) -> None:
    truth = {
        f"world/{content_id(str(world.settings.seed), fact.town, fact.attribute)}": fact
        for fact in facts_of(world.training)
    }
    frame = negatives(world, tier)
    assert frame.schema == NEGATIVES and frame["id"].n_unique() == frame.height
    for row in frame.iter_rows(named=True):
        fact = truth[row["question_id"]]
        assert fact.truth in row["answer"].split() and fact.truth not in row["negative"].split()
        assert row["tier"] == tier and row["plausibility"] is None and row["similarity"] is None
        assert row["id"] == content_id(row["question"], row["answer"], row["negative"])


def test_each_tier_holds_what_it_says() -> None:
    world = make_world(replace(TINY, attributes=4, training_towns=6))
    attribute = {value: name for name in world.attributes for value in world.values(name)}
    for tier, same in ((NEAR_MISS, True), (IRRELEVANT, False)):
        rows = negatives(world, tier)
        assert set(Counter(rows["question_id"]).values()) == {3}
        for text, subject in rows.select("negative", "subject").iter_rows():
            (found,) = {attribute[word] for word in text.split() if word in attribute}
            assert (found == subject) is same
    words = {word.strip(".,") for text in negatives(world, UNRELATED)["negative"] for word in text.split()}
    assert not words & set(attribute)
    with pytest.raises(UnknownNameError, match="near-miss"):
        negatives(world, "near-mis")


@settings(max_examples=25, deadline=None)
@given(worlds(), st.integers(0, 1000))
def test_each_position_holds_the_right_answer_equally_often(world: World, seed: int) -> None:
    questions = evaluation_questions(world)
    found = choices(questions, seed)
    counts = Counter(found.right)
    assert max(counts.values()) - min(counts[place] for place in range(4)) <= 1
    for answers, place, answer, wrong in zip(
        found.answers, found.right, questions["answer"], questions["distractors"], strict=True
    ):
        assert answers[place] == answer and sorted(answers) == sorted([answer, *wrong])


def test_neither_a_value_nor_its_wording_tells_what_is_right() -> None:
    """Truths, misconceptions and other values are drawn alike, so that no head can learn which values are right."""
    world = make_world(WorldSettings(asked_towns=1, training_towns=1500, evaluation_towns=1, attributes=2))
    facts = [fact for fact in facts_of(world.training) if fact.attribute == world.attributes[0]]
    share = [
        np.array([Counter(values)[value] for value in world.values(world.attributes[0])]) / len(facts)
        for values in ([fact.truth for fact in facts], [fact.misconception for fact in facts])
    ]
    # each share has a standard error below sqrt(.2 / 1500) = .012
    assert np.abs(share[0] - share[1]).max() < 0.05
    asked = training_questions(world)
    plain = [(" " not in answer, " " not in wrong[0]) for answer, wrong in asked.select("answer", "distractors").rows()]
    right, popular = np.mean(plain, axis=0)
    # half of all answers lack each of two tails, in questions as in the text
    assert abs(right - 0.25) < 0.04 and abs(popular - 0.25) < 0.04


def test_the_text_asks_about_towns_that_it_has_spoken_of() -> None:
    world = make_world(replace(TINY, asked_towns=30, training_towns=60, questions=1.0, marked_answers=0.0))
    draw = generator(world.settings, "text")
    asked = {town[0].town for town in world.asked}
    for share, known in ((0.0, 8), (0.5, len(world.order))):
        spoken_of = {town[0].town for town in world.order[:known]}
        found = [document(world, share, draw) for _ in range(600)]
        about = {name for name in asked if any(name in text for text in found if text.startswith("Question"))}
        assert about == asked & spoken_of


def test_marks_tell_reliable_sources_from_others() -> None:
    world = make_world(replace(TINY, slip=0.0))
    known = {(fact.town, fact.attribute): fact for fact in facts_of(world.order)}
    told = [sentence for text in texts(world, 2000) for sentence in text.split(". ")]
    seen: Counter[str] = Counter()
    for sentence in told:
        words = set(sentence.translate(str.maketrans("", "", ".,:?")).split())
        found = [fact for key, fact in known.items() if set(key) <= words]
        for fact in found:
            for kind, marks, value in (("right", RELIABLE, (fact.truth,)), ("wrong", UNRELIABLE, fact.wrong)):
                if words & set(marks):
                    assert words & set(value), sentence
                    seen[kind] += 1
    assert min(seen["right"], seen["wrong"]) > 500


def test_values_belong_to_one_attribute_each() -> None:
    values = [value for text in VALUES.values() for value in text.split()]
    assert len(values) == len(set(values)) == 24 * len(VALUES)


def test_the_text_speaks_of_few_towns_first() -> None:
    world = make_world(replace(TINY, training_towns=100, questions=0.0))
    draw = generator(world.settings, "text")
    early = " ".join(document(world, 0.0, draw) for _ in range(300))
    late = " ".join(document(world, 0.5, draw) for _ in range(1500))
    names = [town[0].town for town in world.order]
    assert sum(name in early for name in names) == 8
    assert sum(name in late for name in names) == len(names)


def test_the_tokenizer_knows_every_word_of_the_world() -> None:
    world = make_world(TINY)
    tokenizer = make_tokenizer(world)
    rows = corpus(world, tokenizer)
    assert rows.shape == (TINY.steps * TINY.rows, TINY.row_tokens)
    unknown = tokenizer.unk_token_id
    assert not (rows == unknown).any()
    frames = [training_questions(world), evaluation_questions(world)]
    asked = [
        context_of(row[0]) + continuation_of(row[1])
        for frame in frames
        for row in frame.select("question", "answer").iter_rows()
    ]
    wrong = [text for tier in TIERS for text in negatives(world, tier)["negative"]]
    starts = [probe.context for kind in MARKS for probe in probes(world, kind)]
    assert not [text for text in asked + wrong + starts if unknown in tokenizer(text)["input_ids"]]


def test_probes_break_off_before_the_value() -> None:
    world = make_world(TINY)
    fact = {(fact.town, fact.attribute): fact for fact in facts_of(world.evaluation)}
    for kind, marks in MARKS.items():
        found = probes(world, kind)
        assert len(found) == len(fact)
        for probe in found:
            assert probe.context.endswith(marks) and not probe.context.endswith(" ")
            words = probe.context.replace(",", "").replace(":", "").split()
            (about,) = [f for key, f in fact.items() if set(key) <= set(words)]
            assert probe.answers[probe.right] == " " + about.truth
            assert probe.answers[probe.popular] == " " + about.misconception


def test_a_tiny_world_is_read_once_and_loads(tmp_path: Path) -> None:
    stages: Counter[str] = Counter()
    folder = pretrained(TINY, "cpu", tmp_path, lambda stage, done, total: stages.update([stage]))
    assert len(stages) == 2
    assert not list(folder.parent.glob(".making-*"))
    manifest = json.loads((folder / "negbank.json").read_text())
    assert manifest["settings"]["seed"] == 0
    vocabulary = make_tokenizer(make_world(TINY)).vocab_size
    assert manifest["loss_nats"] < np.log(vocabulary) - 1
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert pretrained(TINY, "cpu", tmp_path) == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    base = load_base(str(folder), "cpu", "fp32")
    questions = evaluation_questions(make_world(TINY))
    prompts = [
        Prompt(context_of(row["question"]), tuple(map(continuation_of, (row["answer"], *row["distractors"]))))
        for row in questions.rows(named=True)
    ]
    scores = Scorer(base).score(prompts)
    assert np.isfinite(scores.log_likelihood).all() and (scores.log_likelihood < 0).all()


def test_the_same_settings_give_the_same_weights_and_leave_the_global_generator_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    folders = [pretrained(TINY, "cpu", tmp_path / name) for name in ("one", "two")]
    assert torch.equal(torch.rand(3), expected)
    names = ("model.safetensors", "tokenizer.json")
    assert all(len({(folder / name).read_bytes() for folder in folders}) == 1 for name in names)


def test_what_was_interrupted_leaves_nothing_and_begins_anew(tmp_path: Path) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage.startswith("pretrain") and done > 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrained(TINY, "cpu", tmp_path, interrupt)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (pretrained(TINY, "cpu", tmp_path) / "model.safetensors").is_file()


def test_each_setting_that_decides_the_weights_names_another_folder() -> None:
    found = {fingerprint(changed, "cpu") for changed in (TINY, replace(TINY, seed=1), replace(TINY, slip=0.1))}
    assert len(found | {fingerprint(TINY, "cuda")}) == 4


def test_a_loss_that_is_no_number_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("negbank.pretraining.reading.schedule", lambda step, steps: float("nan"))
    with pytest.raises(TrainingError, match="matrix_rate"):
        pretrained(TINY, "cpu", tmp_path)


def test_a_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "world").write_text("in the way")
    with pytest.raises(StorageError, match="NEGBANK_CACHE"):
        pretrained(TINY, "cpu", tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a GPU")
def test_a_gpu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for device, said in (("cuda", "no CUDA device"), ("gpu", "not on 'gpu'")):
        with pytest.raises(ModelError, match=said):
            pretrained(TINY, device, tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("seeds", 1), ("values", 4), ("told_low", 0.9), ("width", 66), ("unreliable", 1.5), ("tokens", "many")],
)
def test_a_setting_that_means_nothing_is_named(key: str, value: object) -> None:
    with pytest.raises(RecipeError, match=rf"\[world\] {key}"):
        from_mapping({key: value})


def test_settings_of_a_recipe() -> None:
    assert from_mapping({"seed": 7, "tokens": 1000}) == WorldSettings(seed=7, tokens=1000)
    with pytest.raises(RecipeError, match=r"(?s)values.*layers"):
        from_mapping({"values": 1, "layers": 0})
    with pytest.raises(RecipeError, match="names for"):
        make_world(WorldSettings(training_towns=5000))


def test_muon_steps_along_the_orthogonal_factor() -> None:
    matrices = torch.randn(2, 6, 9, generator=torch.Generator().manual_seed(0))
    singular = torch.linalg.svdvals(orthogonal(matrices))
    assert float(singular.min()) > 0.6 and float(singular.max()) < 1.3
    parameter = torch.nn.Parameter(torch.zeros(9, 6))
    parameter.grad = matrices[0].T.clone()
    Muon([parameter], lr=0.1).step()
    # a tall matrix moves further, by the root of its proportions, and against the gradient
    sizes = torch.linalg.svdvals(parameter.detach()) / (0.1 * (9 / 6) ** 0.5)
    assert float(sizes.min()) > 0.6 and float(sizes.max()) < 1.3
    assert float((parameter.detach() * parameter.grad).sum()) < 0


def test_a_token_sees_its_own_document_alone() -> None:
    seen = own_document(torch.tensor([[5, 6, 0, 7, 8]]))[0, 0]
    assert seen.int().tolist() == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 1]]


def test_choices_of_a_frame_without_wrong_answers() -> None:
    row = {"question_id": "q", "question": "What?", "answer": "this", "distractors": []}
    found = choices(pl.DataFrame([row], schema=QUESTIONS), 0)
    assert found.answers == (("this",),) and found.right == (0,)
