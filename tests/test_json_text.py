"""JSON is read more strictly than Python reads it, and what is wrong is said in plain words with its column."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.decoding import JsonError, JsonSyntaxError, WrittenNumber, decode_json, decode_json_at, preview

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.booleans())
def test_what_python_writes_is_read_back(value: object, ascii_only: bool) -> None:
    assert decode_json(f" {json.dumps(value, ensure_ascii=ascii_only)}\n") == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": "b', "not JSON: a text that begins at column 7 has no end"),
        ('{"a": "b\n', "not JSON: a text that begins at column 7 has no end"),
        ('{"a": "b\tc"}', "not JSON: a line break or another control character stands in a text, at column 9"),
        ('{"a": "\\x"}', "not JSON: a backslash is followed by a sign that has no meaning there, at column 8"),
        ("{a: 1}", "not JSON: a key in double quotes is missing, at column 2"),
        ('{"a" 1}', "not JSON: a colon is missing, at column 6"),
        ('{"a": 1 "b": 2}', "not JSON: a comma or a closing bracket is missing, at column 9"),
        ('{"a": x}', "not JSON: a value is missing, at column 7"),
        ('{"a": [1,]}', "not JSON: a comma stands before the closing bracket, at column 10"),
        ('{"a": 1, }', "not JSON: a comma stands before the closing bracket, at column 10"),
        ('{"a": \n', "not JSON: it is cut off at column 6"),
        ('{"a": 1} 2', "not JSON: something follows the value, at column 10"),
        ("[" * 100_000, "not JSON that can be read: nested too deeply"),
    ],
)
def test_damaged_json(text: str, problem: str) -> None:
    with pytest.raises(JsonSyntaxError) as error:
        decode_json(text)
    assert str(error.value) == problem


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ('{"a": 1,\n "a": 2}', "the key 'a' stands twice in one object, at column 2", 10),
        ('{"a": {"b": "a:", "c": 1}, "c": {"b": 1, "\\u0062": 2}}', "the key 'b' stands twice in one object", 41),
        ('{"NaN": "\\"",\n"b": -Infinity}', "-Infinity is no JSON, at column 6", 19),
        ('{"a": "\\\\ud800 \\ud83d\\ude00",\n"b": "\\udFFF"}', "'b' holds \\udfff, half of a surrogate pair", 36),
    ],
)
def test_what_python_takes_and_nobody_else(text: str, problem: str, place: int) -> None:
    with pytest.raises(JsonError) as error:
        decode_json(text)
    assert problem in str(error.value) and not isinstance(error.value, JsonSyntaxError)
    assert error.value.place == place


def test_a_value_within_a_text() -> None:
    assert decode_json_at('[{"a": 1.10}, 2]', 1) == ({"a": 1.1}, 12)


def test_a_number_of_many_digits_is_cut_in_an_error() -> None:
    assert preview(WrittenNumber("9" * 5000)) == "9" * 57 + "..."
