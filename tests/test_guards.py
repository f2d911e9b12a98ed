import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.errors import GuardError, UnknownNameError, VectorError
from negbank.guards import REASONS, Rules, explained, screen, screening, texts_to_encode
from negbank.guards.margins import Limits, Margin, Overlap, calibrate, min_texts, near_evaluation
from negbank.guards.meaning import means_nothing_alone
from negbank.guards.normalise import normalise
from negbank.records import CANDIDATES, QUESTIONS, REFUSED, TextVectors

FAR = Margin(0.8, 0.999, 1000)


def question(
    key: str, text: str, answer: str, answers: list[str] | None = None, context: str | None = None
) -> tuple[object, ...]:
    return (key, text, context, answer, answers, [], "physics", "train")


def frame_of(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=QUESTIONS, orient="row")


def candidate(
    key: str,
    text: str,
    tier: str = "near-miss",
    rank: int = 0,
    origin: str = "distractor",
    origin_id: str | None = None,
) -> tuple[str, str, str, int, str, str]:
    return (key, text, tier, rank, origin, origin_id or key)


def candidates_of(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=CANDIDATES, orient="row")


def apart(*frames: pl.DataFrame, **angles: float) -> TextVectors:
    """Every text orthogonal to all others, but for those whose first word has `angles`: degrees in one plane."""
    texts = sorted({t for f in frames for c in ("question", "answer", "negative") if c in f.columns for t in f[c]})
    matrix = np.zeros((len(texts), len(texts) + 2), dtype=np.float32)
    for place, text in enumerate(texts):
        degrees = angles.get((text.split() or [""])[0])
        if degrees is None:
            matrix[place, place + 2] = 1.0
        else:
            matrix[place, :2] = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return TextVectors({text: place for place, text in enumerate(texts)}, matrix)


ASKED = frame_of(
    question("q1", "What melts ice?", "warm air"),
    question("q2", "Which is a gas?", "oxygen"),
    question("q3", "What thaws ice?", "sunshine"),
    question("q4", "Which move heat?", "all of the above"),
    question("q5", "What boils?", "water at 100 °C"),
    question("q6", "what melts  ICE", "salt"),
)


def reasons(rows: pl.DataFrame, evaluation: pl.DataFrame | None = None, **angles: float) -> list[str | None]:
    """Each row's reason, in the order of `rows`."""
    extra = [evaluation] if evaluation is not None else []
    result = screen(rows, ASKED, apart(rows, ASKED, *extra, **angles), Rules(FAR, FAR, evaluation))
    assert len(result.kept) + len(result.refused) == len(rows)
    assert result.counts["count"].sum() == len(result.refused)
    assert result.refused.schema == REFUSED and result.kept.schema == CANDIDATES
    joined = rows.join(result.refused, on=CANDIDATES.names(), how="left", nulls_equal=True, maintain_order="left")
    return joined["reason"].to_list()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (candidate("q1", "cold air"), None),
        (candidate("q1", " \t"), "empty"),
        (candidate("q4", "metal"), "answer-means-nothing-alone"),
        (candidate("q1", "None of the above."), "no-meaning-alone"),
        (candidate("q1", "The Warm Air."), "equals-answer"),
        (candidate("q1", "Salt"), "equals-answer"),  # right for q6, which asks the same
        (candidate("q5", "water at 100 degrees Celsius"), "equals-answer"),
        (candidate("q2", "B", origin="other-question", origin_id="q5"), "no-meaning-alone"),
        (candidate("q2", "B"), None),
    ],
)
def test_each_rule_on_texts_gives_its_reason(row: tuple[object, ...], reason: str | None) -> None:
    assert reasons(candidates_of(row)) == [reason]


LONG = frame_of(
    question("q1", "What happens at noon?", "warm currents lift dust over desert plains"),
    question("q2", "Which is a gas?", "oxygen"),
)


