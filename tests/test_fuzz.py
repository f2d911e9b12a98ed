"""Random rows, files and command lines: a meaningful exit code, no traceback, a version only where one is told.

In the suite the examples are the same every time and take about a minute. NEGBANK_FUZZ_SECONDS=3600 makes new ones for
an hour a test; what fails is shown with the files and the command line that made it.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import part

import negbank
from negbank.cli import COMMANDS, run
from negbank.encode.vector_cache import Batch
from negbank.registry import Registry

SECONDS = float(os.environ.get("NEGBANK_FUZZ_SECONDS", "0"))
EXAMPLES = 40
CODES = {0, 1, 2, 130}


class HashEncoder:
    """An encoder without a model: a text's vector is drawn from its hash."""

    name, weights_hash, fingerprint, device = "hash", "0" * 64, hashlib.sha256(b"hash").hexdigest(), "cpu"

    def stream(self, texts: Sequence[str]) -> Generator[Batch]:
        vectors = np.stack([self._vector(text) for text in texts])
        yield np.arange(len(texts)), vectors

    @staticmethod
    def _vector(text: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        vector = np.random.default_rng(seed).normal(size=16).astype(np.float32)
        return vector / np.linalg.norm(vector)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What takes time and is tested elsewhere is left out: the model, the disk's own caches, reading demo again."""
    for module in ("add", "label", "mine"):
        monkeypatch.setattr(f"negbank.commands.{module}.load_encoder", lambda *a, **k: HashEncoder())
    demo = negbank.sources.demo.read(negbank.SourceOptions())
    monkeypatch.setattr("negbank.sources.demo.read", lambda options: demo)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    Registry(tmp_path / "template").commit("arc", [part()], "", "")
    monkeypatch.setenv("NEGBANK_FUZZ_TEMPLATE", str(tmp_path / "template"))


def fuzz(body: Callable[..., None], *strategies: st.SearchStrategy[Any]) -> None:
    """Give `body` examples: the same few, or new ones until the time is over."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    chosen = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=checks, derandomize=not SECONDS)
    end = time.monotonic() + SECONDS
    while True:
        settings(chosen)(given(*strategies)(body))()
        if time.monotonic() >= end:
            return


# what may stand in a file

ODD_TEXTS = st.sampled_from([
    "", " ", "Paris", "paris ", "3", "3.0", "1e999", "NaN", "-inf", "None", "null", "true", "A", "B", "A) x B) y C) z",
    '["a", "b"]', "{'a': nan}", '{"text": ["a"]}', "What is it?", "x" * 3000, "9" * 5000, "\x1b[31m", "\u202eabc",
    "\x00", "a\tb\nc", "\U0001f600", "#### 18", "\\boxed{1}", "=1+1", "e\u0301", "½", "1,000", "2020-01-01", "5 km",
    "-" * 200, "(" * 500, "[" * 500, "1" + "/0" * 50, "9**9**9", "Human: a\n\nAssistant: b",
])  # fmt: skip
TEXTS = ODD_TEXTS | st.text(max_size=20) | st.text("abc ?,;|'\"0123456789.", max_size=12)
NUMBERS = st.integers() | st.sampled_from([0, 1, -1, 2**31, 2**63, 2**64, 10**400]) | st.floats()
PLAIN = TEXTS | NUMBERS | st.booleans() | st.none()
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
TYPED = [
    st.binary(max_size=4), st.timedeltas(), st.dates(), st.datetimes(), st.times(),
    st.decimals(-(10**9), 10**9, allow_nan=False, places=2), st.lists(st.binary(max_size=3)), st.lists(st.floats()),
    st.fixed_dictionaries({"a": st.integers(-9, 9), "b": st.lists(TEXTS)}), st.lists(st.lists(TEXTS, max_size=2)),
]  # fmt: skip
"""What columns of Parquet and Arrow hold besides."""
NAMES = st.sampled_from([
    "question", "query", "prompt", "instruction", "input", "answer", "Answer", "answers", "answerKey", "correct_answer",
    "label", "negative", "negatives", "wrong", "rejected", "chosen", "distractor1", "distractor2", "choices", "options",
    "A", "B", "C", "D", "context", "passage", "id", "subject", "category", "is_correct", "verdict", "score", "steps",
    "tier", "plausibility", "origin", "question_id", "mc1_targets", "doc", "messages", "output", "text", "rank", "key",
])  # fmt: skip
PLAIN_ANSWERS = st.integers(0, 30).map(lambda i: f"answer {i}")
QUESTIONS = st.one_of(*[st.integers(0, 30).map(lambda i: f"What is number {i}?")] * 4, TEXTS)
ANSWERS = st.one_of(*[PLAIN_ANSWERS] * 4, TEXTS)


@st.composite
def sound_row(draw: st.DrawFn) -> dict[str, Any]:
    """A question with choices and the right one, as a well-made file has them."""
    number = draw(st.integers(0, 30))
    choices = draw(st.lists(PLAIN_ANSWERS, min_size=4, max_size=4, unique=True))
    return {"question": f"What is number {number}?", "choices": choices, "answer": draw(st.sampled_from(choices))}


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of one kind: mostly what a file of questions has, with anything in other columns."""
    kinds: dict[str, st.SearchStrategy[Any]] = {"question": QUESTIONS, "answer": ANSWERS}
    way = draw(st.sampled_from(["sound", "sound", "flat", "flat", "letters", "index", "any values", "any columns"]))
    if way == "flat":
        kinds["negative"] = ANSWERS
    elif way == "index":
        kinds |= {"choices": st.lists(ANSWERS, min_size=2, max_size=5), "answer": st.integers(-1, 5) | ANSWERS}
    elif way == "letters":
        kinds |= dict.fromkeys("ABCD", ANSWERS) | {"answer": st.sampled_from("ABCDE")}
    elif way == "any values":
        kinds |= {"negative": VALUES, "answer": VALUES}
    else:
        kinds = {}
    for name in draw(st.lists(NAMES, max_size=3)):
        kind = draw(st.sampled_from([VALUES, PLAIN, TEXTS, NUMBERS, ANSWERS, st.lists(TEXTS), *TYPED]))
        kinds[name] = kind if draw(st.booleans()) else kinds.get(name, kind)
    row = st.fixed_dictionaries(kinds)
    if way == "sound":
        row = st.tuples(row, sound_row()).map(lambda pair: pair[0] | pair[1])
    return draw(st.lists(row, min_size=draw(st.sampled_from([6, 3, 1, 0])), max_size=12))


def as_json(found: list[dict[str, Any]]) -> bytes:
    return json.dumps(found, default=str).encode()


def as_lines(found: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=len(found) % 2 == 0, default=str) + "\n" for row in found).encode(
        errors="replace"
    )


