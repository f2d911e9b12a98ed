"""Chains that are hard to read: what `mine` admits as wrong, and which first errors it names.

`python -m benchmarks.tricky_chains --chains FILE [--first-errors FILE] [--processbench FILE]` puts each chain through
`negbank mine --tier erroneous-cot` with its own question and gold answer, as a user would, and writes
`results/tricky-chains.json`. A chain file has question, answer, chain and right; a file of first errors has question,
answer, chain and first_error_step. ProcessBench is mined against GSM8K's test questions (NEGBANK_HUB_MIRROR).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import negbank
from benchmarks.machine import commit, describe_machine, describe_versions, now
from negbank.reasoning.chains import Trajectory
from negbank.reasoning.first_errors import first_error
from negbank.reasoning.golds import GoldBook
from negbank.reasoning.judge import MathJudge
from negbank.reasoning.steps import split_steps
from negbank.reasoning.verify import verify

RESULT = Path(__file__).parent / "results" / "tricky-chains.json"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def chains(file: Path) -> dict[str, Any]:
    """How many right chains are admitted as wrong, and the other way round, and how many wrong ones are admitted."""
    rows = lines(file)
    golds = GoldBook.of((row["question"], row["answer"], None) for row in rows)
    given = [Trajectory(row["question"], row["chain"], line=number) for number, row in enumerate(rows)]
    with MathJudge() as judge:
        verdicts = list(verify(iter(given), golds, judge))
    outcomes = [verdict.outcome for verdict in verdicts]
    wrong = [row for row in rows if not row["right"]]
    admitted = [row for row, outcome in zip(rows, outcomes, strict=True) if outcome == "wrong"]
    taken = [row for row, outcome in zip(rows, outcomes, strict=True) if outcome == "right" and not row["right"]]
    return {
        "chains": len(rows), "right": len(rows) - len(wrong), "wrong": len(wrong),
        "right_admitted_as_wrong": [row["chain"] for row in admitted if row["right"]],
        "wrong_taken_as_right": [row["chain"] for row in taken],
        "wrong_admitted": sum(not row["right"] for row in admitted),
        "wrong_admitted_share": round(sum(not row["right"] for row in admitted) / len(wrong), 4),
        "targets": {"right_admitted_as_wrong": 0, "wrong_taken_as_right": 1, "wrong_admitted_share": 0.6},
    }  # fmt: skip


def first_errors(file: Path) -> dict[str, Any]:
    """How many planted first errors are placed right, placed wrong, and left null."""
    found: Counter[str] = Counter()
    placed_wrong = []
    for row in lines(file):
        error = first_error(split_steps(row["chain"]), row.get("question", ""), row.get("answer"))
        kind = "null" if error is None else "right" if error.step == row["first_error_step"] else "wrong"
        found[kind] += 1
        if kind == "wrong":
            placed_wrong.append(row["chain"])
    total = found.total()
    return {
        "chains": total, "placed": dict(found), "placed_wrong": placed_wrong,
        "right_share": round(found["right"] / total, 4), "targets": {"right_share": 0.6, "wrong": 0},
    }  # fmt: skip


def processbench(file: Path) -> dict[str, Any]:
    """ProcessBench as it lies, mined against GSM8K's test questions, through the command's function."""
    records = {(row["problem"], "\n".join(row["steps"])): row for row in json.loads(file.read_text(encoding="utf-8"))}
    source = negbank.SourceOptions(split="test")
    settings = negbank.MineSettings(source=source, chains=negbank.ChainSettings((str(file),), final_form="keep"))
    with tempfile.TemporaryDirectory() as registry:
        result = negbank.mine("gsm8k", ["erroneous-cot"], settings, registry=registry)
        rows = negbank.Registry(registry).read(result.version)
    by_steps = {"\n".join(row["steps"]): row for row in records.values()}
    kept = [by_steps[key] for steps in rows["steps"] if (key := "\n".join(steps)) in by_steps]
    marks = zip(rows["steps"], rows["first_error_step"], strict=True)
    same = sum(by_steps["\n".join(s)]["label"] == step for s, step in marks if "\n".join(s) in by_steps)
    return {
        "chains": len(records), "admitted": rows.height, "found_again": len(kept),
        "right_admitted": sum(row["final_answer_correct"] for row in kept),
        "wrong_admitted": sum(not row["final_answer_correct"] for row in kept), "with_the_marked_step": same,
        "refusals": {reason: count for _, reason, count in result.refusals},
        "targets": {"right_admitted": 0, "wrong_admitted": 190},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("chains", "first-errors", "processbench"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    report: dict[str, Any] = {
        "benchmark": "tricky-chains", "commit": commit(), "date": now(), "machine": describe_machine(),
        "versions": describe_versions("math-verify"),
    }  # fmt: skip
    for name, measured in (("chains", chains), ("first_errors", first_errors), ("processbench", processbench)):
        if file := getattr(asked, name):
            report[name] = measured(file)
            print(name, json.dumps(report[name], ensure_ascii=False, indent=1))
    asked.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
