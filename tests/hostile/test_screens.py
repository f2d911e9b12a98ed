"""Every command, on data and on words that are payloads: no character but ours reaches a terminal."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from payloads import PAYLOADS
from screens import STYLES, harmful, hostile_folder, shown

from negbank.cli import COMMANDS

DATA: dict[str, list[list[str]]] = {
    "sources": [["sources"]],
    "inspect": [["inspect", "hostile.jsonl"], ["inspect", "columns.jsonl"]],
    "mine": [["mine", "hostile.jsonl", "--dataset", "new", "-m", "{all}", "--allow-skipped", "1"]],
    "label": [["label", "hostile.jsonl", "-o", "labelled.jsonl"], ["label", "hostile.jsonl"]],
    "add": [["add", "hostile.jsonl", "--dataset", "new", "--license", "{all}"]],
    "ls": [["ls"]],
    "log": [["log", "arc"]],
    "show": [["show", "arc", "-n", "999"], ["show", "arc", "--refused"]],
    "diff": [["diff", "arc@v1", "arc", "--rows", "-n", "999"]],
    "sql": [
        ["sql", "select * from negatives('arc')"],
        ["sql", "select negative, list_value(negative), {{'a': negative}}, encode(negative) from negatives('arc')"],
    ],
    "tag": [["tag", "arc@v3", "stable"]],
    "revert": [["revert", "arc@v2", "-m", "{all}"]],
    "rm": [["rm", "arc", "--yes"]],
    "gc": [["gc"]],
    "verify": [["verify"]],
    "checkout": [["checkout", "arc", "out"]],
    "export": [["export", "arc", "-o", "out.jsonl", "--tier", "near-miss"]],
    "benchmark": [["benchmark", "arc", "--likra"], ["benchmark", "--likra", "--recipe", "hostile.toml"]],
    "score": [["score", "hostile.jsonl", "--heads", "heads"]],
    "recipes": [["recipes", "show", "hostile.toml"], ["recipes", "show", "odd.toml"], ["recipes"]],
    "card": [["card", "arc"]],
    "push": [["push", "arc"]],
    "pull": [["pull", "org/arc"]],
    "completion": [["completion", "bash"]],
}
"""How each command comes to show data; `{all}` is all payloads in one text. A new command has to be added."""
FAIL = {"benchmark", "score", "push", "pull"}
"""Those that need more than there is here: their errors are looked at."""

WORDS: dict[str, list[list[str]]] = {
    "sources": [["sources", "{}"]],
    "inspect": [["inspect", "{}"], ["inspect", "plain.jsonl", "--question-column", "{}"]],
    "mine": [["mine", "{}"], ["mine", "plain.jsonl", "--dataset", "{}"], ["mine", "demo", "--refused", "{}"]],
    "label": [["label", "{}"], ["label", "plain.jsonl", "-o", "{}"]],
    "add": [["add", "{}", "--dataset", "x"], ["add", "plain.jsonl", "--dataset", "{}"]],
    "ls": [["ls", "--registry", "{}"], ["ls", "{}"]],
    "log": [["log", "{}"], ["log", "arc@{}"]],
    "show": [["show", "{}"], ["show", "arc", "--where", "{}"], ["show", "arc", "--tier", "{}"]],
    "diff": [["diff", "{}"], ["diff", "arc@v1", "{}"]],
    "sql": [["sql", "{}"], ["sql", 'select 1 as "{}", 2 as "{}"'], ["sql", "select $$ {} $$, 1"]],
    "tag": [["tag", "arc@v1", "{}"], ["tag", "{}", "x"]],
    "revert": [["revert", "{}"]],
    "rm": [["rm", "{}", "--yes"], ["rm", "arc", "{}"]],
    "gc": [["gc", "--registry", "{}", "--dry-run"]],
    "verify": [["verify", "--registry", "{}"]],
    "checkout": [["checkout", "{}", "out"], ["checkout", "arc@v1", "plain.jsonl", "--format", "{}"]],
    "export": [["export", "arc", "-o", "{}"], ["export", "{}", "-o", "x.jsonl"]],
    "benchmark": [["benchmark", "{}", "--likra"], ["benchmark", "--likra", "--recipe", "{}"]],
    "score": [["score", "{}", "--heads", "heads"], ["score", "plain.jsonl", "--heads", "{}"]],
    "recipes": [["recipes", "show", "{}"], ["recipes", "{}"]],
    "card": [["card", "{}"]],
    "push": [["push", "arc", "--to", "{}"], ["push", "{}"]],
    "pull": [["pull", "{}"]],
    "completion": [["completion", "{}"]],
}
"""Where each command takes words of the user's, which it may show again."""


