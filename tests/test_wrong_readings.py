"""Files that invite a wrong reading: each is read right, or refused; never is a right answer taken for a wrong one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import negbank
from negbank.cli import run
from negbank.errors import SourceError, UnknownNameError
from negbank.sources import Columns, SourceOptions, read_source
from negbank.sources.answer_rows import read_answer_rows

Row = dict[str, Any]

CHOICES = [
    ["iron", "gold", "lead", "zinc"], ["Mars", "Venus", "Earth", "Saturn"], ["honey", "milk", "silk", "amber"],
    ["Marlowe", "Shakespeare", "Milton", "Chaucer"], ["six", "ten", "eight", "four"],
    ["Sydney", "Perth", "Darwin", "Canberra"], ["oxygen", "carbon dioxide", "helium", "argon"],
    ["the heart", "the liver", "the lung", "the skin"], ["red", "green", "blue", "grey"], ["a", "an", "the", "some"],
]  # fmt: skip
RIGHT = [1, 3, 0, 1, 2, 3, 1, 0, 2, 2]
TEXTS = ["gold", "Saturn", "honey", "Shakespeare", "eight", "Canberra", "carbon dioxide", "the heart", "blue", "the"]


def jsonl(path: Path, records: list[Row]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def ten(**columns: Any) -> list[Row]:
    """Ten rows; a list gives each row its value."""
    return [
        {"question": f"Which of these is it, number {i}?", **{name: values[i] for name, values in columns.items()}}
        for i in range(10)
    ]


def answers(place: str, **options: Any) -> list[str]:
    found: list[str] = read_source(place, SourceOptions(**options)).questions["answer"].to_list()
    return found


def test_numbers_from_one_are_told_by_the_whole_file(tmp_path: Path) -> None:
    place = jsonl(tmp_path / "x.jsonl", ten(options=CHOICES, answer_idx=[n + 1 for n in RIGHT]))
    assert answers(place) == TEXTS
    assert answers(jsonl(tmp_path / "y.jsonl", ten(options=CHOICES, label=[str(n + 1) for n in RIGHT]))) == TEXTS
    assert answers(jsonl(tmp_path / "z.jsonl", ten(options=CHOICES, label=[float(n) for n in RIGHT]))) == TEXTS


def test_no_zero_and_no_last_choice_says_nothing_in_few_rows(tmp_path: Path) -> None:
    """1, 2 and 3 of four choices may be counted from either end of nothing."""
    place = jsonl(tmp_path / "x.jsonl", ten(options=CHOICES, answer=[1, 2, 3, 1, 2, 3, 1, 2, 3, 1]))
    with pytest.raises(SourceError, match=r"none is 0 and none equals the number of choices.*--answer-base 0"):
        read_source(place)
    assert answers(place, answer_base=1)[:3] == ["iron", "Venus", "silk"]
    assert answers(place, answer_base=0)[:3] == ["gold", "Earth", "amber"]


def test_twenty_rows_without_a_zero_are_counted_from_one_and_said_so(tmp_path: Path) -> None:
    rows = [{"question": f"q {n}?", "options": ["one", "two", "three", "four"], "answer": 1 + n % 3} for n in range(24)]
    data = read_source(jsonl(tmp_path / "x.jsonl", rows))
    assert data.questions["answer"].to_list()[:3] == ["one", "two", "three"]
    assert any("read as 1-based" in notice for notice in data.notices)
    always_one = [{**row, "answer": 1} for row in rows]
    with pytest.raises(SourceError, match="--answer-base"):
        read_source(jsonl(tmp_path / "y.jsonl", always_one))


def test_a_mixture_of_bases_is_refused(tmp_path: Path) -> None:
    place = jsonl(tmp_path / "x.jsonl", ten(options=CHOICES, answer=[0, 4, 1, 2, 3, 1, 2, 3, 1, 2]))
    with pytest.raises(SourceError, match="1 values are 0 and 1 equal the number of their choices"):
        read_source(place)


def test_a_text_that_is_a_number_too_is_asked_about(tmp_path: Path) -> None:
    numbers = [["1", "2", "3", "0"]] * 10
    place = jsonl(tmp_path / "x.jsonl", ten(choices=numbers, answer=[0, 1, 2, 3, 0, 1, 2, 3, 0, 1]))
    with pytest.raises(SourceError, match="--answer-form text, letter or index"):
        read_source(place)
    assert answers(place, answer_form="text")[:4] == ["0", "1", "2", "3"]
    assert answers(place, answer_form="index")[:4] == ["1", "2", "3", "0"]


def test_a_missing_choice_says_where_counting_begins(tmp_path: Path) -> None:
    """1 to 4 of five choices, of which the first is always missing: counted from 1 that is nobody's answer."""
    rows = [
        {"question": f"Which of these is it, number {i}?", "choices": [None, *CHOICES[i % 10]], "answer": i % 4 + 1}
        for i in range(24)
    ]
    place = jsonl(tmp_path / "x.jsonl", rows)
    with pytest.raises(SourceError, match=r"point at a missing choice 6 times, from 0 0 times.*--answer-base 0"):
        read_source(place)
    assert answers(place, answer_base=0)[:2] == ["iron", "Venus"]