def test_paraphrase_is_judged_by_the_margin_of_long_texts_that_nobody_called_wrong() -> None:
    rows = candidates_of(
        candidate("q1", "hot breezes carry sand across arid regions", origin="other-question", origin_id="q2"),
        candidate("q1", "lukewarm rivers freeze behind mountain villages", origin="other-question", origin_id="q2"),
        candidate("q1", "hot breezes", "irrelevant", 0, "other-question", "q2"),  # too short for a cosine
        candidate("q1", "mild gusts scatter leaves near quiet harbours"),
        candidate("q1", "tepid showers drench fields around sleepy towns", origin="reported"),
    )
    # cos 30° = .87 reaches .8, cos 40° = .77 does not
    vectors = apart(rows, LONG, warm=0, hot=30, mild=1, tepid=1, lukewarm=40)
    result = screen(rows, LONG, vectors, Rules(FAR, FAR))
    assert result.refused.select("negative", "reason").rows() == [
        ("hot breezes carry sand across arid regions", "paraphrase")
    ]


def test_a_margin_below_zero_still_parts_near_from_far() -> None:
    near, far = "near breezes carry sand across arid regions", "far rivers freeze behind mountain villages"
    rows = candidates_of(*(candidate("q1", t, origin="other-question", origin_id="q2") for t in (near, far)))
    # cos 100° = -.17, cos 170° = -.98
    vectors = apart(rows, LONG, warm=0, near=100, far=170)
    result = screen(rows, LONG, vectors, Rules(Margin(-0.5, 0.999, 1000), FAR))
    assert result.refused["negative"].to_list() == [near]
    assert result.kept["negative"].to_list() == [far]


def test_every_right_answer_counts_and_so_do_those_of_questions_of_the_same_text() -> None:
    asked = frame_of(
        question("q1", "Which is a noble gas?", "neon", ["neon", "argon"]),
        question("q2", "which is a noble gas", "helium"),
        question("q3", "Which is a noble gas?", "xenon", context="Of those in the passage."),
    )
    rows = candidates_of(*(candidate("q1", text) for text in ("Argon", "helium", "xenon", "chlorine")))
    result = screen(rows, asked, apart(rows, asked), Rules(FAR, FAR))
    assert result.kept["negative"].to_list() == ["xenon", "chlorine"]  # q3 asks about a passage


def test_only_what_nobody_judged_must_be_of_the_right_answers_type() -> None:
    asked = frame_of(question("q1", "How many legs has a spider?", "8"), question("q2", "Where is Paris?", "France"))
    rows = candidates_of(
        candidate("q1", "in France", origin="other-question", origin_id="q2"),
        candidate("q1", "in Spain", "irrelevant", 0, "other-question", "q2"),
        candidate("q1", "in Italy", "unrelated", 0, "other-source", "pool:q9"),
        candidate("q1", "in Greece"),
        candidate("q1", "11", origin="other-question", origin_id="q2"),
    )
    result = screen(rows, asked, apart(rows, asked), Rules(FAR, FAR))
    assert result.refused.select("negative", "reason").rows() == [
        ("in France", "other-type"),
        ("in Spain", "other-type"),
    ]


def test_an_answer_to_a_question_that_asks_the_same_is_refused() -> None:
    rows = candidates_of(
        candidate("q1", "sunshine", origin="other-question", origin_id="q3"),
        candidate("q1", "oxygen", origin="other-question", origin_id="q2"),
    )
    texts = texts_to_encode(rows, ASKED)
    vectors = TextVectors({t: i for i, t in enumerate(texts)}, np.eye(len(texts), dtype=np.float32))
    matrix = vectors.matrix.copy()
    matrix[vectors.row["What thaws ice?"]] = matrix[vectors.row["What melts ice?"]]
    result = screen(rows, ASKED, TextVectors(vectors.row, matrix), Rules(FAR, FAR))
    assert result.refused.select("negative", "reason").rows() == [("sunshine", "same-question")]


def test_near_answers_come_from_neither_the_same_topic_nor_quite_another() -> None:
    asked = frame_of(
        *(question(f"q{n}", f"{word} q?", f"{word} a") for n, word in enumerate(("One", "Two", "Six", "Ten")))
    )
    rows = candidates_of(
        *(candidate("q0", f"{word} x", "near-miss", n, "other-question", f"q{n + 1}")
          for n, word in enumerate(("Tin", "Oak", "Fog"))),
        candidate("q0", "Owl x", "irrelevant", 0, "other-question", "q3"),
    )  # fmt: skip
    texts = texts_to_encode(rows, asked)
    row = {text: place for place, text in enumerate(texts)}
    matrix = np.eye(len(texts), dtype=np.float32)
    for word, cosine in (("Two", 0.7), ("Six", 0.2), ("Ten", 0.0)):
        matrix[row[f"{word} q?"]] *= np.sqrt(1 - cosine**2)
        matrix[row[f"{word} q?"], row["One q?"]] = cosine
    topics = Rules(FAR, FAR, same_topic=Margin(0.5, 0.9, 1000), other_topic=Margin(0.1, 0.5, 1000))
    result = screen(rows, asked, TextVectors(row, matrix), topics)
    assert result.refused.select("negative", "reason").rows() == [("Tin x", "same-topic"), ("Fog x", "other-topic")]
    assert result.kept["negative"].to_list() == ["Oak x", "Owl x"]