def test_one_module_prints() -> None:
    """What is printed past `cli/screen` is not made visible."""
    of_click = {"echo", "secho", "style", "echo_via_pager", "confirm", "prompt"}
    streams = {"stdout", "stderr", "__stdout__", "__stderr__"}
    may = {
        "cli/screen.py": of_click | streams, "cli/tables.py": {"Console", "print"} | streams,
        "cli/bars.py": {"Console"} | streams, "cli/streams.py": streams, "cli/progress.py": streams,
        "reasoning/judge_process.py": streams, "decompression.py": streams,  # a pipe between two processes of ours
    }  # fmt: skip
    found = {}
    for path in sorted((ROOT / "negbank").rglob("*.py")):
        used = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                watched = {"click": of_click, "sys": streams, "console": {"print"}}.get(node.value.id, set())
                used |= {node.attr} & watched
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                used |= {node.func.id} & {"print", "Console"}
            elif isinstance(node, ast.ImportFrom) and node.module in ("click", "sys"):
                used |= {alias.name for alias in node.names} & (of_click | streams)
        name = str(path.relative_to(ROOT / "negbank"))
        if wrong := used - may.get(name, set()):
            found[name] = wrong
    assert not found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry and files that are full of payloads."""
    root = hostile_folder(tmp_path_factory).parent
    texts = sorted(PAYLOADS.values(), key=len)
    lines = []
    for number, text in enumerate(text[:2_000] for text in texts):
        right, wrong = f"{text} right", f"{text} wrong"
        choices = [right, wrong, "no"]
        row = {"question": f"{text} {number}?", "answer": right, "choices": choices, "negative": wrong}
        lines.append(json.dumps(row))
    (root / "hostile.jsonl").write_text("\n".join(lines) + "\n")
    names = {f"{text[:500]} {number}": number for number, text in enumerate(texts)}
    (root / "columns.jsonl").write_text(json.dumps({"question": "q?", "answer": "a", "negative": "b", **names}) + "\n")
    (root / "plain.jsonl").write_text('{"question": "q?", "answer": "a", "choices": ["a", "b"], "negative": "b"}\n')
    recipe = (ROOT / "recipes" / "arc.toml").read_text()
    comments = "".join(f"# {text[:200]!r}\n" for text in texts) + "# \u202eright to left, and \U000e0041\n"
    (root / "hostile.toml").write_text(recipe + comments)
    (root / "odd.toml").write_text("".join(f"{json.dumps(text[:500])} = 1\n" for text in texts))
    return root


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to work in."""
    place = tmp_path / "work"
    shutil.copytree(made, place, copy_function=shutil.copy)
    monkeypatch.chdir(place)
    monkeypatch.setenv("NEGBANK_REGISTRY", str(place / "registry"))
    monkeypatch.setenv("LOGNAME", "\x1b[2Jmallory\n\udcff")
    return place


def test_every_command_is_tried() -> None:
    assert set(DATA) == set(WORDS) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("more", "colours"), [([], True), ([], False), (["--json"], True)], ids=["colours", "plain", "json"]
)
def test_nothing_of_the_data_drives_the_terminal(
    command: str, more: list[str], colours: bool, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    everything = " ".join(text for text in PAYLOADS.values() if len(text) < 10_000)
    for words in DATA[command]:
        if command == "completion" and more:
            continue
        screen = shown(monkeypatch, [word.format(all=everything) for word in words] + more)
        assert screen.code == 0 or command in FAIL or words[-1] == "odd.toml", screen.err[-500:]
        for text in (screen.out, screen.err):
            assert not harmful(text), (words, harmful(text)[:5])
            assert colours or not STYLES.search(text)
        if more and (command, words[-1]) != ("recipes", "odd.toml"):
            json.loads(screen.out)
        elif not more and words[0] != "label":  # whose JSON lines are whole
            assert max(map(len, screen.out.split("\n"))) < 30_000  # a text of a megabyte is cut


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_of_the_words_drives_the_terminal(
    command: str, made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(made / "plain.jsonl", tmp_path)
    for text in PAYLOADS.values():
        word = text.replace("\x00", "")[:100_000]  # all that the system lets through
        for words in WORDS[command]:
            screen = shown(monkeypatch, [given.replace("{}", word) for given in words])
            assert screen.code in (0, 1, 2), words
            for text in (screen.out, screen.err):
                assert not harmful(text), (words, harmful(text)[:5])
            assert len(screen.err) < 200_000
    assert not (tmp_path / "owned").exists()