def as_csv(found: list[dict[str, Any]], between: str = ",") -> bytes:
    names = list(found[0]) if found else ["question"]
    lines = [names, *([row[name] for name in names] for row in found)]
    quoted = [between.join('"' + str(v).replace('"', '""') + '"' for v in line) for line in lines]
    return "\n".join(quoted).encode(errors="replace")


def as_columns(found: list[dict[str, Any]], write: str) -> bytes:
    buffer, columns = io.BytesIO(), {}
    for name in found[0] if found else []:
        values = [row[name] for row in found]
        with contextlib.suppress(Exception):  # Polars has no column for these
            columns[name] = pl.Series(name, values, strict=False)
    with contextlib.suppress(pl.exceptions.PolarsError):
        getattr(pl.DataFrame(columns), write)(buffer)
    return buffer.getvalue()


FORMS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "jsonl": as_lines, "json": as_json, "csv": as_csv, "tsv": lambda found: as_csv(found, "\t"),
    "parquet": lambda found: as_columns(found, "write_parquet"),
    "arrow": lambda found: as_columns(found, "write_ipc"),
    "jsonl.gz": lambda found: gzip.compress(as_lines(found)),
}  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file's name and bytes: well formed, damaged or garbage."""
    name = draw(st.sampled_from(list(FORMS)))
    damage = draw(st.sampled_from([*["none"] * 12, "cut", "changed", "garbage"]))
    data = draw(st.binary(max_size=60)) if damage == "garbage" else FORMS[name](draw(rows()))
    if data and damage == "cut":
        data = data[: draw(st.integers(0, len(data)))]
    elif data and damage == "changed":
        place = draw(st.integers(0, len(data) - 1))
        data = data[:place] + draw(st.binary(max_size=3)) + data[place + 1 :]
    return f"x.{name}", data


