"""The layouts that public sets have, ten rows each, read without a flag. What must come out stands in TEN."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from negbank.sources import SourceOptions, read_source
from negbank.sources.answer_rows import read_answer_rows
from negbank.sources.file import FileData
from negbank.sources.places import read_records
from negbank.sources.understanding import understand

Row = dict[str, Any]

TEN = [
    ("Which metal is liquid at room temperature?", "mercury", ["iron", "lead", "zinc"]),
    ("Which planet has the most moons?", "Saturn", ["Mars", "Venus", "Earth"]),
    ("What do bees make?", "honey", ["milk", "silk", "amber"]),
    ("Which ocean is the largest?", "the Pacific", ["the Atlantic", "the Arctic", "the Indian Ocean"]),
    ("Who wrote Hamlet?", "Shakespeare", ["Marlowe", "Milton", "Chaucer"]),
    ("What is the boiling point of water at sea level?", "100 degrees Celsius", ["90 degrees Celsius", "80 K", "50 F"]),
    ("Which gas do plants take in?", "carbon dioxide", ["oxygen", "helium", "argon"]),
    ("How many legs has a spider?", "eight", ["six", "ten", "four"]),
    ("Which organ pumps blood?", "the heart", ["the liver", "the lung", "the kidney"]),
    ("What is the capital of Australia?", "Canberra", ["Sydney", "Perth", "Darwin"]),
]
"""Question, right answer, wrong ones."""
PLACES = [0, 2, 3, 1, 0, 3, 2, 1, 0, 2]
"""Where the right answer stands among four choices, written by hand."""
CONTEXTS = [f"Passage {number}: a text that the question is about." for number in range(10)]


def choices(row: int, count: int = 4) -> list[str]:
    """The choices of a row, the right one at its place (the last where there are fewer)."""
    _, right, wrong = TEN[row]
    place = min(PLACES[row], count - 1)
    return [*wrong[: count - 1][:place], right, *wrong[: count - 1][place:]]


def place(row: int, count: int = 4) -> int:
    return min(PLACES[row], count - 1)


def rows(make: Callable[[int], Row]) -> list[Row]:
    return [make(row) for row in range(10)]


LETTERS = "ABCD"

CHOICE_LAYOUTS: dict[str, tuple[list[Row], int]] = {
    "arc": (rows(lambda i: {
        "id": f"Mercury_{i}", "question": TEN[i][0], "choices": {"text": choices(i), "label": list("ABCD")},
        "answerKey": LETTERS[place(i)],
    }), 4),
    "arc with numbers as labels": (rows(lambda i: {
        "id": f"NY_{i}", "question": TEN[i][0], "choices": {"text": choices(i), "label": list("1234")},
        "answerKey": "1234"[place(i)],
    }), 4),
    "arc as its authors have it": (rows(lambda i: {
        "id": f"MCAS_{i}",
        "question": {"stem": TEN[i][0], "choices": [
            {"text": text, "label": label} for text, label in zip(choices(i), "ABCD", strict=True)
        ]},
        "answerKey": LETTERS[place(i)],
    }), 4),
    "openbookqa": (rows(lambda i: {
        "id": f"7-{i}", "question_stem": TEN[i][0], "choices": {"text": choices(i), "label": list("ABCD")},
        "answerKey": LETTERS[place(i)],
    }), 4),
    "commonsenseqa": (rows(lambda i: {
        "id": f"{i:032x}", "question": TEN[i][0], "question_concept": "thing",
        "choices": {"label": list("ABCD"), "text": choices(i)}, "answerKey": LETTERS[place(i)],
    }), 4),
    "piqa": (rows(lambda i: {
        "goal": TEN[i][0], "sol1": choices(i, 2)[0], "sol2": choices(i, 2)[1], "label": place(i, 2),
    }), 2),
    "socialiqa": (rows(lambda i: {
        "context": CONTEXTS[i], "question": TEN[i][0], "answerA": choices(i, 3)[0], "answerB": choices(i, 3)[1],
        "answerC": choices(i, 3)[2], "label": str(place(i, 3) + 1),
    }), 3),
    "medqa": (rows(lambda i: {
        "question": TEN[i][0], "answer": TEN[i][1], "options": dict(zip("ABCD", choices(i), strict=True)),
        "meta_info": "step1", "answer_idx": LETTERS[place(i)], "metamap_phrases": ["a", "b"],
    }), 4),
    "medqa with a list and numbers from 1": (rows(lambda i: {
        "question": TEN[i][0], "answer": TEN[i][1], "options": choices(i), "answer_idx": place(i) + 1,
    }), 4),
    "medqa with keys and values": (rows(lambda i: {
        "question": TEN[i][0], "options": [
            {"key": key, "value": text} for key, text in zip("ABCD", choices(i), strict=True)
        ], "answer_idx": LETTERS[place(i)], "answer": TEN[i][1],
    }), 4),
    "aqua": (rows(lambda i: {
        "question": TEN[i][0], "options": [f"{k}){t}" for k, t in zip("ABCD", choices(i), strict=True)],
        "rationale": f"It is known. So it is {TEN[i][1]}.", "correct": LETTERS[place(i)],
    }), 4),
    "mathqa, options in one text": (rows(lambda i: {
        "Problem": TEN[i][0], "Rationale": "as above",
        "options": " , ".join(f"{k} ) {t}" for k, t in zip("abcd", choices(i), strict=True)),
        "correct": "abcd"[place(i)], "category": "general",
    }), 4),
    "options in one text, a line each": (rows(lambda i: {
        "question": TEN[i][0], "options": "\n".join(f"{k}. {t}" for k, t in zip("ABCD", choices(i), strict=True)),
        "answer": LETTERS[place(i)],
    }), 4),
    "hellaswag": (rows(lambda i: {
        "ind": i, "activity_label": "Science", "ctx_a": TEN[i][0], "ctx_b": "", "ctx": TEN[i][0], "endings": choices(i),
        "source_id": f"x~{i}", "split": "val", "label": str(place(i)),
    }), 4),
    "mmlu": (rows(lambda i: {
        "question": TEN[i][0], "subject": "science", "choices": choices(i), "answer": place(i),
    }), 4),
    "mmlu as csv": (rows(lambda i: {
        "question": TEN[i][0], **dict(zip("ABCD", choices(i), strict=True)), "answer": LETTERS[place(i)],
    }), 4),
    "medmcqa": (rows(lambda i: {
        "id": f"m{i}", "question": TEN[i][0], "opa": choices(i)[0], "opb": choices(i)[1], "opc": choices(i)[2],
        "opd": choices(i)[3], "cop": place(i), "exp": None, "subject_name": "Anatomy",
    }), 4),
    "numbered options, answer from 1": (rows(lambda i: {
        "Question": TEN[i][0], **{f"Option {n}": text for n, text in enumerate(choices(i), 1)},
        "Correct Option": place(i) + 1,
    }), 4),
    "race": (rows(lambda i: {
        "example_id": "high1.txt", "article": CONTEXTS[i], "question": TEN[i][0], "options": choices(i),
        "answer": LETTERS[place(i)],
    }), 4),
    "reclor, choices named answers": (rows(lambda i: {
        "context": CONTEXTS[i], "question": TEN[i][0], "answers": choices(i), "label": place(i), "id_string": f"t{i}",
    }), 4),
    "logiqa": (rows(lambda i: {
        "context": CONTEXTS[i], "query": TEN[i][0], "options": choices(i), "correct_option": place(i),
    }), 4),
    "cosmosqa": (rows(lambda i: {
        "id": f"c{i}", "context": CONTEXTS[i], "question": TEN[i][0],
        **{f"answer{n}": text for n, text in enumerate(choices(i))}, "label": place(i),
    }), 4),
    "swag": (rows(lambda i: {
        "video-id": f"v{i}", "startphrase": TEN[i][0], **{f"ending{n}": t for n, t in enumerate(choices(i))},
        "label": place(i),
    }), 4),
    "one-hot": (rows(lambda i: {
        "question": TEN[i][0], "choices": choices(i), "labels": None,
        "answer": [int(n == place(i)) for n in range(4)],
    }), 4),
    "ids and texts": (rows(lambda i: {
        "qid": i + 100, "qtext": None, "question": TEN[i][0],
        "answers": None, "choices": [{"aid": n, "atext": text} for n, text in enumerate(choices(i), 1)],
        "answer": place(i) + 1,
    }), 4),
    "choices that say whether they are right": (rows(lambda i: {
        "question": TEN[i][0],
        "choices": [{"text": text, "is_correct": n == place(i)} for n, text in enumerate(choices(i))],
    }), 4),
    "truthfulqa, mc1 alone": (rows(lambda i: {
        "question": TEN[i][0], "mc1_targets": {"choices": choices(i), "labels": [int(n == place(i)) for n in range(4)]},
    }), 4),
    "truthfulqa as its authors have it": (rows(lambda i: {
        "question": TEN[i][0], "mc1_targets": {text: int(n == place(i)) for n, text in enumerate(choices(i))},
    }), 4),
    "everything in one object": (rows(lambda i: {
        "doc_id": i, "doc": {"question": TEN[i][0], "choices": choices(i), "answer": place(i)}, "target": "x",
    }), 4),
}  # fmt: skip

SECOND = ["Hg", "the planet Saturn", "bee honey", "Pacific", "William Shakespeare", "212 F", "CO2", "8", "a heart",
          "Canberra, ACT"]  # fmt: skip
"""Another right answer to each question."""

TEXT_LAYOUTS: dict[str, tuple[list[Row], Callable[[int], tuple[list[str], list[str]]]]] = {
    "gpqa": (rows(lambda i: {
        "Pre-Revision Question": "old", "Question": TEN[i][0], "Correct Answer": TEN[i][1],
        **{f"Incorrect Answer {n}": text for n, text in enumerate(TEN[i][2], 1)},
        "Subdomain": "x", "Record ID": f"rec{i}",
    }), lambda i: ([TEN[i][1]], TEN[i][2])),
    "sciq": (rows(lambda i: {
        "question": TEN[i][0], "distractor3": TEN[i][2][2], "distractor1": TEN[i][2][0], "distractor2": TEN[i][2][1],
        "correct_answer": TEN[i][1], "support": CONTEXTS[i],
    }), lambda i: ([TEN[i][1]], TEN[i][2])),
    "truthfulqa generation": (rows(lambda i: {
        "type": "Adversarial", "category": "Science", "question": TEN[i][0], "best_answer": TEN[i][1],
        "correct_answers": [SECOND[i], TEN[i][1]], "incorrect_answers": TEN[i][2], "source": "https://example.org",
    }), lambda i: ([TEN[i][1], SECOND[i]], TEN[i][2])),
    "truthfulqa csv": (rows(lambda i: {
        "Type": "Adversarial", "Category": "Science", "Question": TEN[i][0], "Best Answer": TEN[i][1],
        "Correct Answers": f"{SECOND[i]}; {TEN[i][1]}", "Incorrect Answers": "; ".join(TEN[i][2]), "Source": "web",
    }), lambda i: ([TEN[i][1], SECOND[i]], TEN[i][2])),
    "squad": (rows(lambda i: {
        "id": f"s{i}", "title": "T", "context": CONTEXTS[i], "question": TEN[i][0],
        "answers": {"text": [TEN[i][1], SECOND[i]], "answer_start": [3, 9]},
    }), lambda i: ([TEN[i][1], SECOND[i]], [])),
    "nq-open": (rows(lambda i: {"question": TEN[i][0], "answer": [TEN[i][1], SECOND[i]]}),
                lambda i: ([TEN[i][1], SECOND[i]], [])),
    "triviaqa": (rows(lambda i: {
        "question": TEN[i][0], "question_id": f"tc_{i}", "question_source": "http://www.triviacountry.com/",
        "answer": {"aliases": [SECOND[i], TEN[i][1]], "normalized_aliases": [SECOND[i].lower()], "value": TEN[i][1],
                   "matched_wiki_entity_name": "", "normalized_value": TEN[i][1].lower(), "type": "WikipediaEntity"},
    }), lambda i: ([TEN[i][1], SECOND[i]], [])),
    "halueval": (rows(lambda i: {
        "knowledge": CONTEXTS[i], "question": TEN[i][0], "right_answer": TEN[i][1], "hallucinated_answer": TEN[i][2][0],
    }), lambda i: ([TEN[i][1]], TEN[i][2][:1])),
    "dpo": (rows(lambda i: {"prompt": TEN[i][0], "chosen": TEN[i][1], "rejected": TEN[i][2][0]}),
            lambda i: ([TEN[i][1]], TEN[i][2][:1])),
    "dpo, conversational": (rows(lambda i: {
        "prompt": [{"role": "user", "content": TEN[i][0]}],
        "chosen": [{"role": "assistant", "content": TEN[i][1]}],
        "rejected": [{"role": "assistant", "content": TEN[i][2][0]}],
    }), lambda i: ([TEN[i][1]], TEN[i][2][:1])),
    "dpo, the prompt within": (rows(lambda i: {
        "chosen": [{"role": "user", "content": TEN[i][0]}, {"role": "assistant", "content": TEN[i][1]}],
        "rejected": [{"role": "user", "content": TEN[i][0]}, {"role": "assistant", "content": TEN[i][2][0]}],
    }), lambda i: ([TEN[i][1]], TEN[i][2][:1])),
    "dpo, transcripts": (rows(lambda i: {
        "chosen": f"\n\nHuman: {TEN[i][0]}\n\nAssistant: {TEN[i][1]}",
        "rejected": f"\n\nHuman: {TEN[i][0]}\n\nAssistant: {TEN[i][2][0]}",
    }), lambda i: ([TEN[i][1]], TEN[i][2][:1])),
    "triplets": (rows(lambda i: {"query": TEN[i][0], "positive": TEN[i][1], "negative": TEN[i][2][0]}),
                 lambda i: ([TEN[i][1]], TEN[i][2][:1])),
    "triplets with several negatives": (rows(lambda i: {
        "anchor": TEN[i][0], "positive": TEN[i][1], **{f"negative_{n}": t for n, t in enumerate(TEN[i][2], 1)},
    }), lambda i: ([TEN[i][1]], TEN[i][2])),
    "triplets with lists": (rows(lambda i: {"query": TEN[i][0], "pos": [TEN[i][1]], "neg": TEN[i][2]}),
                            lambda i: ([TEN[i][1]], TEN[i][2])),
    "drop": (rows(lambda i: {
        "section_id": "nfl_1", "query_id": f"d{i}", "passage": CONTEXTS[i], "question": TEN[i][0],
        "answers_spans": {"spans": [TEN[i][1], SECOND[i]], "types": ["span", "span"]},
    }), lambda i: ([TEN[i][1], SECOND[i]], [])),
    "humanevalpack": (rows(lambda i: {
        "task_id": f"Python/{i}", "prompt": TEN[i][0], "canonical_solution": f"    x = {i}\n    return x\n",
        "buggy_solution": f"    x = {i + 1}\n    return x\n", "bug_type": "value misuse",
    }), lambda i: ([f"    x = {i}\n    return x"], [f"    x = {i + 1}\n    return x"])),
    "alpaca": (rows(lambda i: {"instruction": "Answer the question.", "input": TEN[i][0], "output": TEN[i][1]}),
               lambda i: ([TEN[i][1]], [])),
    "judged answers": (rows(lambda i: {"question": TEN[i // 2][0], "answer": TEN[i // 2][1 if i % 2 == 0 else 2][
        slice(None) if i % 2 == 0 else 0], "is_correct": i % 2 == 0}), lambda i: ([TEN[i][1]], TEN[i][2][:1])),
}  # fmt: skip


def jsonl(path: Path, records: list[Row]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def read(path: str) -> pl.DataFrame:
    records = read_records(path)
    return understand(records, SourceOptions(), records.name)[0]


MORE_CHOICE_LAYOUTS: dict[str, list[Row]] = {
    "quail": rows(lambda i: {
        "question_id": str(i), "context": CONTEXTS[i], "question": TEN[i][0], "answers": choices(i),
        "correct_answer_id": place(i),
    }),
    "quiz of an own site": rows(lambda i: {
        "question": TEN[i][0], "answers": [{"text": c, "correct": c == TEN[i][1]} for c in choices(i)],
    }),
    "a form's export": rows(lambda i: {
        "questionText": TEN[i][0], "options": [{"id": n, "value": c} for n, c in enumerate(choices(i))],
        "correctOptionId": place(i),
    }),
    "the name of the right column": rows(lambda i: {
        "question": TEN[i][0], **{f"option_{x}": c for x, c in zip("abcd", choices(i), strict=True)},
        "correct": f"option_{'abcd'[place(i)]}",
    }),
    "Option B": rows(lambda i: {
        "question": TEN[i][0], **dict(zip("ABCD", choices(i), strict=True)), "answer": f"Option {LETTERS[place(i)]}",
    }),
    "big-bench hard": rows(lambda i: {
        "input": TEN[i][0] + "\nOptions:\n" + "\n".join(f"({x}) {c}" for x, c in zip(LETTERS, choices(i), strict=True)),
        "target": f"({LETTERS[place(i)]})",
    }),
    "choices within the question": rows(lambda i: {
        "question": TEN[i][0] + "\n" + "\n".join(f"{x}. {c}" for x, c in zip(LETTERS, choices(i), strict=True))
        + "\nAnswer:",
        "answer": LETTERS[place(i)],
    }),
    "big-bench": rows(lambda i: {
        "input": TEN[i][0], "target_scores": {c: int(c == TEN[i][1]) for c in choices(i)},
    }),
    "big-bench on the Hub": rows(lambda i: {
        "idx": i, "inputs": TEN[i][0], "targets": [TEN[i][1]], "multiple_choice_targets": choices(i),
        "multiple_choice_scores": [int(n == place(i)) for n in range(4)],
    }),
    "medqa in swag's columns": rows(lambda i: {
        "id": i, "sent1": TEN[i][0], "sent2": "", **{f"ending{n}": c for n, c in enumerate(choices(i))},
        "label": place(i),
    }),
    "with empty choices": rows(lambda i: {
        "question": TEN[i][0], "choices": [*choices(i), None, ""], "answer": place(i),
    }),
}  # fmt: skip


@pytest.mark.parametrize("layout", MORE_CHOICE_LAYOUTS)
def test_more_choices(layout: str, tmp_path: Path) -> None:
    found = read(jsonl(tmp_path / "x.jsonl", MORE_CHOICE_LAYOUTS[layout]))
    assert [text.split("\n")[0] for text in found["question"]] == [question for question, _, _ in TEN]
    assert found["answer"].to_list() == [right for _, right, _ in TEN]
    assert found["answers"].to_list() == [None] * 10
    assert found["distractors"].to_list() == [wrong for _, _, wrong in TEN]


@pytest.mark.parametrize("joined", ["", ",", ", ", "/"])
def test_several_letters(joined: str, tmp_path: Path) -> None:
    """CMB's way: "BC" where two choices are right."""
    records = rows(lambda i: {
        "question": TEN[i][0], "options": dict(zip(LETTERS, choices(i), strict=True)),
        "answer": joined.join(sorted({LETTERS[place(i)], LETTERS[(place(i) + 1) % 4]})) if i % 2 else LETTERS[place(i)],
    })  # fmt: skip
    found = read(jsonl(tmp_path / "x.jsonl", records))
    for i, row in enumerate(found.iter_rows(named=True)):
        two = {TEN[i][1], choices(i)[(place(i) + 1) % 4]} if i % 2 else {TEN[i][1]}
        assert set(row["answers"] or [row["answer"]]) == two
        assert set(row["distractors"]) == set(choices(i)) - two


