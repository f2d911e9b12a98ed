from __future__ import annotations

import io
import json
import socket
from pathlib import Path

import polars as pl
import pytest

from negbank.errors import HubUnreachableError, MalformedFileError, NegbankError, SourceError, UnknownNameError
from negbank.sources import SOURCES, Columns, SourceOptions, read_source
from negbank.sources.named import MATH_TEST
from negbank.sources.rows import parse


def jsonl(path: Path, *records: object) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def mirror(tmp_path: Path, name: str, **splits: list[dict[str, object]]) -> Path:
    folder = tmp_path / "mirror" / name
    folder.mkdir(parents=True)
    for split, records in splits.items():
        pl.DataFrame(records).write_parquet(folder / f"{split}.parquet")
    files = "".join(f"  - {{split: {split}, path: {split}.parquet}}\n" for split in splits)
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n")
    return tmp_path / "mirror"


def reasons(refused: pl.DataFrame) -> dict[str, int]:
    return dict(refused.group_by("reason").len().rows())


def test_layouts_say_the_same() -> None:
    """ARC's labels, MMLU's indices, HellaSwag's indices as texts, letters, texts, and SciQ's separate columns."""
    choices = ["iron", "gold", "lead"]
    layouts = [
        {"question": ["q?"], "choices": [{"text": choices, "label": ["1", "2", "3"]}], "answerKey": ["2"]},
        {"question": ["q?"], "choices": [choices], "answer": [1]},
        {"ctx": ["q?"], "endings": [choices], "label": ["1"]},
        {"question": ["q?"], "options": [choices], "answer": ["B"]},
        {"question": ["q?"], "choices": [choices], "answer": ["gold"]},
    ]
    for layout in layouts:
        (row,) = parse(pl.DataFrame(layout), Columns(), "x", "train").questions.rows(named=True)
        assert (row["answer"], row["distractors"]) == ("gold", ["iron", "lead"]), layout
    sciq = pl.DataFrame({"question": ["q?"], "correct_answer": ["gold"], "d1": ["iron"], "d2": ["lead"]})
    (row,) = parse(sciq, Columns(choices=("d1", "d2")), "x", "train").questions.rows(named=True)
    assert (row["answer"], row["distractors"]) == ("gold", ["iron", "lead"])


def test_numbers_as_choices_are_read_as_the_file_means_them() -> None:
    """`2` among the choices 0, 1, 2, 4 is a text where texts explain more rows than indices do."""
    texts = pl.DataFrame({"question": ["a", "b"], "choices": [["0", "1", "2", "4"]] * 2, "answer": ["4", "2"]})
    assert parse(texts, Columns(), "x", "train").questions["answer"].to_list() == ["4", "2"]
    indices = texts.with_columns(answer=pl.Series([3, 1]))
    assert parse(indices, Columns(), "x", "train").questions["answer"].to_list() == ["4", "1"]


def test_rows_that_are_no_question_are_refused_with_their_reason_and_line(tmp_path: Path) -> None:
    good = {"id": "a", "question": "q?", "choices": ["x", "y"], "answer": 0}
    path = jsonl(
        tmp_path / "bad.jsonl",
        good,
        {**good, "id": "b", "answer": 5},
        {**good, "id": "c", "answer": -1},
        {**good, "id": "d", "answer": None},
        {**good, "id": "e", "choices": ["x"]},
        {**good, "id": "f", "question": "  "},
        {**good, "id": "g", "choices": ["x", "x", "y"]},
        {**good, "question": "another?"},
        {**good, "id": "h", "choices": ["", "y"]},
        {**good, "id": "i", "question": "r?", "choices": ["x", "y", ""]},
    )
    with pytest.raises(SourceError, match=r"answer-index-out-of-range 1.*--allow-skipped 0.\d+.*bad.jsonl:2: "):
        read_source(path, SourceOptions(allow_skipped=0.2))
    data = read_source(path, SourceOptions(allow_skipped=0.9))
    assert data.questions["question_id"].to_list() == ["a", "i"]
    assert data.questions["distractors"].to_list() == [["y"], ["y"]]
    assert reasons(data.refused) == {
        "answer-index-out-of-range": 1,
        "no-right-answer": 2,
        "one-choice-only": 2,
        "no-question": 1,
        "right-answer-twice": 1,
        "duplicate-id": 1,
    }
    assert data.refused["where"][0] == f"{path}:2"


