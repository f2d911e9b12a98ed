"""What is kept beside a version: validations, and what people found who read its rows."""

from __future__ import annotations

import json

import pytest
from results_builder import made_up_result
from samples import part

import negbank
from negbank.cli import run
from negbank.commands.validations import newest_validation, readings_of, record_reading
from negbank.errors import BenchmarkError, UnknownNameError
from negbank.registry import Registry
from negbank.report import to_json


@pytest.fixture
def registry() -> Registry:
    registry = Registry()
    registry.commit("arc", [part(count=80, refused={}), part("irrelevant", 20, "z", refused={})], "", "")
    return registry


def test_a_reading_is_in_the_card_of_its_version_alone(registry: Registry) -> None:
    record_reading("arc@v1", "near-miss", read=60, right=2, by="Ada", seed=1, registry=registry)
    registry.commit("arc", [part(count=81)], "", "")
    first, second = (negbank.card(version, registry=registry).text for version in ("arc@v1", "arc@v2"))
    assert "of 60 rows read, drawn with seed 1, 2 are right after all: 3.3%" in first
    assert "- `near-miss`: not measured" in second and "- `irrelevant`: not measured" in first


@pytest.mark.parametrize(("read", "right"), [(0, 0), (81, 1), (10, 11), (10, -1)])
def test_numbers_that_cannot_be_are_refused(registry: Registry, read: int, right: int) -> None:
    with pytest.raises(BenchmarkError, match="80 rows of near-miss"):
        record_reading("arc", "near-miss", read=read, right=right, by="Ada", registry=registry)
    with pytest.raises(UnknownNameError, match="no tier 'unrelated'"):
        record_reading("arc", "unrelated", read=1, right=0, by="Ada", registry=registry)


def test_a_reading_is_no_validation(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    record_reading("arc", "near-miss", read=60, right=2, by="Ada", registry=registry)
    version = registry.resolve("arc")
    assert newest_validation(registry, version) is None
    assert run(["log", "arc"]) == 0 and "validated" not in capsys.readouterr().out
    registry.record_validation(version, to_json(made_up_result(manifest=version.name)))
    assert newest_validation(registry, version) is not None and len(readings_of(registry, version)) == 1
    assert run(["log", "arc"]) == 0 and "validated 1 time " in capsys.readouterr().out


@pytest.mark.parametrize("odd", [{}, {"tier": 7}, {"right": 2, "read": 1}, {"read": "many"}, {"more": 1}])
def test_records_of_another_form_are_left_out(registry: Registry, odd: dict[str, object]) -> None:
    version = registry.resolve("arc")
    whole = {"kind": "reading", "manifest": version.name, "tier": "near-miss", "read": 3, "right": 1, "by": "Ada"}
    registry.record_validation(version, json.dumps({**whole, **odd} if odd else {"kind": "reading"}))
    assert readings_of(registry, version) == ()
    assert "not measured" in negbank.card("arc", registry=registry).text


def test_a_card_tells_a_validation_in_sentences_and_tables(registry: Registry) -> None:
    version = registry.resolve("arc")
    registry.record_validation(version, to_json(made_up_result(manifest=version.name)))
    text = negbank.card("arc", registry=registry).text
    section = text.split("## Validation")[1].split("## Intended use")[0]
    assert (
        "**Likra, trained on 512 right and 512 wrong answers (near-miss), answers 79.7% of 1,172 questions" in section
    )
    assert "- Base model: mistralai/Mistral-7B-v0.1 at revision 7231864" in section
    assert "- Evaluation: 1,172 questions of arc, 25 solved questions in front of each, accuracy per char" in section
    assert "| examples | Base | SFT | Base-Likra | Likra |" in section
    assert "| Likra - SFT | near-miss | 512 | +12.3 | +9.2 to +15.4 | 0.0001 | yes |" in section
    assert "{" not in section and "None" not in section
    assert negbank.card("arc", registry=registry).files["plots/validation.svg"].count(b"<polyline") == 4
