"""What commands write and print for programs: whole in JSON, without effect in Markdown, YAML and HTML."""

from __future__ import annotations

import html.parser
import io
import json
import re
import sys
from pathlib import Path

import pytest
from payloads import PAYLOADS
from screens import harmful, hostile_folder, shown
from test_card import hostile, metadata, structure

from negbank.cards import card
from negbank.cards.text import clean, plain
from negbank.cli import run
from negbank.cli.screen import print_json_text
from negbank.report.markup import document, listed, text
from negbank.text.display import FIELD_LIMIT, cut, visible

TEXTS = list(PAYLOADS.values())


@pytest.fixture(autouse=True)
def here(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEGBANK_REGISTRY", str(hostile_folder(tmp_path_factory)))
    monkeypatch.chdir(tmp_path)


def test_json_says_all_of_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, too, where what would drive it is escaped."""
    found = json.loads(shown(monkeypatch, ["show", "arc", "-n", "999", "--tier", "near-miss", "--json"]).out)
    assert {row["negative"] for row in found["rows"]} == set(TEXTS)
    assert found["manifest"]["message"] == max(TEXTS, key=len)
    query = "select negative, [negative] as held from negatives('arc') where tier = 'near-miss'"
    found = json.loads(shown(monkeypatch, ["sql", query, "--json"]).out)
    assert {row["negative"] for row in found} == {row["held"][0] for row in found} == set(TEXTS)
    history = json.loads(shown(monkeypatch, ["log", "arc", "--json"]).out)
    assert {version["manifest"]["message"] for version in history} == set(TEXTS)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_of_any_text_fits_any_output(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding, newline="\n"))
    for own in [*TEXTS, "\ud800", "é"]:
        print_json_text(json.dumps(own, ensure_ascii=False))
    lines = raw.getvalue().decode("utf-8").splitlines()  # ASCII, too, is UTF-8; other bytes would be no JSON
    assert [json.loads(line) for line in lines] == [*TEXTS, "\ud800", "é"]


def test_files_hold_all_of_the_data(tmp_path: Path) -> None:
    assert run(["export", "arc", "-o", "out.jsonl", "--tier", "near-miss"]) == 0
    lines = Path("out.jsonl").read_bytes().split(b"\n")
    assert {json.loads(line)["rejected"] for line in lines if line} == set(TEXTS)
    assert run(["checkout", "arc", "plain", "--format", "jsonl"]) == 0
    lines = Path("plain/near-miss-train.jsonl").read_bytes().split(b"\n")
    assert {json.loads(line)["negative"] for line in lines if line} == set(TEXTS)


@pytest.fixture(scope="module")
def tame() -> list[object]:
    """The structure of a card whose texts stand in code, and of one whose texts are plain words."""
    return [structure(card(hostile(text)).text) for text in ("tame ~", "tame")]


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_card_shows_a_payload_and_does_nothing(name: str, tame: list[object]) -> None:
    """In every place of a card where a stranger's text can stand."""
    written = card(hostile(PAYLOADS[name])).text
    assert structure(written) in tame and not harmful(written)
    assert list(metadata(written)) == list(metadata(card(hostile("tame")).text))


class Tags(html.parser.HTMLParser):
    """The elements of a page, and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(f"{tag} {name}" for name, _ in attrs)}


def test_a_page_shows_payloads_and_does_nothing() -> None:
    def elements(texts: list[str]) -> set[str]:
        tags = Tags()
        page = document(texts[0], [listed(texts), *(f"<p>{text(own)}</p>" for own in texts)])
        assert not harmful(page)
        tags.feed(page)
        return tags.found

    assert elements(TEXTS) == elements(["x"])


def test_what_is_visible_is_harmless_and_says_what_was_there() -> None:
    for name, payload in PAYLOADS.items():
        assert not harmful(visible(payload)) and "\n" not in visible(payload), name
        assert not harmful(clean(payload)), name
        assert visible(visible(payload)) == visible(payload), name
        if payload.isprintable() and name not in ("blank letters", "selectors"):
            assert visible(payload) == payload
    assert visible("\x1b\u202e\n\U000e0041") == "\\x1b\\u202e\\n\\U000e0041"
    assert visible("\u0645\u06cc\u200c\u062e") == "\u0645\u06cc\u200c\u062e" and visible("a\u200db") == "a\\u200db"
    assert (
        visible("\u2764\ufe0f 1\ufe0f\u20e3") == "\u2764\ufe0f 1\ufe0f\u20e3"
        and visible("x\ufe0f\ufe0f") == "x\\ufe0f\\ufe0f"
    )
    assert plain("a: b:c") == "a: b:c" and plain(":x: a") == "`:x: a`"  # which becomes a cross on some pages
    assert visible(None) == "" and visible(5) == "5"
    assert cut("x" * FIELD_LIMIT) == "x" * FIELD_LIMIT
    assert cut("x" * 1_048_576).endswith("x [cut: 1,048,576 characters]") and len(cut("x" * 1_048_576)) < 4_100


def test_a_message_of_several_lines_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, ["log", "arc"]).out.split("\n")
    entries = [line for line in lines if re.match(r"(?:\x1b\[1m)?arc@v", line)]
    assert len(entries) == len(set(TEXTS))


def test_further_lines_of_an_error_are_indented(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "arc\narc@v9 is new: 5 negatives."]) == 1
    first, *rest = capsys.readouterr().err.rstrip("\n").split("\n")
    assert first.startswith("Error: ") and all(line.startswith("  ") for line in rest)