def test_a_file_with_no_usable_question_is_an_error(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "x.jsonl", {"question": "q?", "choices": ["a", "b"], "answer": 5})
    with pytest.raises(
        SourceError, match=r"x.jsonl: no column says which choice is right: answer holds numbers from 5"
    ):
        read_source(path)


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "x.jsonl", "the file is empty"),
        (b"\n \n", "x.jsonl", "the file is empty"),
        (b'{"question": "q"}\n{"question": \n', "x.jsonl", r"x\.jsonl:2: not JSON"),
        (b'{"question": "q"}\n\n{"question": "\xff"}\n', "x.jsonl", r"x\.jsonl:3: not UTF-8 at byte 14"),
        (b"[1, 2]\n", "x.jsonl", r"x\.jsonl:1: a JSON object is expected, not a list"),
        (b"[" * 200_000, "x.jsonl", r"x\.jsonl:1: not JSON"),
        (b"question,answer\nq,\xe9\n", "x.csv", r"x\.csv:2: not UTF-8"),
        (b"question,answer\na,b,c\n", "x.csv", "not a table"),
        (b"PAR1 but no more", "x.parquet", "not a Parquet file"),
    ],
)
def test_malformed_files_are_said_with_their_line(tmp_path: Path, data: bytes, name: str, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(MalformedFileError, match=message):
        read_source(str(tmp_path / name))


def test_files_that_are_not_there_or_no_files(tmp_path: Path) -> None:
    jsonl(tmp_path / "questions.jsonl", {"question": "q?", "answer": "yes"})
    with pytest.raises(SourceError, match="did you mean 'questions"):
        read_source(str(tmp_path / "question.jsonl"))
    assert read_source(f"{tmp_path}/").questions["answer"].to_list() == ["yes"]
    with pytest.raises(SourceError, match="no file that can be read fits"):
        read_source(f"{tmp_path}/*.csv")
    (tmp_path / "questions.xlsx").write_text("x")
    with pytest.raises(SourceError, match="cannot tell its format"):
        read_source(str(tmp_path / "questions.xlsx"))
    with pytest.raises(UnknownNameError, match="did you mean 'arc'"):
        read_source("arcc")


def test_columns_are_named_never_guessed(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "x.jsonl", {"q": "q?", "a": "yes"}, {"q": "r?", "a": "no"})
    with pytest.raises(SourceError, match="no question column is known here; name it with --question-column"):
        read_source(path)
    with pytest.raises(SourceError, match=r"no answer column is known here; .*q \(a text: .q.*a \(a text: .yes"):
        read_source(path, SourceOptions(columns=Columns("q")))
    with pytest.raises(UnknownNameError, match="no column 'qq'; did you mean 'q'"):
        read_source(path, SourceOptions(columns=Columns("qq", "a")))
    data = read_source(path, SourceOptions(columns=Columns("q", "a")))
    assert data.questions["answer"].to_list() == ["yes", "no"]
    text = jsonl(tmp_path / "y.jsonl", {"question": "q?", "answer": "yes", "choices": "yes|no"})
    with pytest.raises(SourceError, match="must hold lists of choices"):
        read_source(text)


def test_csv_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.csv").write_text('question,answer\n"what, then?",yes\n')
    assert read_source(str(tmp_path / "x.csv")).questions["question"].to_list() == ["what, then?"]
    stdin = io.TextIOWrapper(io.BytesIO(b'{"question": "q?", "answer": "yes"}\n'))
    monkeypatch.setattr("sys.stdin", stdin)
    assert read_source("-").questions["answer"].to_list() == ["yes"]


def test_the_bundled_sample_is_sound() -> None:
    data = read_source("demo")
    assert data.questions.height >= 200 and data.refused.is_empty()
    assert data.questions["distractors"].list.len().unique().to_list() == [3]
    assert data.questions["question"].n_unique() == data.questions.height
    assert data.questions["subject"].n_unique() >= 10
    right = data.questions["answer"].str.len_chars().mean()
    wrong = data.questions["distractors"].explode().str.len_chars().mean()
    assert isinstance(right, float) and isinstance(wrong, float) and abs(right / wrong - 1) < 0.05


def test_what_a_version_records_of_options_is_as_it_was_where_nothing_new_was_asked() -> None:
    plain = {"split": None, "subjects": (), "columns": {"question": None, "answer": None, "choices": ()}}
    assert SourceOptions().recorded() == plain
    asked = SourceOptions(columns=Columns(negative=("no",)), answer_base=1, allow_skipped=0.3).recorded()
    assert asked == {
        **plain, "columns": {**plain["columns"], "negative": ("no",)}, "answer_base": 1, "allow_skipped": 0.3,  # type: ignore[dict-item]
    }  # fmt: skip


def test_options_that_a_source_does_not_take() -> None:
    with pytest.raises(SourceError, match="demo does not take options for files"):
        read_source("demo", SourceOptions(answer_base=1))
    with pytest.raises(SourceError, match="demo does not take --split"):
        read_source("demo", SourceOptions(split="train"))
    with pytest.raises(SourceError, match="arc does not take --subjects"):
        read_source("arc", SourceOptions(subjects=("anatomy",)))


def test_a_mirror_and_its_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records: list[dict[str, object]] = [
        {"ctx": f"c{i}", "endings": ["a", "b"], "label": "1", "activity_label": "x"} for i in range(10)
    ]
    root = mirror(tmp_path, "Rowan/hellaswag", validation=records)
    monkeypatch.setenv("NEGBANK_HUB_MIRROR", str(root))
    data = read_source("hellaswag", SourceOptions(split="validation[:80%]"))
    assert (data.questions.height, data.evaluation.height) == (8, 2)
    assert not set(data.questions["question"]) & set(data.evaluation["question"])
    assert (
        "lacks default/train, so default/validation[:80%] is trained on instead" in read_source("hellaswag").notices[0]
    )
    with pytest.raises(UnknownNameError, match="no split 'train'; there are: validation"):
        read_source("hellaswag", SourceOptions(split="train"))
    with pytest.raises(
        SourceError, match=r"cannot read the split 'validation\[:8x%\]'; write it as 'validation\[:80%\]'"
    ):
        read_source("hellaswag", SourceOptions(split="validation[:8x%]"))
    with pytest.raises(SourceError, match=r"'validation\[:9+…': a number in it has more than 18 digits"):
        read_source("hellaswag", SourceOptions(split=f"validation[:{'9' * 5000}%]"))
    with pytest.raises(UnknownNameError, match="did you mean 'Rowan/hellaswag'"):
        read_source("hf:Rowan/helaswag")


def test_a_mirror_that_changes_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets` keys its cache by the folder's name and would give the old rows."""
    root = mirror(tmp_path, "me/qa", train=[{"question": "old?", "answer": "yes"}])
    monkeypatch.setenv("NEGBANK_HUB_MIRROR", str(root))
    assert read_source("hf:me/qa").questions["question"].to_list() == ["old?"]
    pl.DataFrame([{"question": "new?", "answer": "yes"}]).write_parquet(root / "me/qa/train.parquet")
    assert read_source("hf:me/qa").questions["question"].to_list() == ["new?"]


def test_a_hub_that_does_not_answer_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEGBANK_HUB_MIRROR", raising=False)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(NegbankError) as caught:
        read_source("arc")
    assert isinstance(caught.value, HubUnreachableError), caught.value
    assert "NEGBANK_HUB_MIRROR" in str(caught.value) and "negbank mine demo" in str(caught.value)


@pytest.mark.hub
def test_arc_trains_on_train_only() -> None:
    data = read_source("arc")
    assert data.questions.height + data.refused.height == 3370
    assert reasons(data.refused) == {"duplicate-id": 1}
    assert data.evaluation.height == 1172 + 2376
    assert [(held.name, held.questions) for held in data.held_out] == [
        ("ARC-Challenge/test", 1172),
        ("ARC-Easy/test", 2376),
    ]
    assert data.notices == (
        "arc: the mirror lacks ARC-Challenge/validation, ARC-Easy/validation, so contamination with them is not "
        "checked",
    )
    assert not set(data.questions["question_id"]) & set(data.evaluation["question_id"])


@pytest.mark.hub
def test_mmlu_and_its_subjects() -> None:
    data = read_source("mmlu")
    assert data.questions.height + data.refused.height == 285
    assert data.evaluation.height == 14042 + 1531
    more = read_source("mmlu", SourceOptions(no_hold_out=("validation",)))
    assert more.questions.height + more.refused.height == 285 + 1531
    assert more.evaluation.height == 14042
    non_science = read_source("mmlu", SourceOptions(subjects=("non-science",))).questions
    assert "philosophy" in set(non_science["subject"]) and "anatomy" not in set(non_science["subject"])
    with pytest.raises(UnknownNameError, match="did you mean 'anatomy'"):
        read_source("mmlu", SourceOptions(subjects=("anatomi",)))


def test_every_source_is_listed_with_its_licence() -> None:
    assert list(SOURCES) == [
        "arc", "hellaswag", "mmlu", "gsm8k", "math", "openbookqa", "commonsenseqa", "piqa", "socialiqa", "medqa",
        "sciq", "squad", "truthfulqa", "truthfulqa-mc", "gpqa", "demo",
    ]  # fmt: skip
    assert all(source.license and source.place and source.summary for source in SOURCES.values())


def math_mirror(tmp_path: Path) -> Path:
    """`EleutherAI/hendrycks_math` in small: a problem of training and one of evaluation in each of seven subjects."""
    folder = tmp_path / "mirror" / "EleutherAI" / "hendrycks_math"
    configs = []
    for subject in MATH_TEST:
        (folder / subject).mkdir(parents=True)
        for split in ("train", "test"):
            row = {
                "problem": f"What is $2^3$, asked for {split} in {subject}?", "level": "Level 1",
                "type": subject.title(),
                "solution": "We multiply: $2 \\cdot 2 \\cdot 2 = \\boxed{8}$.",
            }  # fmt: skip
            pl.DataFrame([row]).write_parquet(folder / subject / f"{split}-00000-of-00001.parquet")
        files = "".join(f"  - {{split: {split}, path: {subject}/{split}-*}}\n" for split in ("train", "test"))
        configs.append(f"- config_name: {subject}\n  data_files:\n{files}")
    (folder / "README.md").write_text(f"---\nconfigs:\n{''.join(configs)}---\n")
    return tmp_path / "mirror"


def test_math_has_a_configuration_a_subject_and_its_gold_chains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEGBANK_HUB_MIRROR", str(math_mirror(tmp_path)))
    data = read_source("math")
    assert data.questions.height == data.evaluation.height == 7
    assert data.questions["answer"][0] == "We multiply: $2 \\cdot 2 \\cdot 2 = \\boxed{8}$."
    assert "Number_Theory" in set(data.questions["subject"])
    # a split that every subject evaluates on is taken as it was asked for
    tests = read_source("math", SourceOptions(split="test"))
    assert tests.questions.height == 7 and tests.evaluation.is_empty()
    assert "asked for test" in tests.questions["question"][0]
    with pytest.raises(SourceError, match="math does not take --subjects"):
        read_source("math", SourceOptions(subjects=("algebra",)))


@pytest.mark.hub
def test_gsm8k_brings_its_gold_chains_and_split_moves_the_test_questions() -> None:
    data = read_source("gsm8k")
    assert (data.questions.height, data.evaluation.height, data.license) == (7473, 1319, "mit")
    assert "<<48/2=24>>" in data.questions["answer"][0] and data.questions["answer"][0].endswith("#### 72")
    tests = read_source("gsm8k", SourceOptions(split="test"))
    assert (tests.questions.height, tests.evaluation.height) == (1319, 0)
    assert any("contamination is not checked" in notice for notice in tests.notices)
    half = read_source("gsm8k", SourceOptions(split="test[:50%]"))
    assert (half.questions.height, half.evaluation.height) == (660, 659)