def test_near_answers_share_no_word_with_the_right_one() -> None:
    asked = frame_of(
        question("q1", "Which shows a reaction?", "iron forming rust"), question("q2", "What is bare?", "x")
    )
    rows = candidates_of(
        candidate("q1", "rusting metal surfaces", origin="other-question", origin_id="q2"),
        candidate("q1", "rusting metal surfaces", "irrelevant", 0, "other-question", "q2"),
        candidate("q1", "bare metal surfaces", origin="other-question", origin_id="q2"),
        candidate("q1", "Clean metal surfaces", origin="other-question", origin_id="q2"),
    )
    result = screen(rows, asked, apart(rows, asked), Rules(FAR, FAR))
    assert result.refused.select("negative", "tier", "reason").rows() == [
        ("rusting metal surfaces", "near-miss", "part-of-answer"),
        ("Clean metal surfaces", "near-miss", "other-type"),
    ]


def test_questions_of_the_evaluation_set_are_refused_exactly_and_nearly() -> None:
    evaluation = frame_of(question("e1", "which is a GAS", "neon"), question("e2", "Boiling is seen in what?", "soup"))
    rows = candidates_of(candidate("q2", "iron"), candidate("q5", "iron"), candidate("q1", "iron"))
    texts = texts_to_encode(rows, ASKED, evaluation)
    row = {t: i for i, t in enumerate(texts)}
    matrix = np.eye(len(texts), dtype=np.float32)
    matrix[row["Boiling is seen in what?"]] = matrix[row["What boils?"]]
    result = screen(rows, ASKED, TextVectors(row, matrix), Rules(FAR, FAR, evaluation))
    assert result.refused["reason"].to_list() == ["evaluation-overlap", "evaluation-near-duplicate"]
    assert result.kept["question_id"].to_list() == ["q1"]
    assert result.counts.rows() == [
        ("evaluation-overlap", "near-miss", 1),
        ("evaluation-near-duplicate", "near-miss", 1),
    ]


def test_near_evaluation_asks_for_the_answers_where_the_questions_are_less_near() -> None:
    asked = frame_of(*[question(k, k, f"{k} answer") for k in ("alone", "with", "without", "other")])
    evaluation = frame_of(question("test", "test", "right answer"))
    limits = Limits(question=0.95, question_and_answer=0.85, answer=0.8)
    angles = {"test": 0.0, "alone": 15.0, "with": 25.0, "without": 26.0, "other": 60.0}  # .966 .906 .899 .5
    texts = texts_to_encode(candidates_of(), asked, evaluation)
    degrees = [angles[t] if t in angles else {"with answer": 10.0, "right answer": 0.0}.get(t, 90.0) for t in texts]
    radians = np.deg2rad(degrees)
    vectors = TextVectors(
        {t: i for i, t in enumerate(texts)}, np.stack([np.cos(radians), np.sin(radians)], 1).astype("f4")
    )
    for block in (1, 3, 1024):
        found = near_evaluation(asked, evaluation, vectors, limits, block)
        assert found.tolist() == [True, True, False, False]


def test_the_more_plausible_of_two_equal_negatives_is_kept() -> None:
    rows = candidates_of(
        candidate("q1", "Cold air", "irrelevant", 0, "other-question", "q2"),
        candidate("q1", "cold air.", "near-miss", 3),
        candidate("q1", "the cold air", "near-miss", 1),
        candidate("q2", "cold air", "near-miss", 5),
    )
    assert reasons(rows) == ["duplicate", "duplicate", None, None]


