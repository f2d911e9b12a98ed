"""A terminal in this process, a registry full of payloads, and what may be on a screen."""

from __future__ import annotations

import io
import re
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from payloads import PAYLOADS
from samples import chain_rows, rows

from negbank.cli import run
from negbank.registry import NewPart, Registry

STYLES = re.compile(r"\x1b\[(?:0|1|[39][0-7]|1;3[0-7]|38;[25];[0-9;]+)m")
"""The styles that commands and progress bars use."""

BARS = re.compile(r"\r?\x1b\[(?:\?25[lh]|2K|1A)\r?")
"""How a progress bar is drawn over: the cursor goes and comes back, a line is wiped."""


class Terminal(io.TextIOWrapper):
    """What is printed on a terminal, or on something that only looks like one."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8", "strict", newline="\n", write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


@dataclass(frozen=True)
class Screen:
    """What one command showed, and how it ended."""

    code: int
    out: str
    err: str


def shown(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> Screen:
    """What a command shows on a terminal. Fails where it raises anything."""
    out, err = Terminal(), Terminal()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.setattr(sys, "argv", ["negbank", *words])
        code = run(words)
    return Screen(code, out.text, err.text)


def harmful(text: str) -> list[str]:
    """Every character of a screen that is neither text nor one of our styles."""
    text = f"\n{BARS.sub('', STYLES.sub('', text))}\n"
    found = []
    for match in re.finditer("[^ -~\n]", text):
        character, before, after = match.group(), text[match.start() - 1], text[match.end()]
        joins = character in "\u200c\u200d" and not before.isascii() and not after.isascii()
        if not joins and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            found.append(f"{character!r} after {before!r}")
    return found


def hostile_folder(factory: pytest.TempPathFactory) -> Path:
    """A registry that is full of payloads, made once; copy it to change it."""
    folder = factory.getbasetemp() / "hostile" / "registry"
    if not folder.exists():
        folder.parent.mkdir()
        _fill(Registry(folder))
    return folder


def _fill(registry: Registry) -> None:
    """`arc`: a version a payload, with it as a row of each tier, message, command and record; the newest has all."""
    texts = sorted(PAYLOADS.values(), key=len)
    own = rows(len(texts)).with_columns(
        question=pl.Series(texts), context=pl.Series(texts), answer=pl.Series(texts), negative=pl.Series(texts),
        answers=pl.Series([[text, "right"] for text in texts]), category=pl.Series([[text] for text in texts]),
        subject=pl.Series(texts), origin=pl.Series(texts), origin_id=pl.Series(texts), question_id=pl.Series(texts),
    )  # fmt: skip
    chains = chain_rows(len(texts)).with_columns(
        question=pl.Series(texts), negative=pl.Series(texts), final_answer=pl.Series(texts),
        gold_answer=pl.Series(texts), error_type=pl.Series(texts), error_source=pl.Series(texts),
        generator=pl.Series(texts), steps=pl.Series([[text, text] for text in texts]),
        first_error_step=pl.Series([0] * len(texts), dtype=pl.Int32),
    )  # fmt: skip
    for number, text in enumerate(texts):
        mined = {"source": text, "license": text, "revision": text, "refused": {text: 2}, "pool": text}
        some = slice(None) if number == len(texts) - 1 else slice(number, number + 1)  # the newest has all
        parts = [
            NewPart("near-miss", "train", own[some], mined),
            NewPart("erroneous-cot", "train", chains[some], mined),
        ]
        registry.commit("arc", parts, text, text)