@pytest.mark.parametrize("layout", CHOICE_LAYOUTS)
def test_choices(layout: str, tmp_path: Path) -> None:
    records, count = CHOICE_LAYOUTS[layout]
    questions = read(jsonl(tmp_path / "x.jsonl", records))
    assert questions["question"].to_list() == [question for question, _, _ in TEN]
    assert questions["answer"].to_list() == [right for _, right, _ in TEN]
    assert questions["distractors"].to_list() == [wrong[: count - 1] for _, _, wrong in TEN]


@pytest.mark.parametrize("layout", TEXT_LAYOUTS)
def test_answers_as_texts(layout: str, tmp_path: Path) -> None:
    records, expected = TEXT_LAYOUTS[layout]
    place = jsonl(tmp_path / "x.jsonl", records)
    found = understand(read_records(place), SourceOptions(), "x")
    count = found[0].height
    assert count == (5 if layout == "judged answers" else 10)
    texts = {"alpaca": ["Answer the question."] * 10}.get(layout, [question for question, _, _ in TEN][:count])
    assert found[0]["question"].to_list() == texts
    assert found[0]["answer"].to_list() == [expected(i)[0][0] for i in range(count)]
    assert found[0]["distractors"].to_list() == [expected(i)[1] for i in range(count)]
    assert [list(example.answers) for example in found[2].examples] == [expected(i)[0] for i in range(3)]