COLUMNS = ("--question-column", "--answer-column", "--choices-column", "--negative-column", "--context-column")
COUNTS = st.sampled_from(["0", "1", "2", "-1", "2147483647", "2147483648", str(10**30), "x", "1.5", ""])
READING = st.lists(
    st.tuples(st.sampled_from(COLUMNS), NAMES | TEXTS)
    | st.tuples(st.just("--answer-base"), st.sampled_from(["0", "1", "2"]))
    | st.tuples(st.just("--answer-form"), st.sampled_from(["text", "letter", "index", "x"]))
    | st.tuples(st.just("--split-on"), TEXTS)
    | st.tuples(st.just("--encoding"), st.sampled_from(["latin-1", "utf-16", "utf-7", "hex", "cp037", "nosuch", ""]))
    | st.tuples(st.just("--allow-skipped"), st.sampled_from(["0", "1", "0.5", "nan", "2"]))
    | st.tuples(st.just("--on-bad-row"), st.sampled_from(["skip", "stop"])),
    max_size=2,
).map(lambda pairs: [word for pair in pairs for word in pair])
ANY_TIER = st.sampled_from(["near-miss", "irrelevant", "unrelated", "erroneous-cot", "x", ""])
PLACES = st.sampled_from(["demo", "FILE", "", "x", "-"])
OWN = {
    "mine": st.lists(
        st.tuples(st.just("--tier"), ANY_TIER)
        | st.tuples(st.sampled_from(["--per-question", "--expand", "--seed"]), COUNTS)
        | st.tuples(st.sampled_from(["--pool", "--hold-out", "--trajectories"]), PLACES)
        | st.sampled_from([("--perturb",), ("--json",), ("--force",), ("--strict",)])
        | st.tuples(st.sampled_from(["--split", "--subjects", "-m", "--layout"]), TEXTS)
        | st.tuples(st.just("--refused"), st.sampled_from(["FILE", "r.jsonl", "r.csv", "no/r.csv", "r.parquet", "x"])),
        max_size=3,
    ),
    "add": st.lists(
        st.sampled_from([("--source", "demo"), ("--source", "FILE"), ("--split", "train"), ("--json",), ("--force",)])
        | st.tuples(st.sampled_from(["-m", "--license"]), TEXTS)
        | st.tuples(st.just("--refused"), st.sampled_from(["FILE", "r.jsonl", "r.csv", "no/r.csv", "r.parquet"])),
        max_size=2,
    ),
    "label": st.lists(
        st.sampled_from([("--source", "demo"), ("--by-embedding",), ("--json",), ("--force",), ("-o", "FILE")])
        | st.tuples(st.sampled_from(["-o", "--refused"]), st.sampled_from(["o.jsonl", "o.csv", "o.parquet", "o", "."])),
        max_size=2,
    ),
    "inspect": st.sampled_from([[], [("--json",)]]),
}  # fmt: skip
DATASETS = st.sampled_from([*["d"] * 12, "arc", "", "../x", "D", "x" * 200])


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """An empty folder to work in, with a registry that has one dataset."""
    before, place = Path.cwd(), Path(tempfile.mkdtemp())
    shutil.copytree(os.environ["NEGBANK_FUZZ_TEMPLATE"], place / "registry")
    os.chdir(place)
    os.environ["NEGBANK_REGISTRY"] = str(place / "registry")
    try:
        yield place
    finally:
        os.chdir(before)
        shutil.rmtree(place)


