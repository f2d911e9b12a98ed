"""JSON texts as values, and values from JSON or TOML as frozen dataclasses.

`json_text` reads JSON more strictly than Python does, `values` names and shows what it holds, and `schema` checks it.
"""

from negbank.decoding.json_text import (
    HalfPairError,
    JsonError,
    JsonSyntaxError,
    check_unicode,
    column_of,
    decode_json,
    decode_json_at,
)
from negbank.decoding.schema import Between, Path, Problem, decode, encode
from negbank.decoding.values import MAX_DIGITS, WrittenNumber, kind_of, preview

__all__ = [
    "MAX_DIGITS", "Between", "HalfPairError", "JsonError", "JsonSyntaxError", "Path", "Problem", "WrittenNumber",
    "check_unicode", "column_of", "decode", "decode_json", "decode_json_at", "encode", "kind_of", "preview",
]  # fmt: skip
