"""Tables for a person: on a real terminal of 40 and of 80 columns, and with texts that nobody chose."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len

from negbank.cli.tables import print_table

COLUMNS = ["dataset", "newest", "negatives", "tiers", "size", "message"]
ROWS = [
    ["arc-challenge", "v12", 51267, "near-miss 17,089, irrelevant 17,089, unrelated 17,089", "4.1 MB", ""],
    ["own", "v1", 1, "near-miss 1", "6.0 kB", "reported by users between October and the end of November"],
]


def on_terminal(width: int, code: str, **more: str) -> str:
    """What a Python program prints on a terminal of that many columns."""
    own, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")} | {"TERM": "xterm"} | more
    process = subprocess.Popen([sys.executable, "-c", code], stdout=theirs, env=environment, text=True)
    os.close(theirs)
    chunks = []
    while True:
        try:
            chunk = os.read(own, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    assert process.wait(60) == 0
    os.close(own)
    return b"".join(chunks).decode()


PRINT = f"from negbank.cli.tables import print_table; print_table('Datasets', {COLUMNS!r}, {ROWS!r})"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_table_is_no_wider_than_the_terminal_and_breaks_no_word(width: int) -> None:
    lines = on_terminal(width, PRINT, NO_COLOR="1").replace("\r", "").split("\n")
    assert max(cell_len(line) for line in lines) <= width
    words = {word for line in lines for word in line.split()}
    for row in ROWS:
        for cell in row:
            text = f"{cell:,}" if isinstance(cell, int) else str(cell)
            assert set(text.split()) <= words, (text, lines)


def test_columns_that_do_not_fit_become_a_line_a_field() -> None:
    lines = on_terminal(40, PRINT, NO_COLOR="1").replace("\r", "").split("\n")
    assert lines[1].split() == ["dataset", "arc-challenge"] and lines[3].split() == ["negatives", "51,267"]
    assert "" in [line.strip() for line in lines[4:-2]]  # between the two records
    assert any("newest" in line and "negatives" in line for line in on_terminal(120, PRINT).split("\n"))


def test_a_word_longer_than_the_terminal_is_folded_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    code = f"from negbank.cli.tables import print_table; print_table('', ['name', 'n'], [[{'x' * 99!r}, 5]])"
    printed = on_terminal(40, code, NO_COLOR="1").replace("\r", "")
    assert max(map(len, printed.split("\n"))) <= 40 and printed.count("x") == 99


def test_colours_only_on_a_terminal_that_wants_them() -> None:
    assert "\x1b[" in on_terminal(80, PRINT)
    assert "\x1b[" not in on_terminal(80, PRINT, NO_COLOR="1")


def test_no_color_is_heeded_by_what_is_no_table() -> None:
    code = "import sys; from negbank.cli import run; sys.exit(run(['show', 'nothing']) - 1)"
    for more, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        wrapped = f"import sys; sys.stderr = sys.stdout\n{code}"
        assert ("\x1b[" in on_terminal(80, wrapped, **more)) is coloured


@pytest.mark.parametrize(
    "text", ["[bold]a[/bold]", "[/]", ":smile:", "[link=http://x]y[/link]", "\\[red]", "a [1] b", "[@click=f]x[/]"]
)
def test_texts_are_printed_as_they_are(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(text, [text, "n"], [[text, 1]])
    assert capsys.readouterr().out.count(text) == 3


def test_control_characters_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("", ["text"], [["\x1b[31mred\x07 \u202etxt"]])
    assert "\\x1b[31mred\\x07 \\u202etxt" in capsys.readouterr().out


def test_a_wide_script_is_measured_by_its_width() -> None:
    cells = ["日本語の答え " * 12, "n"]
    code = f"from negbank.cli.tables import print_table; print_table('', ['text', 'x'], [{cells!r}])"
    for width in (40, 80):
        lines = on_terminal(width, code, NO_COLOR="1").replace("\r", "").split("\n")
        assert max(cell_len(line) for line in lines) <= width


def test_listing_datasets_fits_a_narrow_terminal(tmp_path: Path) -> None:
    from samples import part

    from negbank.registry import Registry

    Registry(tmp_path / "r").commit("arc", [part(), part("irrelevant", 4, seed=1)], "a message of some length", "")
    code = f"import sys; from negbank.cli import run; sys.exit(run(['ls', '--registry', {str(tmp_path / 'r')!r}]))"
    lines = on_terminal(40, code, NO_COLOR="1").replace("\r", "").split("\n")
    assert max(map(len, lines)) <= 40 and any("a message of some length" in line for line in lines)