def versions(place: Path) -> set[str]:
    """The versions in a registry."""
    return {str(path.relative_to(place)) for path in (place / "registry" / "datasets").glob("*/versions/*")}


def check(words: list[str], place: Path, data: bytes = b"") -> None:
    """Run a command, `data` as its standard input, and hold it to what every command must do."""
    before = versions(place)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = run(words)
    said = f"{words}\n{out.getvalue()[-2000:]}\n{err.getvalue()[-2000:]}"
    assert code in CODES, said
    assert "Traceback" not in said and "panicked" not in said, said
    if code:
        assert err.getvalue().strip() or '"error"' in out.getvalue(), f"fails without a word: {said}"
        assert "site-packages" not in said and "polars" not in said.lower().replace("x.parquet", ""), said
    new = versions(place) - before
    if words[0] in ("mine", "add"):
        told = "is new:" in out.getvalue() or '"created": true' in out.getvalue()
        assert bool(new) == told and (not new or code == 0), f"{new} of {said}"
    elif words[0] not in COMMANDS or words[0] in (
        "inspect",
        "label",
        "show",
        "export",
        "checkout",
        "sql",
        "diff",
        "log",
    ):
        assert not new, said
    assert not list(place.glob(".*")), f"left behind: {list(place.glob('.*'))} by {said}"


@st.composite
def readings(draw: st.DrawFn) -> tuple[str, bytes, list[str]]:
    """A file, and a command that reads it."""
    name, data = draw(files())
    command = draw(st.sampled_from(list(OWN)))
    own = [word for words in draw(st.one_of(*[st.just([])] * 2, OWN[command])) for word in words]
    dataset = ["--dataset", draw(DATASETS)] if command in ("mine", "add") else []
    place = draw(st.sampled_from([*["FILE"] * 6, "-"]))
    words = [command, place, *dataset, *own, *draw(st.one_of(*[st.just([])] * 3, READING))]
    return name, data, [name if word == "FILE" else word for word in words]


def test_commands_that_read_files() -> None:
    def body(case: tuple[str, bytes, list[str]]) -> None:
        name, data, words = case
        with folder() as place:
            (place / name).write_bytes(data)
            check(words, place, data)
            assert (place / name).read_bytes() == data, f"{words} changed its input"

    fuzz(body, readings())


REFERENCES = (
    st.sampled_from(["arc", "arc@v1", "arc@v2", "arc@", "@v1", "d", "arc@x", "", "-", "arc@v" + "9" * 30, "*"]) | TEXTS
)
WORDS = st.one_of(
    REFERENCES, COUNTS, TEXTS, ANY_TIER, NAMES,
    st.sampled_from(["--json", "--force", "--rows", "--help", "-n", "--tier", "--where", "--sample", "-o", "out",
                     "o.jsonl", "o.parquet", "--format", "jsonl", "hub", "trl-stepwise", "--dry-run", "--repair",
                     "--seed", "--refused", "select 1",
                     "select * from negatives('arc')", "select 1 as a, 2 as a", "rank > 0",
                     "--", "registry", ".", "x.jsonl", "--registry", "-m", "--to", "--move", "--recipe", "--yes"]),
)  # fmt: skip
NOT_RUN = ("benchmark", "score", "push", "pull")
"""Commands that load models or ask the Hub: tested by themselves."""


def test_command_lines() -> None:
    def body(command: str, words: list[str]) -> None:
        with folder() as place:
            check([command, *words], place)

    commands = st.sampled_from([command for command in COMMANDS if command not in NOT_RUN]) | TEXTS.filter(bool)
    fuzz(body, commands, st.lists(WORDS, max_size=4))
