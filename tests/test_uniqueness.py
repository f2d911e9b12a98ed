"""`verify` finds a row that repeats another, in versions that were made since that is a rule."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import chain_rows, part, rows

from negbank.folders import cache_folder
from negbank.registry import Edit, NewPart, Registry
from negbank.registry.uniqueness import MARK, RULES, _keys

MADE = {MARK: True}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test found unique is not known to the next."""
    monkeypatch.setenv("NEGBANK_CACHE", str(tmp_path / "cache"))


def found(registry: Registry) -> list[tuple[str, str]]:
    assert {problem.kind for problem in registry.verify().problems} <= {"duplicate"}
    return [(problem.where, problem.detail) for problem in registry.verify().problems]


def same_question() -> pl.DataFrame:
    """Three rows; the last two ask one question under two ids, and have one negative."""
    return rows(3).with_columns(question=pl.Series(["a", "b", "b"]), negative=pl.Series(["x", "y", "y"]))


def test_one_negative_of_one_question_twice_is_found() -> None:
    registry = Registry()
    registry.commit("old", [NewPart("near-miss", "train", same_question(), {})], "", "")
    registry.commit("new", [NewPart("near-miss", "train", same_question(), MADE)], "", "")
    assert found(registry) == [("new@v1", "1 row repeats the question and negative of another row")]


def test_another_passage_makes_another_question() -> None:
    passages = same_question().with_columns(context=pl.Series([None, "once", "twice"]))
    Registry().commit("new", [NewPart("near-miss", "train", passages, MADE)], "", "")
    assert found(Registry()) == []


def test_one_id_twice_is_found_across_tiers() -> None:
    registry = Registry()
    far = rows(5, "irrelevant", "z")
    registry.commit(
        "new", [NewPart("near-miss", "train", rows(4), MADE), NewPart("irrelevant", "train", far, MADE)], "", ""
    )
    assert found(registry) == [("new@v1", "4 rows repeat the id of another row")]


def test_a_part_that_was_made_before_is_left_out() -> None:
    registry = Registry()
    registry.commit("new", [part(count=4), NewPart("irrelevant", "train", rows(5, "irrelevant", "z"), MADE)], "", "")
    assert found(registry) == []


def test_a_row_that_an_edit_brings_in_or_takes_away_counts() -> None:
    registry = Registry()
    many = rows(200)
    registry.commit("new", [NewPart("near-miss", "train", many, MADE)], "", "")
    again = many[7:8].with_columns(question_id=pl.lit("other"))
    edited = registry.commit("new", [Edit("near-miss", "train", again)], "", "").version
    assert found(registry) == [
        ("new@v2", "1 row repeats the id of another row"),
        ("new@v2", "1 row repeats the question and negative of another row"),
    ]
    row_id = registry.sql("select row_id from negatives('new@v2') where question_id = 'other'")["row_id"].to_list()
    empty = rows(0)
    registry.commit("new", [Edit("near-miss", "train", empty, row_id)], "", "")
    assert edited.manifest.number == 2 and {where for where, _ in found(registry)} == {"new@v2"}


def test_two_models_may_write_one_chain_and_one_model_may_not_do_so_twice() -> None:
    registry = Registry()
    chains = chain_rows(2).with_columns(question=pl.lit("q"), negative=pl.lit("c"))
    two = chains.with_columns(generator=pl.Series(["a", "b"]))
    registry.commit("two", [NewPart("erroneous-cot", "train", two, MADE)], "", "")
    assert found(registry) == []
    registry.commit("one", [NewPart("erroneous-cot", "train", chains, MADE)], "", "")
    assert found(registry) == [("one@v1", "1 row repeats the question and negative of another row")]


def test_what_was_found_unique_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    registry.commit("new", [NewPart("near-miss", "train", rows(4), MADE)], "", "")
    assert found(registry) == [] and len(list((cache_folder() / "unique-rows").iterdir())) == 1
    monkeypatch.setattr("negbank.registry.uniqueness._counts", lambda *about: pytest.fail("it was read again"))
    assert found(registry) == []
    broken = Registry()
    broken.commit("bad", [NewPart("near-miss", "train", same_question(), MADE)], "", "")
    monkeypatch.undo()


def test_a_broken_file_is_told_as_such_alone(tmp_path: Path) -> None:
    registry = Registry()
    registry.commit("new", [NewPart("near-miss", "train", same_question(), MADE)], "", "")
    (file,) = (Path(registry.place) / "objects").rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:-9])
    assert {problem.kind for problem in registry.verify().problems} == {"object"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=3), st.none() | st.text(max_size=2), st.text(max_size=3)), max_size=30))
def test_keys_are_equal_where_texts_are(texts: list[tuple[str, str | None, str]]) -> None:
    columns = [name for name in RULES["question and negative"] if name != "generator"]
    frame = pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String), orient="row")
    keys = [key.tobytes() for key in _keys(frame)]
    plain = [(question, context or "", negative) for question, context, negative in texts]
    assert all((keys[i] == keys[j]) == (plain[i] == plain[j]) for i in range(len(keys)) for j in range(i))
