"""`negbank show`: which rows it shows, and what it says of a version."""

from __future__ import annotations

import json

import polars as pl
import pytest
from samples import chain_rows, part, rows

import negbank
from negbank.cli import run
from negbank.errors import RegistryError
from negbank.registry import NewPart, Registry
from negbank.registry.condition import Condition

FRAME = rows(6).with_columns(
    plausibility=pl.Series([0.1, 0.9, 0.5, 0.95, None, 0.2], dtype=pl.Float32),
    category=pl.Series([["unit"], [], [], ["sign", "unit"], [], []], dtype=pl.List(pl.String)),
)


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert run(["show", "arc", "--json", *words]) == 0
    return [row["negative"] for row in json.loads(capsys.readouterr().out)["rows"]]


@pytest.fixture
def many() -> Registry:
    registry = Registry()
    parts = [
        NewPart("near-miss", "train", rows(400), {}),
        NewPart("irrelevant", "train", rows(100, "irrelevant", "y"), {}),
    ]
    registry.commit("arc", parts, "", "")
    return registry


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("plausibility > 0.8", [1, 3]),
        ("plausibility is null", [4]),
        ("plausibility between 0.4 and 0.6 or question = 'question 0?'", [0, 2]),
        ("list_contains(category, 'unit')", [0, 3]),
        ("len(category) = 0 and coalesce(plausibility, 1) > 0.5", [1, 4]),
        ("negative like '%5'", [5]),
        ("answer != question -- always", [0, 1, 2, 3, 4, 5]),
        ('question = \'"class":"SUBQUERY"\'', []),
        ("false", []),
    ],
)
def test_a_condition_keeps_the_rows_that_fulfil_it(text: str, places: list[int]) -> None:
    kept = Condition(text).rows(FRAME)
    assert kept.schema == FRAME.schema
    assert kept.equals(FRAME[places])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "plausiblity > 0.8",
            "A row's columns are: id, question_id, question, context, answer, answers, negative, tier, plausibility",
        ),
        ("plausibility", "gives float, not true or false"),
        ("upper(question)", "gives varchar, not true or false"),
        ("plausibility >", "syntax error"),
        ("", "cannot be used"),
        ("true, false", "single expression"),
        ("true) union all select (true", "cannot be used"),
        ("true; drop table rows", "cannot be used"),
        ("plausibility > (select avg(plausibility) from rows)", "asks a query of its own"),
        ("exists (select * from read_csv('/etc/passwd'))", "asks a query of its own"),
        ("question in (select content from read_text('/etc/passwd'))", "asks a query of its own"),
        ("length(read_text('/etc/passwd')) > 0", "cannot be used"),
        ("avg(plausibility) > 0.5", "aggregates"),
        ("row_number() over () = 1", "window functions"),
        ("question = getenv('HOME')", "getenv"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, message: str) -> None:
    with pytest.raises(RegistryError, match="condition") as caught:
        Condition(text).rows(FRAME)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_columns_of_chains_are_null_in_other_rows(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [part(count=3), NewPart("erroneous-cot", "train", chain_rows(4), {})]
    Registry().commit("arc", parts, "", "")
    assert len(shown(capsys, "--where", "first_error_step = 1", "-n", "9")) == 2
    assert len(shown(capsys, "--where", "first_error_step is null", "-n", "9")) == 5
    assert len(shown(capsys, "--where", "first_error_step is null", "--tier", "erroneous-cot", "-n", "9")) == 2


def test_a_condition_of_a_column_that_is_not_there_is_an_error(
    many: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", "arc", "--where", "plausiblity > 0.8"]) == 1
    assert "plausibility, similarity" in capsys.readouterr().err
    assert run(["show", "arc", "--where", "plausibility > 2"]) == 0
    assert "No row fulfils plausibility > 2." in capsys.readouterr().out


def test_a_sample_is_drawn_by_its_seed(many: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    one = shown(capsys, "--sample", "60", "--seed", "1")
    assert one == shown(capsys, "--sample", "60", "--seed", "1") and len(set(one)) == 60
    assert one != shown(capsys, "--sample", "60", "--seed", "2")
    assert one[:20] == shown(capsys, "--sample", "20", "--seed", "1")  # a smaller sample is the beginning of it
    assert len(shown(capsys, "--sample", "5000")) == 500
    only = shown(capsys, "--sample", "9", "--tier", "irrelevant", "--where", "negative like '%7'")
    assert len(only) == 9 and all(text.startswith("y") and text.endswith("7") for text in only)


def test_every_row_is_as_likely_as_any_other(many: Registry) -> None:
    drawn = pl.concat([negbank.show("arc", sample=100, seed=seed).rows for seed in range(30)])
    by_tier = dict(drawn["tier"].value_counts().iter_rows())
    assert 2400 - 150 < by_tier["near-miss"] < 2400 + 150  # 400 of 500 rows; five standard deviations are 110
    assert drawn["negative"].n_unique() > 490


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sample", "3", "-n", "3"], "leave out -n"),
        (["--seed", "3"], "--seed only applies with --sample"),
        (["--refused", "--sample", "3"], "--refused lists counts"),
        (["--sample", "0"], "--sample"),
    ],
)
def test_options_that_mean_nothing_together(
    words: list[str], message: str, many: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", "arc", *words]) == 2
    assert message in capsys.readouterr().err


def test_an_origin_without_a_question_is_not_called_none(capsys: pytest.CaptureFixture[str]) -> None:
    own = rows(1).with_columns(origin=pl.lit("reported"), origin_id=pl.lit(None, pl.String))
    Registry().commit("arc", [NewPart("near-miss", "train", own, {})], "", "")
    assert run(["show", "arc"]) == 0
    out = capsys.readouterr().out
    assert "None" not in out and "similarity 0.25  reported\n" in out


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    own = rows(1).with_columns(negative=pl.lit("\x1b]0;title\x07\u202ewrong\nsecond line"))
    Registry().commit("arc", [NewPart("near-miss", "train", own, {})], "\x1b[2J", "")
    assert run(["show", "arc"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\x07" not in out and "\u202e" not in out
    assert "\\x1b]0;title\\x07\\u202ewrong\n            second line" in out