@pytest.mark.parametrize("layout", [name for name, (_, expected) in TEXT_LAYOUTS.items() if expected(0)[1]])
def test_every_wrong_answer_of_a_file_is_a_row_for_add(layout: str, tmp_path: Path) -> None:
    records, expected = TEXT_LAYOUTS[layout]
    found = read_answer_rows(jsonl(tmp_path / "x.jsonl", records))
    frame, understood = found.frame, found.understood
    count = 5 if layout == "judged answers" else 10
    wanted = [(TEN[i][0], expected(i)[0][0], wrong) for i in range(count) for wrong in expected(i)[1]]
    assert [*frame.select("question", "answer", "negative").iter_rows()] == wanted
    assert understood.kept == len(wanted)


@pytest.mark.parametrize("layout", ["piqa", "mmlu", "medqa", "hellaswag"])
def test_wrong_choices_are_rows_for_add_too(layout: str, tmp_path: Path) -> None:
    records, count = CHOICE_LAYOUTS[layout]
    frame = read_answer_rows(jsonl(tmp_path / "x.jsonl", records)).frame
    wanted = [(question, right, text) for question, right, wrong in TEN for text in wrong[: count - 1]]
    assert [*frame.select("question", "answer", "negative").iter_rows()] == wanted


FLAT = ("mmlu as csv", "medmcqa", "piqa", "socialiqa", "cosmosqa", "swag", "numbered options, answer from 1")