def test_a_refused_row_makes_no_other_a_duplicate() -> None:
    text = "hot breezes carry sand across arid regions"
    rows = candidates_of(
        candidate("q1", text, "near-miss", 0, "other-question", "q2"), candidate("q1", text.capitalize(), rank=1)
    )
    vectors = apart(rows, LONG, warm=0, hot=1, Hot=1)
    result = screen(rows, LONG, vectors, Rules(FAR, FAR))
    assert result.kept["negative"].to_list() == [text.capitalize()]


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(8)), st.sets(st.integers(0, 7)))
def test_a_row_is_judged_alike_in_any_order_and_whatever_other_questions_rows_are_there(
    order: list[int], dropped: set[int]
) -> None:
    rows = candidates_of(
        candidate("q1", "Cold air", "irrelevant", 0, "other-question", "q2"),
        candidate("q1", "cold air", "near-miss", 0),
        candidate("q1", "warm air", "near-miss", 1),
        candidate("q2", "cold air", "near-miss", 0),
        candidate("q2", "all of these", "near-miss", 1),
        candidate("q4", "metal"),
        candidate("q5", " "),
        candidate("q6", "warm air", "irrelevant", 0, "other-question", "q1"),
    )
    whole = dict(zip(range(8), reasons(rows), strict=True))
    assert sum(reason is not None for reason in whole.values()) == 6
    left = [i for i in order if i not in dropped or rows["question_id"][i] == "q1"]
    assert reasons(rows[left]) == [whole[i] for i in left]


def test_explained_adds_the_texts_and_what_the_reason_means() -> None:
    rows = candidates_of(candidate("q1", ""))
    listed = explained(screen(rows, ASKED, apart(rows, ASKED), Rules(FAR, FAR)).refused, ASKED)
    assert listed.columns == [*REFUSED.names(), "question", "answer", "meaning"]
    assert listed.row(0)[-3:] == ("What melts ice?", "warm air", "the text is blank")


def test_every_reason_has_a_guard_in_the_same_order() -> None:
    outside = {"judged-right", "implausible"}  # a judge and `mine` refuse with these, after the guards
    assert list(screening._GUARDS) == [reason for reason in REASONS if reason not in outside]


def test_nothing_in_nothing_out() -> None:
    rows = candidates_of()
    result = screen(rows, ASKED, apart(rows, ASKED), Rules(FAR, FAR))
    assert len(result.kept) == len(result.refused) == len(result.counts) == 0


def test_what_does_not_fit_is_said() -> None:
    rules, good = Rules(FAR, FAR), candidates_of(candidate("q1", "ice"))
    vectors = apart(good, ASKED)
    with pytest.raises(GuardError, match="question_id 'q9' is not among the 6"):
        screen(candidates_of(candidate("q9", "ice")), ASKED, vectors, rules)
    with pytest.raises(GuardError, match="origin_id 'q8'"):
        screen(candidates_of(candidate("q1", "ice", origin="other-question", origin_id="q8")), ASKED, vectors, rules)
    with pytest.raises(GuardError, match="'q1' is given twice"):
        screen(good, pl.concat([ASKED, ASKED]), vectors, rules)
    with pytest.raises(GuardError, match="columns"):
        screen(good.drop("rank"), ASKED, vectors, rules)
    with pytest.raises(UnknownNameError, match="near-miss"):
        screen(candidates_of(candidate("q1", "ice", "near-mis")), ASKED, vectors, rules)
    with pytest.raises(VectorError, match="'paraphrase' has no vector of the text 'warm air'"):
        rows = candidates_of(candidate("q1", "snow", origin="other-question", origin_id="q2"))
        screen(rows, ASKED, TextVectors({"What melts ice?": 0}, vectors.matrix[:1]), rules)


NOTHING_ALONE = [
    "all of the above", "ALL of the above", "None of these.", "Neither of these", "both A and C", "Both (A) and (B)",
    "A and B only", "either a or b", "A or D", "None of the other answers are correct", "Nither of above.",
    "All options given are correct", "all are correct", "I and III only", "(B) (C) and (D).", "a. and c. above",
]  # fmt: skip
SOMETHING_ALONE = [
    "all organisms", "both parents", "none of the offspring will be affected", "no", "five", "C", "I", "2 only",
    "cannot be determined", "Not enough information", "A and T", "egg, larva", "1 and 2", "above sea level", "none",
    "the statement is true", "98% or above.", "All of the mixture will evaporate.", "I and Ca", "No choice",
]  # fmt: skip