def test_texts_that_both_readings_agree_on_are_read(tmp_path: Path) -> None:
    numbers = [["1", "2", "3", "4"]] * 10
    place = jsonl(tmp_path / "x.jsonl", ten(choices=numbers, answer=["4", "1", "2", "3", "4", "1", "2", "3", "4", "1"]))
    assert answers(place)[:4] == ["4", "1", "2", "3"]


def test_the_labels_of_a_file_count_and_not_the_alphabet(tmp_path: Path) -> None:
    choices = [{"text": row, "label": list("DCBA")} for row in CHOICES]
    place = jsonl(tmp_path / "x.jsonl", ten(choices=choices, answerKey=["DCBA"[n] for n in RIGHT]))
    assert answers(place) == TEXTS


def test_options_in_an_object_are_choices(tmp_path: Path) -> None:
    options = [dict(zip("ABCD", row, strict=True)) for row in CHOICES]
    place = jsonl(tmp_path / "x.jsonl", ten(options=options, answer=["ABCD"[n] for n in RIGHT]))
    data = read_source(place)
    assert data.questions["answer"].to_list() == TEXTS
    assert data.questions["distractors"].to_list()[1] == ["Mars", "Venus", "Earth"]


UNSEEN = {
    "numbers beside columns of a name nobody knows": ten(
        first=[c[0] for c in CHOICES], second=[c[1] for c in CHOICES], third=[c[2] for c in CHOICES],
        fourth=[c[3] for c in CHOICES], answer=RIGHT,
    ),
    "letters beside them": ten(
        w=[c[0] for c in CHOICES], x=[c[1] for c in CHOICES], answer=["ABCD"[n % 2] for n in RIGHT]
    ),
    "letters and nothing else": ten(answer=["ABCD"[n] for n in RIGHT]),
    "numbers and nothing else": ten(answer=[str(n) for n in RIGHT]),
    "numbers that pandas made floats": ten(answer=[float(n) for n in RIGHT]),
    "larger numbers beside numbered columns": ten(
        picture1=[c[0] for c in CHOICES], picture2=[c[1] for c in CHOICES], answer=[10 + n % 2 for n in RIGHT]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSEEN)
def test_an_index_into_something_unseen_stops(name: str, tmp_path: Path) -> None:
    place = jsonl(tmp_path / "x.jsonl", UNSEEN[name])
    with pytest.raises(SourceError, match=r"points? into choices that were not found.*--answer-form text"):
        read_source(place)
    assert len(answers(place, answer_form="text")) == 10


STEPS = [
    {
        "id": f"gsm8k-{i}", "problem": f"Problem {i}: how many?", "steps": ["One.", "Two.", "Three."],
        "final_answer_correct": i % 2 == 0, "label": -1 if i % 2 == 0 else i % 3,
    }
    for i in range(10)
]  # fmt: skip
CHAINS = {
    "processbench": STEPS,
    "bigbench-mistake": [
        {"input": f"sort {i}", "target": "x y", "answer": "y x", "steps": ["a", "b"], "mistake_index": 1}
        for i in range(10)
    ],
    "stepwise": [{"prompt": f"p {i}", "completions": ["a", "b"], "labels": [True, False]} for i in range(10)],
    "prm800k": [
        {"question": {"problem": f"p {i}", "ground_truth_answer": "3"},
         "label": {"steps": [{"completions": [{"text": "a", "rating": 1}]}], "finish_reason": "solution"}}
        for i in range(10)
    ],
    "math-shepherd": [
        {"input": f"p {i} Step 1: a ки Step 2: b ки", "label": f"p {i} Step 1: a + Step 2: b -", "task": "GSM8K"}
        for i in range(10)
    ],
    "models": [
        {"question": f"p {i}", "ground_truth": "3 #### 3", "175b": {"solution": "4", "is_correct": False}}
        for i in range(10)
    ],
}  # fmt: skip


@pytest.mark.parametrize("layout", CHAINS)
def test_labels_of_steps_are_no_answers(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = jsonl(tmp_path / "x.jsonl", CHAINS[layout])
    with pytest.raises(SourceError, match="--tier erroneous-cot --trajectories"):
        read_source(place)
    with pytest.raises(SourceError, match="--tier erroneous-cot --trajectories"):
        read_answer_rows(place)
    assert negbank.inspect(place).understood.chains
    assert run(["mine", place, "--registry", str(tmp_path / "registry")]) == 1
    assert "--tier erroneous-cot" in capsys.readouterr().err
    assert not list((tmp_path / "registry").rglob("*.parquet"))


def test_two_columns_that_contradict_each_other(tmp_path: Path) -> None:
    good = ten(options=CHOICES, answer=TEXTS, answer_idx=[n + 1 for n in RIGHT])
    assert answers(jsonl(tmp_path / "a.jsonl", good)) == TEXTS
    shifted = ten(options=CHOICES, answer=TEXTS, answer_idx=[n % 3 for n in RIGHT])
    with pytest.raises(SourceError, match=r"answer and answer_idx contradict each other in 2 of 10 rows \(row"):
        read_source(jsonl(tmp_path / "b.jsonl", shifted))
    one_off = [dict(row) for row in good]
    one_off[4]["answer_idx"] = 1
    data = read_source(jsonl(tmp_path / "c.jsonl", one_off))
    assert data.questions["answer"].to_list() == TEXTS[:4] + TEXTS[5:]
    assert data.refused["reason"].to_list() == ["answer-columns-contradict"]
    assert data.refused["where"][0].endswith("c.jsonl:5")


def test_the_base_of_a_number_is_told_by_a_text_beside_it(tmp_path: Path) -> None:
    """Of themselves 1, 2, 3 say nothing."""
    number = [2, 3, 1, 2, 3, 2, 2, 1, 3, 3]
    text = [choices[n - 1] for n, choices in zip(number, CHOICES, strict=True)]
    assert answers(jsonl(tmp_path / "a.jsonl", ten(options=CHOICES, answer=text, answer_idx=number))) == text
    other = [choices[(n + 1) % 4] for n, choices in zip(number, CHOICES, strict=True)]
    with pytest.raises(SourceError, match="contradict each other in 10 of 10"):
        read_source(jsonl(tmp_path / "b.jsonl", ten(options=CHOICES, answer=other, answer_idx=number)))


def test_more_than_a_tenth_outside_the_choices_stops(tmp_path: Path) -> None:
    records = ten(options=CHOICES, answer=[*TEXTS[:8], "nothing", "of these"])
    place = jsonl(tmp_path / "x.jsonl", records)
    with pytest.raises(SourceError) as caught:
        read_source(place)
    text = str(caught.value)
    assert "in 2 of 10 rows" in text and "row 9" in text and "row 10" in text and "--allow-skipped" in text
    data = read_source(place, SourceOptions(allow_skipped=0.3))
    assert data.questions["answer"].to_list() == TEXTS[:8]
    assert data.refused["reason"].to_list() == ["answer-not-among-choices"] * 2


def test_choices_that_all_are_the_answer(tmp_path: Path) -> None:
    place = jsonl(tmp_path / "x.jsonl", ten(options=[[text] * 4 for text in TEXTS], answer=TEXTS))
    with pytest.raises(SourceError, match=r"no row is a usable question \(one-choice-only 10\)"):
        read_source(place)
    wrong = jsonl(tmp_path / "y.jsonl", ten(answer=TEXTS, incorrect_answer=TEXTS))
    with pytest.raises(SourceError, match="wrong-answers-equal-the-right-one 10"):
        read_source(wrong)


def test_columns_the_wrong_way_round(tmp_path: Path) -> None:
    records = [{"q": f"Which one is number {i}?", "a": TEXTS[i], "incorrect_answer": CHOICES[i][0]} for i in range(10)]
    place = jsonl(tmp_path / "x.jsonl", records)
    with pytest.raises(SourceError, match="look swapped"):
        read_source(place, SourceOptions(columns=Columns("a", "q")))
    with pytest.raises(SourceError, match="a column of that name holds wrong answers"):
        read_source(place, SourceOptions(columns=Columns("q", "incorrect_answer")))
    right = jsonl(tmp_path / "y.jsonl", [{"question": "q?", "correct_answer": "yes", "other": "no"}])
    with pytest.raises(SourceError, match="a column of that name holds right answers"):
        read_answer_rows(right, SourceOptions(columns=Columns(answer="other", negative=("correct_answer",))))


CLASSES = {
    "classes": ([{"prompt": f"Do {i}", "label": "safe" if i % 2 else "unsafe"} for i in range(30)], "classes"),
    "verdicts by number": (
        [{"question": f"q {i}?", "answer": f"sentence {i}", "label": i % 2} for i in range(10)], "may say of answer",
    ),
    "a test split without labels": ([{**row, "label": -1} for row in ten(endings=CHOICES)], "-1 to -1"),
    "no labels": ([{**row, "label": None} for row in ten(endings=CHOICES)], "holds nothing"),
    "an object nobody knows": ([{"question": f"q {i}?", "answer": {"x": i, "y": 1}} for i in range(10)], "an object"),
    "an answer beside wrong choices": (ten(choices=CHOICES, answer=["copper"] * 10), "--negative-column choices"),
    "cause and effect": (
        [{"event": f"It rained {i}.", "choice1": f"a {i}", "choice2": f"b {i}", "question": "cause", "label": i % 2}
         for i in range(30)], "which are no questions",
    ),
    "choices in one text": (ten(choices=["a|b|c"] * 10, answer=["b"] * 10), "--split-on"),
    "answers that may be choices": (ten(answers=CHOICES, answer=TEXTS), "--choices-column answers"),
    "answers without the answer": (ten(answers=[c[1:] for c in CHOICES], answer=["x y"] * 10), "contradict"),
    "several answers in a text": (ten(correct_answers=[f"{t}; a {t}" for t in TEXTS]), "--split-on ';'"),
    "choices and a column that points, by a name nobody knows": (
        ten(answers=CHOICES, winner=RIGHT), "--choices-column answers --answer-column winner",
    ),
    "a score for each answer": (ten(answers=CHOICES, scores=[[.1, .9, .2, .3]] * 10), "scores may say which is right"),
    "answers with their ranks": (
        ten(answers=[[{"answer": c, "rank": r} for r, c in enumerate(four)] for four in CHOICES]), "a field 'rank'",
    ),
    "an answer that is called wrong in its own object": (
        ten(answer=[{"text": t, "correct": i % 2 == 0} for i, t in enumerate(TEXTS)]), "a field 'correct'",
    ),
    "an id of an answer": (ten(answer_id=[88_231 + i for i in range(10)]), "points at an answer elsewhere"),
    "an id of letters": (ten(answer_id=[f"x-{i}y" for i in range(10)]), "points at an answer elsewhere"),
    "a reward of 0 and 1": (ten(answer=TEXTS, reward=[1.0, 0.0] * 5), "may say of answer whether it is right"),
    "a test split whose choices are called answers": (
        [{"question": f"Which of these is it, number {i}?", "answers": CHOICES[i % 10]} for i in range(20)],
        "4 different texts in every row, as choices have",
    ),
    "wrong answers in one text": (ten(answer=TEXTS, distractors=["a b; c d"] * 10), "--split-on ';'"),
    "nothing but nulls": ([{"question": None, "answer": None}] * 3, "no question column"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_what_is_no_answer_is_said_to_be_none(name: str, tmp_path: Path) -> None:
    records, message = CLASSES[name]
    place = jsonl(tmp_path / "x.jsonl", records)
    with pytest.raises(SourceError, match=message):
        read_source(place)


def test_nothing_is_ever_pythons_form_of_a_list(tmp_path: Path) -> None:
    records = [
        {"question": "q1?", "answer": ["4", "four"], "negative": ["5", "six"]},
        {"question": "q2?", "answer": {"text": ["x y", "z"]}, "negative": {"text": ["w"]}},
    ]
    frame = read_answer_rows(jsonl(tmp_path / "x.jsonl", records)).frame
    assert frame["answer"].to_list() == ["4", "4", "x y"]
    assert frame["answers"].to_list() == [["4", "four"], ["4", "four"], ["x y", "z"]]
    assert frame["negative"].to_list() == ["5", "six", "w"]


def test_values_arrive_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(
        '{"question": "a?", "answer": 12345678901234567}\n{"question": "b?", "answer": true}\n'
        '{"question": "c?", "answer": 3}\n{"question": "d?", "answer": 3.0}\n{"question": "e?", "answer": 1.50}\n'
        '{"question": "f?", "answer": "007"}\n{"question": "g?", "answer": 1e-7}\n{"question": "h?", "answer": "a b"}\n'
    )
    assert answers(str(tmp_path / "x.jsonl")) == [
        "12345678901234567", "true", "3", "3.0", "1.50", "007", "1e-7", "a b",
    ]  # fmt: skip
    (tmp_path / "x.csv").write_text("question,answer\na?,007\nb?,3.10\nc?,true\nd?,1e5\n")
    assert answers(str(tmp_path / "x.csv")) == ["007", "3.10", "true", "1e5"]


def test_a_question_asked_twice_has_both_right_answers(tmp_path: Path) -> None:
    records = [
        {"question": "Name a metal.", "options": ["iron", "honey", "gold"], "answer": "iron"},
        {"question": "Name a metal.", "options": ["wood", "gold", "silk"], "answer": "gold"},
        {"question": "Name a fruit.", "options": ["pear", "oak", "fir"], "answer": "pear"},
    ]
    data = read_source(jsonl(tmp_path / "x.jsonl", records))
    assert data.questions["answer"].to_list() == ["iron", "pear"]
    assert data.questions["distractors"].to_list() == [["honey", "wood", "silk"], ["oak", "fir"]]
    assert data.refused.is_empty()


def test_a_context_is_part_of_the_question(tmp_path: Path) -> None:
    records = [
        {"passage": "It is red.", "question": "Which colour?", "answer": "red"},
        {"passage": "It is blue.", "question": "Which colour?", "answer": "blue"},
    ]
    data = read_source(jsonl(tmp_path / "x.jsonl", records))
    assert data.questions["answer"].to_list() == ["red", "blue"]
    assert data.questions["question_id"].n_unique() == 2


def test_several_answer_columns_and_a_separator(tmp_path: Path) -> None:
    place = jsonl(tmp_path / "x.jsonl", [{"question": "q?", "one": "four", "two": "4", "wrong": "5"}])
    frame = read_answer_rows(place, SourceOptions(columns=Columns(answer=("one", "two")))).frame
    assert frame["answers"].to_list() == [["four", "4"]]
    split = jsonl(tmp_path / "y.jsonl", [{"question": "q?", "answer": "four; 4", "wrong": "5;six"}])
    frame = read_answer_rows(split, SourceOptions(split_on=";")).frame
    assert frame["answers"].to_list() == [["four", "4"]] * 2 and frame["negative"].to_list() == ["5", "six"]


def test_dotted_paths_in_flags(tmp_path: Path) -> None:
    records = [
        {"input": {"body": {"ask": f"q {i}?"}, "list": [{"t": text} for text in CHOICES[i]]}, "out": {"n": RIGHT[i]}}
        for i in range(10)
    ]
    place = jsonl(tmp_path / "x.jsonl", records)
    columns = Columns("input.body.ask", "out.n", ("input.list.t",))
    assert answers(place, columns=columns) == TEXTS
    with pytest.raises(UnknownNameError, match=r"no column 'input.asked'"):
        read_source(place, SourceOptions(columns=Columns("input.asked")))


def test_a_single_column_that_may_be_wrong_is_suggested(tmp_path: Path) -> None:
    place = jsonl(tmp_path / "x.jsonl", [{"question": "q?", "answer": "yes sir", "said": "no sir"}])
    with pytest.raises(SourceError, match="if said holds them, say --negative-column said"):
        read_answer_rows(place)
    two = jsonl(tmp_path / "y.jsonl", [{"question": "q?", "answer": "yes sir", "said": "no sir", "note": "hm"}])
    with pytest.raises(SourceError, match="name it with --negative-column"):
        read_answer_rows(two)
