"""Every layout is read to the same records, and what is malformed is named with its line."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.errors import MalformedFileError, SourceError, UnknownNameError
from negbank.reasoning.chains import MAX_CHAIN, RefusedChain, Trajectory
from negbank.reasoning.formats import parse_lines, read_trajectories
from negbank.reasoning.layouts import LAYOUTS, find_layout

MODELS = {
    "question": "q", "ground_truth": "1 + 1 = 2\nA: 2",
    "6b": {"is_correct": False, "solution": "3"}, "175b": {"is_correct": True, "solution": "2"},
}  # fmt: skip
PROCESSBENCH = {
    "id": "x-1", "generator": "Qwen", "problem": "q", "steps": ["a", "b"], "final_answer_correct": False, "label": 1,
}  # fmt: skip
PRM800K = {
    "question": {"problem": "q", "ground_truth_answer": "2"},
    "label": {
        "steps": [
            {"completions": [{"text": "a", "rating": 1}, {"text": "z", "rating": -1}], "chosen_completion": 0},
            {"completions": [], "human_completion": {"text": "b"}, "chosen_completion": None},
            {"completions": [{"text": "c", "rating": -1}], "human_completion": None, "chosen_completion": None},
        ],
        "finish_reason": "found_error",
    },
}
SHEPHERD = {
    "input": "How many? Step 1: 1 + 1 = 2 ки\nStep 2: 2 + 2 = 5. The answer is: 5 ки",
    "label": "How many? Step 1: 1 + 1 = 2 +\nStep 2: 2 + 2 = 5. The answer is: 5 -",
    "task": "GSM8K",
}
STEPWISE = {"prompt": "q", "completions": ["a", "b"], "labels": [True, False]}
MESSAGES = {
    "messages": [
        {"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"},
    ],
    "gold": 2, "is_correct": 1,
}  # fmt: skip


def parse(*records: Any, layout: str | None = None) -> list[Trajectory | RefusedChain]:
    return list(parse_lines([json.dumps(record).encode() for record in records], "chains.jsonl", layout))


@pytest.mark.parametrize(
    ("record", "layout", "expected"),
    [
        (MODELS, "models", [
            Trajectory("q", "3", None, MODELS["ground_truth"], False, None, "6b", 1, 0),
            Trajectory("q", "2", None, MODELS["ground_truth"], True, None, "175b", 1, 1),
        ]),
        (PROCESSBENCH, "processbench", [Trajectory("q", "a\nb", ("a", "b"), None, False, 1, "Qwen", 1)]),
        (PRM800K, "prm800k", [Trajectory("q", "a\nb\nc", ("a", "b", "c"), "2", False, 2, None, 1)]),
        (SHEPHERD, "math-shepherd", [Trajectory(
            "How many?", "Step 1: 1 + 1 = 2\nStep 2: 2 + 2 = 5. The answer is: 5",
            ("Step 1: 1 + 1 = 2", "Step 2: 2 + 2 = 5. The answer is: 5"), None, False, 1, None, 1,
        )]),
        (STEPWISE, "stepwise", [Trajectory("q", "a\nb", ("a", "b"), None, False, 1, None, 1)]),
        (MESSAGES, "messages", [Trajectory("q", "a", None, "2", True, None, None, 1)]),
        ({"question": "q", "chain": "a"}, "chains", [Trajectory("q", "a", line=1)]),
        ({"problem": "q", "steps": ["a", "b"], "answer": 2.5}, "chains",
         [Trajectory("q", "a\nb", ("a", "b"), "2.5", line=1)]),
        ({"prompt": "q", "responses": ["a", "b"], "correct": [True, None], "model": "m"}, "chains", [
            Trajectory("q", "a", None, None, True, None, "m", 1, 0),
            Trajectory("q", "b", None, None, None, None, "m", 1, 1),
        ]),
        ({"question": "q", "samples": [{"text": 1, "solution": "a", "correct": False}, ["b", "c"]]}, "chains", [
            Trajectory("q", "a", None, None, False, line=1), Trajectory("q", "b\nc", ("b", "c"), line=1, position=1),
        ]),
    ],
)  # fmt: skip
def test_layouts(record: dict[str, Any], layout: str, expected: list[Trajectory]) -> None:
    assert find_layout(record) == layout
    assert parse(record) == expected
    assert parse(record, layout=layout) == expected


def test_the_chain_that_the_model_wrote_itself_is_the_one_that_was_labelled() -> None:
    record = json.loads(json.dumps(PRM800K))
    record["question"]["pre_generated_steps"] = ["x", "y", "z"]
    (found,) = parse(record)
    assert isinstance(found, Trajectory) and found.steps == ("x", "y", "z")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "not JSON"), (b"[1]", "a JSON object is expected, not a list"), (b'{"question": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"), (b'{"a": ' + b"9" * 5000 + b"}", "no 'question'"),
        (b'{"question": "q"}', "no 'chain'"), (b'{"question": 3, "chain": "c"}', r"'question' is a number \(3\)"),
        (b'{"question": "q", "chain": "c", "chain": "d"}', "the key 'chain' stands twice"),
        (b'{"question": "q", "chain": "c", "answer": NaN}', "NaN is no JSON, at column 43"),
        (b'{"question": "q", "chain": "\\ud800"}', r"'chain' holds \\ud800, half of a surrogate pair"),
        (b'{"question": "q", "chain": "c', "a text that begins at column 28 has no end"),
        (b'{"question": "q", "chain": "c", "gold": true}', "'gold' is true, where"),
        (b'{"question": "q", "chain": "c", "provenance": {"x": 1e999}}', "too large to be kept"),
        (b'{"question": "q", "chain": "c", "correct": "yes"}', "true or false is expected"),
        (b'{"question": "q", "steps": ["a", 1]}', "a list of texts is expected"),
        (b'{"question": "q", "chains": ["a"], "correct": [true, false]}', "2 values for 1 chains"),
        (b'{"question": "q", "chain": "c", "gold": ["2"]}', "a text or a number is expected"),
    ],
)  # fmt: skip
def test_a_malformed_line_is_named(line: bytes, problem: str) -> None:
    good = b'{"question": "q", "chain": "c"}'
    with pytest.raises(MalformedFileError, match=problem) as error:
        list(parse_lines([good, b"", line], "chains.jsonl"))
    assert error.value.line == 3 and "chains.jsonl:3" in str(error.value)


def test_half_of_a_surrogate_pair_that_a_model_wrote_for_negbank_costs_its_chain_only() -> None:
    written = {"question": "q", "chain": "\ud800", "provenance": {"prompt_sha256": "x", "seed": 1}}
    broken, good = parse(written, written | {"chain": "c"})
    assert isinstance(broken, RefusedChain) and broken.reason == "no-text"
    assert isinstance(good, Trajectory) and good.line == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (PROCESSBENCH | {"label": 2}, r"'label' is a number \(2\)"),
        (SHEPHERD | {"label": "Step 1: +"}, "ends 1 steps"),
        (SHEPHERD | {"input": "no steps ки"}, "no 'Step 1:'"),
        (STEPWISE | {"labels": [True]}, "where 2 of true and false"),
        (MESSAGES | {"messages": [{"role": "user", "content": "q"}]}, "none of an assistant"),
        ({"question": {"problem": "q"}, "label": {"steps": [{"completions": []}]}}, "no completion"),
        ({"question": {"problem": "q"}, "label": {"steps": None}}, "no list of steps"),
        ({"title": "x"}, "no layout of chains is known with the keys title"),
    ],
)
def test_a_record_that_breaks_its_layout_is_named(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(MalformedFileError, match=problem):
        parse(change)


def test_a_chain_of_1_mb_is_refused_and_the_others_are_kept() -> None:
    found = parse({"question": "q", "chains": ["a", "b" * 10**6, " ", "c" * MAX_CHAIN]})
    assert [type(chain).__name__ for chain in found] == ["Trajectory", "RefusedChain", "RefusedChain", "Trajectory"]
    assert [chain.reason for chain in found if isinstance(chain, RefusedChain)] == ["chain-too-long", "no-chain"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        list(read_trajectories(tmp_path / "none.jsonl"))
    (tmp_path / "empty.jsonl").write_text("\n\n")
    with pytest.raises(MalformedFileError, match="empty"):
        list(read_trajectories(tmp_path / "empty.jsonl"))
    with pytest.raises(UnknownNameError, match="did you mean 'processbench'"):
        list(read_trajectories(tmp_path / "empty.jsonl", "procesbench"))


def test_a_file_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    record = json.dumps({"question": "q", "chain": "c" * 2000}) + "\n"
    path.write_text(record * 5000)  # 10 MB
    tracemalloc.start()
    assert sum(1 for _ in read_trajectories(path)) == 5000
    assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    tracemalloc.stop()


texts = st.text(min_size=1, max_size=40).filter(lambda text: text.strip())


@given(texts, st.lists(texts, min_size=1, max_size=5), st.booleans() | st.none())
def test_what_is_written_plainly_is_read_back(question: str, steps: list[str], claim: bool | None) -> None:
    (found,) = parse({"question": question, "steps": steps, "correct": claim})
    assert found == Trajectory(question, "\n".join(steps), tuple(steps), None, claim, line=1)


def test_every_layout_is_tried() -> None:
    assert set(LAYOUTS) == {
        "models", "processbench", "prm800k", "math-shepherd", "bigbench-mistake", "stepwise", "messages", "chains",
    }  # fmt: skip


MISTAKE = {
    "input": "] ? }",
    "target": "] }",
    "answer": "]}.",
    "steps": ["a", "So the answer is ]}."],
    "mistake_index": None,
}


@pytest.mark.parametrize(
    ("change", "claim", "error"),
    [
        ({}, True, None),
        ({"answer": "}", "mistake_index": 1}, False, 1),
        ({"answer": None, "mistake_index": 0}, None, 0),
    ],
)
def test_bigbench_mistake_as_it_lies(change: dict[str, Any], claim: bool | None, error: int | None) -> None:
    steps = ("a", "So the answer is ]}.")
    expected = Trajectory("] ? }", "\n".join(steps), steps, "] }", claim, error, line=1)
    assert find_layout(MISTAKE) == "bigbench-mistake" and parse(MISTAKE | change) == [expected]
    with pytest.raises(MalformedFileError, match=r"'mistake_index' is a number \(2\)"):
        parse(MISTAKE | {"mistake_index": 2})


@pytest.mark.parametrize(("score", "claim"), [(1, True), (0.0, False), (0.7, None), (5, None)])
def test_a_score_is_a_claim_only_where_it_is_0_or_1(score: float, claim: bool | None) -> None:
    (found,) = parse({"question": "q", "chain": "a", "score": score})
    assert isinstance(found, Trajectory) and found.claimed_correct is claim


RECORDS = [
    {"question": 'q ["]" {', "chain": 'a \\" ] , b'},
    {"question": "r", "chain": "\\\\"},
    {"question": "s", "chain": "c" * 3000},
]


def pack(data: bytes, kind: str) -> bytes:
    if kind == "zstd":
        return pa.Codec("zstd").compress(data, asbytes=True)
    return {"plain": bytes, "gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[kind](data)


@pytest.mark.parametrize("kind", ["plain", "gzip", "bz2", "xz", "zstd"])
@pytest.mark.parametrize("indent", [None, 2, "lines"])
def test_arrays_and_lines_are_read_packed_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, indent: int | str | None
) -> None:
    monkeypatch.setattr("negbank.reasoning.arrays.CHUNK", 7)  # every sign falls on the edge of a chunk once
    monkeypatch.setattr("negbank.reasoning.formats.CHUNK", 11)
    text = "\n".join(map(json.dumps, RECORDS)) if isinstance(indent, str) else json.dumps(RECORDS, indent=indent)
    path = tmp_path / "chains.json"
    path.write_bytes(pack(text.encode(), kind))
    found = list(read_trajectories(path))
    assert [(chain.question, chain.chain) for chain in found if isinstance(chain, Trajectory)] == [
        (record["question"], record["chain"]) for record in RECORDS
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [('[{"question": "q", "chain": "c"}', "no end"), ('[{"question": "q", "chain": "c"}] x', "text after the array"),
     ('[{"question": "q", "chain": "c"}, ]', "an empty item"), ("[]", "empty"), ("[1]", "a JSON object is expected")],
)  # fmt: skip
def test_an_array_that_is_broken_is_named(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "chains.json").write_text(text)
    with pytest.raises(MalformedFileError, match=problem):
        list(read_trajectories(tmp_path / "chains.json"))


@pytest.mark.parametrize("kind", ["gzip", "bz2", "xz", "zstd"])
def test_a_packed_file_that_is_cut_off_is_an_error(tmp_path: Path, kind: str) -> None:
    lines = "".join(json.dumps({"question": str(n), "chain": f"c{n * 7919 % 997}"}) + "\n" for n in range(5000))
    packed = pack(lines.encode(), kind)
    (tmp_path / "chains.jsonl").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(MalformedFileError):
        list(read_trajectories(tmp_path / "chains.jsonl"))
