from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.decoding import Between, Problem, decode, encode


@dataclass(frozen=True)
class Inner:
    share: Annotated[float, Between(0, 1)]
    count: Annotated[int, Between(1)] = 1


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    kind: Literal["a", "b", 3] = "a"
    many: tuple[Inner, ...] = ()
    maybe: int | None = None
    free: Mapping[str, int | float | str] = field(default_factory=dict)
    anything: Mapping[str, Any] = field(default_factory=dict)
    flag: bool = False


LEAST: dict[str, Any] = {"name": "x", "inner": {"share": 0.5}}


def problems(**changes: Any) -> list[Problem]:
    value, found = decode(Outer, {**LEAST, **changes})
    assert value is None and found
    return list(found)


def test_what_is_left_out_has_its_default() -> None:
    assert decode(Outer, LEAST) == (Outer("x", Inner(0.5)), ())


def test_a_whole_number_will_do_for_any_number_and_becomes_one() -> None:
    value, _ = decode(Outer, {**LEAST, "inner": {"share": 1}})
    assert value is not None and type(value.inner.share) is float


inners = st.builds(Inner, st.floats(0, 1), st.integers(1))
outers = st.builds(
    Outer,
    st.text(),
    inners,
    st.sampled_from(["a", "b", 3]),
    st.lists(inners, max_size=3).map(tuple),
    st.none() | st.integers(),
    st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()),
    st.dictionaries(st.text(), st.none() | st.booleans() | st.lists(st.integers())),
    st.booleans(),
)


@given(outers)
def test_what_is_encoded_comes_back_through_json(value: Outer) -> None:
    assert decode(Outer, json.loads(json.dumps(encode(value)))) == (value, ())


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip # noqa: E501
def test_nothing_that_json_can_hold_breaks_it(data: Any) -> None:
    for key in ("name", "inner", "kind", "many", "maybe", "free", "flag"):
        decode(Outer, {**LEAST, key: data})
    value, found = decode(Outer, data)
    assert value is None and found


@pytest.mark.parametrize(
    ("changes", "path", "text"),
    [
        ({"name": 1}, ("name",), "is 1, where a text is expected"),
        ({"inner": {"share": 2}}, ("inner", "share"), "is 2, where a number from 0 to 1 is expected"),
        ({"inner": {"share": True}}, ("inner", "share"), "is True, where a number is expected"),
        ({"inner": {"share": 0.5, "count": 0}}, ("inner", "count"), "is 0, where a number from 1 on is expected"),
        ({"inner": {"share": 10**400}}, ("inner", "share"), "no finite number"),
        ({"inner": {"share": 16**5000}}, ("inner", "share"), "is too large to be shown, which is no finite number"),
        ({"inner": {"share": float("nan")}}, ("inner", "share"), "is nan, which is no finite number"),
        ({"inner": {}}, ("inner", "share"), "is missing"),
        ({"inner": []}, ("inner",), "is [], where keys and values are expected"),
        ({"kind": "c"}, ("kind",), "is 'c'; there are: 3, a, b"),
        ({"kind": [1]}, ("kind",), "is [1]"),
        ({"many": [{"share": 0.1}, {"share": "y"}]}, ("many", 1, "share"), "is 'y', where a number is expected"),
        ({"many": {}}, ("many",), "is {}, where a list is expected"),
        ({"maybe": 1.5}, ("maybe",), "is 1.5, where a whole number is expected"),
        ({"free": {"k": True}}, ("free", "k"), "is True, where a whole number or a number or a text is expected"),
        ({"free": {"k": float("inf")}}, ("free", "k"), "is inf, which is no finite number"),
        ({"free": 1}, ("free",), "is 1, where keys and values are expected"),
        ({"flag": 1}, ("flag",), "is 1, where true or false is expected"),
        ({"nam": 1}, ("nam",), "is no key that is known here; did you mean 'name'?"),
    ],
)
def test_each_problem_has_its_place(changes: dict[str, Any], path: tuple[Any, ...], text: str) -> None:
    (found,) = problems(**changes)
    assert found.path == path and text in found.text


def test_all_problems_are_found_at_once() -> None:
    assert [problem.path for problem in problems(name=1, flag="no", maybe="x")] == [("name",), ("maybe",), ("flag",)]


def test_a_long_value_is_cut_in_the_message() -> None:
    (found,) = problems(name=list(range(10_000)))
    assert len(found.text) < 130


def test_above_leaves_the_bound_itself_out() -> None:
    rule = Between(0, 1, above=True)
    assert rule.problem(0) == "is 0, where a number above 0 to 1 is expected"
    assert rule.problem(16**5000) == "is too large to be shown, where a number above 0 to 1 is expected"
    assert rule.problem(1e-9) is None and rule.problem(1) is None