@pytest.mark.parametrize("text", NOTHING_ALONE)
def test_phrases_that_only_point_at_choices_mean_nothing(text: str) -> None:
    assert means_nothing_alone(text, "Which of the following happens?")
    assert means_nothing_alone(text, None)


@pytest.mark.parametrize("text", SOMETHING_ALONE)
def test_answers_mean_something_in_their_own_question(text: str) -> None:
    assert not means_nothing_alone(text, "Which of the following happens?")


def test_labels_that_the_question_names_mean_something_there_and_nowhere_else() -> None:
    asked = "Which are true? I. Ice floats. II. Ice sinks. III. Ice is dry."
    assert not means_nothing_alone("I and III only", asked)
    assert not means_nothing_alone("I only", asked)
    assert means_nothing_alone("I only", "What do I see?")
    assert means_nothing_alone("I and III only", None)
    assert not means_nothing_alone("both A and B", "What flows between plates A and B?")


def test_a_margin_is_an_order_statistic_of_the_pairs() -> None:
    degrees = np.arange(201, dtype=np.float64)
    texts = [f"word{'x' * int(d)}" for d in degrees]
    radians = np.deg2rad(degrees * 0.5)
    matrix = np.stack([np.cos(radians), np.sin(radians)], 1).astype("f4")
    vectors = TextVectors({t: i for i, t in enumerate(texts)}, matrix)
    margin = calibrate(texts, vectors, quantile=0.9)
    # 201 texts half a degree apart: 201 - k pairs k steps apart. Among 20,100 pairs the 2,010 nearest: k up to 10
    # gives 10*201 - 55 = 1,955, so the margin is the cosine of 11 steps
    assert margin.pairs == 20_100
    assert margin.min_cosine == pytest.approx(np.cos(np.deg2rad(5.5)), abs=1e-6)
    assert calibrate(texts[::-1], vectors, quantile=0.9) == margin
    negated = TextVectors(vectors.row, np.tile(np.array([[1, 0]], dtype="f4"), (201, 1)))
    assert calibrate(texts, negated).min_cosine == 1.0


def test_too_few_texts_make_no_margin() -> None:
    assert min_texts() == 201
    vectors = TextVectors({f"t{i}x": i for i in range(9)}, np.eye(9, dtype="f4"))
    with pytest.raises(GuardError, match=r"9 distinct texts make 36 pairs.*demo"):
        calibrate([f"t{i}x" for i in range(9)], vectors)
    with pytest.raises(GuardError, match="between 0 and 1"):
        calibrate([], vectors, quantile=1.0)


def test_overlap_limits_lie_between_margin_and_identity_for_any_sign() -> None:
    limits = Overlap(0.8, 0.5, 0.4).limits(Margin(0.7, 0.9, 1), Margin(-0.5, 0.9, 1))
    assert (limits.question, limits.question_and_answer, limits.answer) == pytest.approx((0.94, 0.85, 0.1))


@pytest.mark.hub
def test_on_arc_nothing_kept_equals_its_answer_and_few_distractors_are_lost() -> None:
    folder = Path(os.environ["NEGBANK_HUB_MIRROR"]) / "allenai" / "ai2_arc"
    files = sorted(folder.glob("ARC-*/t*-*.parquet"))
    assert files, f"no Parquet files under {folder}"
    rows: list[tuple[object, ...]] = []
    asked: list[tuple[object, ...]] = []
    for file in files:
        for item in pl.read_parquet(file).iter_rows(named=True):
            key, right = f"{file.parent.name}/{item['id']}", item["choices"]["label"].index(item["answerKey"])
            texts = item["choices"]["text"]
            asked.append(question(key, item["question"], texts[right]))
            rows += [candidate(key, t, rank=i) for i, t in enumerate(texts) if i != right]
    questions, candidates = frame_of(*asked).unique("question_id", maintain_order=True), candidates_of(*rows)
    nothing = TextVectors({}, np.zeros((0, 1), dtype="f4"))
    result = screen(candidates, questions, nothing, Rules(FAR, FAR))
    answers = dict(zip(questions["question_id"], questions["answer"], strict=True))
    pairs = zip(result.kept["question_id"], result.kept["negative"], strict=True)
    # one distance in another scientific notation: equal in value, and wrong because the notation is asked for
    assert [text for key, text in pairs if normalise(answers[key]) == normalise(text)] == ["149.6 x 10^6 km"]
    assert set(result.refused["reason"]) == {"duplicate"}
