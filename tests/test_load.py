"""`negbank.load`: a version of the registry as `datasets` has it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from samples import part, rows

import negbank
from negbank.errors import HubError, RegistryError, UnknownNameError
from negbank.registry import Edit, Registry


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("NEGBANK_CACHE", str(tmp_path / "cache"))
    registry = Registry()
    registry.commit("arc", [part(count=5), part("irrelevant", 4, "z", seed=2)], "", "")
    changed = rows(1).with_columns(plausibility=pl.lit(0.75, pl.Float32))
    registry.commit("arc", [Edit("near-miss", "train", changed)], "", "")
    registry.tag("arc@v1", "stable")
    return registry


def test_a_name_without_an_owner_is_a_dataset_of_the_registry(registry: Registry) -> None:
    assert len(negbank.load("arc", split="train")) == 9
    assert len(negbank.load("arc", "irrelevant", split="train")) == 4
    for place, revision, highest in (
        ("arc", None, 0.75), ("arc@v2", None, 0.75), ("arc@v1", None, 0.5), ("arc@stable", None, 0.5),
        ("arc", "v1", 0.5), ("arc@v1", "v1", 0.5),
    ):  # fmt: skip
        loaded = negbank.load(place, "near-miss", revision=revision, split="train")
        assert max(loaded["plausibility"]) == highest, place
    other = Registry(Path(registry.place).with_name("other"))
    other.commit("arc", [part(count=2)], "", "")
    assert len(negbank.load("arc", split="train", registry=other)) == 2


def test_what_is_not_there_is_said(registry: Registry) -> None:
    with pytest.raises(UnknownNameError, match=r"no dataset 'ard'; did you mean 'arc'.*named ORG/NAME"):
        negbank.load("ard")
    with pytest.raises(UnknownNameError, match="no version 'v9'"):
        negbank.load("arc@v9")
    with pytest.raises(RegistryError, match="name two versions"):
        negbank.load("arc@v1", revision="v2")


def test_a_name_with_an_owner_is_on_the_hub(registry: Registry) -> None:
    with pytest.raises(HubError):  # tests ask no Hub
        negbank.load("org/arc")
    with pytest.raises(HubError):
        negbank.load("org/arc@v1")