@pytest.mark.parametrize("layout", FLAT)
def test_the_same_as_csv(layout: str, tmp_path: Path) -> None:
    """All values are texts there; the layout says the same."""
    records, count = CHOICE_LAYOUTS[layout]
    with (tmp_path / "x.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    questions = read(str(tmp_path / "x.csv"))
    assert questions["answer"].to_list() == [right for _, right, _ in TEN]
    assert questions["distractors"].to_list() == [wrong[: count - 1] for _, _, wrong in TEN]


@pytest.mark.parametrize("layout", [*CHOICE_LAYOUTS])
def test_the_same_as_parquet(layout: str, tmp_path: Path) -> None:
    """Objects with differing keys have them all there, null in other rows."""
    records, count = CHOICE_LAYOUTS[layout]
    if layout == "truthfulqa as its authors have it":
        pytest.skip("a field for each text is no table")
    pl.DataFrame(records, infer_schema_length=None).write_parquet(tmp_path / "x.parquet")
    questions = read(str(tmp_path / "x.parquet"))
    assert questions["answer"].to_list() == [right for _, right, _ in TEN]
    assert questions["distractors"].to_list() == [wrong[: count - 1] for _, _, wrong in TEN]


CONTEXT_LAYOUTS = ("socialiqa", "race", "reclor, choices named answers", "logiqa", "cosmosqa")


@pytest.mark.parametrize("layout", CONTEXT_LAYOUTS)
def test_a_passage_is_the_context(layout: str, tmp_path: Path) -> None:
    _, _, understood = understand(
        read_records(jsonl(tmp_path / "x.jsonl", CHOICE_LAYOUTS[layout][0])), SourceOptions(), "x"
    )
    assert [example.context for example in understood.examples] == CONTEXTS[:3]


def test_contexts_of_answers_as_texts(tmp_path: Path) -> None:
    for layout in ("sciq", "squad", "halueval", "drop"):
        place = jsonl(tmp_path / "x.jsonl", TEXT_LAYOUTS[layout][0])
        _, _, understood = understand(read_records(place), SourceOptions(), "x")
        assert [example.context for example in understood.examples] == CONTEXTS[:3], layout


def test_numbers_and_verdicts_that_are_answers(tmp_path: Path) -> None:
    """GSM8K's numbers, SVAMP's floats and BoolQ's true and false are answers as they are written."""
    numbers = ["18", "3", "70000", "540", "20", "64", "260", "160", "45", "460"]
    gsm8k = [{"question": TEN[i][0], "answer": numbers[i]} for i in range(10)]
    assert read(jsonl(tmp_path / "a.jsonl", gsm8k))["answer"].to_list() == numbers
    (tmp_path / "svamp.json").write_text(
        '[{"ID": "chal-1", "Body": "Each pack costs 76 dollars", "Question": "How much is it?", "Answer": 51.0},\n'
        '{"ID": "chal-2", "Body": "Dan had 3 left", "Question": "What did the bar cost?", "Answer": 1.0}]'
    )
    svamp = read_source(str(tmp_path / "svamp.json"))
    assert isinstance(svamp, FileData) and svamp.understood is not None
    assert svamp.questions["answer"].to_list() == ["51.0", "1.0"]
    assert svamp.questions["question_id"].to_list() == ["chal-1", "chal-2"]
    assert svamp.understood.examples[0].context == "Each pack costs 76 dollars"
    boolq = [{"question": f"is {TEN[i][1]} right", "answer": i % 3 == 0, "passage": CONTEXTS[i]} for i in range(10)]
    answers = read(jsonl(tmp_path / "b.jsonl", boolq))["answer"].to_list()
    assert answers == ["true", "false", "false", "true", "false", "false", "true", "false", "false", "true"]


def test_truthfulqa_with_both_targets_has_all_right_answers(tmp_path: Path) -> None:
    """mc1 says which is the answer, mc2 which others are right."""
    records = [
        {
            "question": question,
            "mc1_targets": {"choices": [right, *wrong], "labels": [1, 0, 0, 0]},
            "mc2_targets": {"choices": [SECOND[i], right, *wrong], "labels": [1, 1, 0, 0, 0]},
        }
        for i, (question, right, wrong) in enumerate(TEN)
    ]
    _, _, understood = understand(read_records(jsonl(tmp_path / "x.jsonl", records)), SourceOptions(), "x")
    assert [example.answers for example in understood.examples] == [(TEN[i][1], SECOND[i]) for i in range(3)]
    assert [list(example.wrong) for example in understood.examples] == [TEN[i][2] for i in range(3)]


def test_squad_as_its_authors_have_it(tmp_path: Path) -> None:
    paragraph = {
        "context": CONTEXTS[0],
        "qas": [{"id": f"q{i}", "question": TEN[i][0], "answers": [{"text": TEN[i][1], "answer_start": 1},
                 {"text": SECOND[i], "answer_start": 1}]} for i in range(10)],
    }  # fmt: skip
    (tmp_path / "dev.json").write_text(
        json.dumps({"version": "1.1", "data": [{"title": "T", "paragraphs": [paragraph]}]})
    )
    questions, _, understood = understand(read_records(str(tmp_path / "dev.json")), SourceOptions(), "dev")
    assert questions["answer"].to_list() == [right for _, right, _ in TEN]
    assert questions["question_id"].to_list() == [f"q{i}" for i in range(10)]
    assert understood.examples[1].answers == ("Saturn", "the planet Saturn")
    assert understood.examples[1].context == CONTEXTS[0]


def test_head_qa_has_its_choices_as_answers(tmp_path: Path) -> None:
    """`ra` is the id of the right one; as a table its list of objects is an object of lists."""
    records = [
        {
            "qid": i, "qtext": TEN[i][0], "ra": str(place(i) + 1), "category": "biology",
            "answers": [{"aid": n, "atext": text} for n, text in enumerate(choices(i), 1)],
        }
        for i in range(10)
    ]  # fmt: skip
    table = [
        {**row, "answers": {"aid": [1, 2, 3, 4], "atext": [answer["atext"] for answer in row["answers"]]}}
        for row in records
    ]
    for rows_of in (records, table):
        questions = read(jsonl(tmp_path / "x.jsonl", rows_of))
        assert questions["answer"].to_list() == [right for _, right, _ in TEN]
        assert questions["distractors"].to_list() == [wrong for _, _, wrong in TEN]


def test_lists_in_csv_are_read_as_lists(tmp_path: Path) -> None:
    """As JSON, or in Python's form, as pandas writes them."""
    for write in (json.dumps, str):
        with (tmp_path / "x.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["question", "choices", "answer"])
            writer.writerows([TEN[i][0], write(choices(i)), place(i)] for i in range(10))
        assert read(str(tmp_path / "x.csv"))["answer"].to_list() == [right for _, right, _ in TEN]


def test_a_context_of_several_texts(tmp_path: Path) -> None:
    records = [
        {"question": TEN[i][0], "answer": TEN[i][1], "context": {"title": ["T"], "sentences": sentences}}
        for i, sentences in enumerate(([["One.", "Two."], ["Three."]], [["Four."]]))
    ]
    questions = read(jsonl(tmp_path / "x.jsonl", records))
    assert questions["context"].to_list() == ["One.\nTwo.\nThree.", "Four."]


def test_what_negbank_writes_itself(tmp_path: Path) -> None:
    """A checkout's rows and an export's; rows of chains are left out and counted."""
    rows_of = [
        {"id": f"{i}", "question_id": f"q{i}", "question": TEN[i][0], "context": None, "answer": TEN[i][1],
         "answers": [TEN[i][1], SECOND[i]] if i % 2 else None, "negative": TEN[i][2][0], "tier": "near-miss",
         "plausibility": 0.5, "origin": "distractor", "category": ["x.y"], "subject": "science"}
        for i in range(10)
    ]  # fmt: skip
    chain = {**rows_of[0], "tier": "erroneous-cot", "negative": "1 + 1 = 3\n#### 3", "steps": ["1 + 1 = 3", "#### 3"],
             "first_error_step": 0}  # fmt: skip
    folder = tmp_path / "checkout"
    (folder / "data" / "near-miss").mkdir(parents=True)
    (folder / "data" / "erroneous-cot").mkdir()
    (folder / ".negbank").mkdir()
    (folder / ".negbank" / "version.json").write_text("{}")
    (folder / "README.md").write_text("---\n---\n")
    pl.DataFrame(rows_of).write_parquet(folder / "data" / "near-miss" / "train.parquet")
    pl.DataFrame([chain]).write_parquet(folder / "data" / "erroneous-cot" / "train.parquet")
    found = read_answer_rows(str(folder))
    assert found.frame["negative"].to_list() == [wrong[0] for _, _, wrong in TEN]
    assert found.frame["answers"].to_list()[:2] == [None, ["Saturn", "the planet Saturn"]]
    assert found.frame["category"].to_list() == [["x.y"]] * 10 and found.frame["subject"].to_list() == ["science"] * 10
    assert [(reason, count) for reason, count, _ in found.understood.left_out] == [("chain-of-thought", 1)]
    assert found.originals()["plausibility"].to_list() == [0.5] * 10
    export = jsonl(tmp_path / "e.jsonl", [
        {"prompt": f"{question}\n", "chosen": right, "rejected": wrong[0]} for question, right, wrong in TEN
    ])  # fmt: skip
    assert [*read_answer_rows(export).frame.select("question", "answer", "negative").iter_rows()] == [
        (question, right, wrong[0]) for question, right, wrong in TEN
    ]
