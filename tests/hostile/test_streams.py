"""Standard input, output and error that are closed, full, read by nobody, or in another encoding: the real process."""

from __future__ import annotations

import io
import os
import pty
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from screens import harmful, hostile_folder

from negbank.cli import run
from negbank.errors import NegbankError
from negbank.folders import cache_folder, keep_libraries_out
from negbank.registry import Registry

NEGBANK = f"{sys.executable} -c 'from negbank.cli import main; main()'"
FULL = "Error: standard output cannot be written: No space left on device"


@pytest.fixture(autouse=True)
def here(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEGBANK_REGISTRY", str(hostile_folder(tmp_path_factory)))
    monkeypatch.chdir(tmp_path)


def shell(line: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    """A line of Bash, in which `negbank` is the command."""
    script = f'set -o pipefail; negbank() {{ {NEGBANK} "$@"; }}; {line}'
    done = subprocess.run(["bash", "-c", script], capture_output=True, env={**os.environ, **more}, timeout=120)
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("words", ["ls", "show arc", "log arc --json", "card arc", "sql 'select 1'", "--help"])
def test_a_full_disk_is_an_error(words: str) -> None:
    done = shell(f"negbank {words} >/dev/full")
    assert done.returncode == 1 and FULL.encode() in done.stderr


@pytest.mark.parametrize("words", ["ls", "show arc --json", "show nosuch --json"])
def test_a_closed_output_is_an_error(words: str) -> None:
    done = shell(f"negbank {words} >&-")
    assert done.returncode == 1 and b"Error: " in done.stderr


@pytest.mark.parametrize("words", ["show arc -n 999", "show arc -n 999 --json", "ls", "card arc", "--help"])
def test_a_reader_that_has_enough_is_no_error(words: str) -> None:
    done = shell(f"negbank {words} | head -c 1")
    assert done.returncode == 0 and done.stderr == b""


def test_a_closed_or_full_standard_error_stops_nothing() -> None:
    for where in ("2>&-", "2>/dev/full"):
        assert shell(f"negbank ls {where}").returncode == 0
        assert shell(f"negbank show nosuch {where}").returncode == 1


def test_a_file_does_not_take_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    code = (
        "import os, sys; from negbank.cli.streams import prepare; prepare(); f = open('made', 'w')\n"
        "assert f.fileno() > 2; os.write(2, b'a library prints'); print('us', file=sys.stderr)"
    )
    done = subprocess.run(["bash", "-c", f'{sys.executable} -c "$0" <&- >&- 2>&-', code], timeout=60)
    assert done.returncode == 0 and (tmp_path / "made").read_text() == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("negbank add - --dataset x <&-", b"standard input is closed"),
        ("negbank inspect - <&-", b"standard input is closed"),
        ("negbank add - --dataset x 0>out", b"standard input: cannot be read: Bad file descriptor"),
        ("negbank rm arc <&-", b"there is no terminal to ask on"),
        ("negbank show $'a\\xff'", b"argument 2 has bytes that are not UTF-8: a\\udcff"),
        ("negbank show $'a\\xff' --json", b"argument 2 has bytes"),
        ("negbank revert arc@v1 -m $'\\xff\\xfe'", b"argument 4 has bytes that are not UTF-8"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(line: str, message: bytes) -> None:
    done = shell(line)
    assert done.returncode in (1, 2) and message in done.stdout.replace(b"\\\\", b"\\") + done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
def test_every_encoding_can_show_everything(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in ("show arc -n 999", "show arc -n 999 --json", "ls", "log arc", "sources", "recipes", "verify"):
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding, "strict", newline="\n")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            assert run(words.split()) == 0
        assert not harmful(raw.getvalue().decode(encoding))


def test_ascii_in_a_process_of_its_own() -> None:
    done = shell("negbank show arc -n 999", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and b"\\u7b54\\u3048" in done.stdout


@pytest.mark.model
def test_what_is_committed_is_done_whoever_reads(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text('{"question": "What é?", "choices": ["1 é", "2", "答え"], "answer": 0}\n')
    lines = (
        ("ascii", "negbank mine own.jsonl --dataset a", 0, {"PYTHONIOENCODING": "ascii"}),
        ("head", "negbank mine own.jsonl --dataset b 2>&1 | head -c 1", 0, {}),
        ("closed", "negbank mine own.jsonl --dataset c 2>&-", 0, {}),
        ("full", "negbank mine own.jsonl --dataset d >/dev/full", 1, {}),
    )
    for name, line, code, more in lines:
        done = shell(line, NEGBANK_REGISTRY=str(tmp_path / "registry"), **more)
        assert done.returncode == code, (name, done.stderr)
        if code:
            assert b"what the command changed or wrote to files is complete" in done.stderr
    assert [found.dataset for found in Registry(tmp_path / "registry").datasets()] == ["a", "b", "c", "d"]


def test_no_home_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("HOME", "NEGBANK_CACHE", "XDG_DATA_HOME", "XDG_CACHE_HOME", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)  # a container's user, without a line in /etc/passwd
    assert run(["verify"]) == 0  # needs no cache
    with pytest.raises(NegbankError, match=r"no home folder to keep the cache in .* name a folder with NEGBANK_CACHE"):
        cache_folder()
    keep_libraries_out()
    assert os.environ["HF_HOME"].startswith(tempfile.gettempdir())
    monkeypatch.delenv("HF_HOME")
    monkeypatch.delenv("NEGBANK_REGISTRY")
    assert run(["ls"]) == 1
    assert "no home folder to keep the registry in" in capsys.readouterr().err
    assert run(["ls", "--registry", "~nobody-of-that-name/x"]) == 0


@pytest.mark.parametrize(
    "words", [["log", "arc"], ["show", "arc", "-n", "99"], ["sql", "from negatives('arc')"], ["ls"]]
)
@pytest.mark.parametrize("colours", [True, False])
def test_on_a_real_terminal(words: list[str], colours: bool) -> None:
    own, theirs = pty.openpty()
    code = "import sys; from negbank.cli import main; main()"
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm", "COLUMNS": "40"}
    if not colours:
        environment["NO_COLOR"] = "1"
    line = [sys.executable, "-c", code, *words]
    process = subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    chunks = []
    try:
        while chunk := os.read(own, 1 << 16):
            chunks.append(chunk)
    except OSError:  # the other end is closed
        pass
    os.close(own)
    assert process.wait(60) == 0
    text = b"".join(chunks).decode().replace("\r\n", "\n")
    assert text and not harmful(text)
    assert colours or "\x1b" not in text
    if words[0] == "ls":
        assert max(map(len, text.split("\n"))) <= 60 and "dataset" in text
