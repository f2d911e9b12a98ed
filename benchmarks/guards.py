"""What the guards refuse and keep: shared answer pairs by kind, HaluEval and TruthfulQA, through the commands.

`python -m benchmarks.guards --pairs FILE --halueval FILE --truthfulqa FILE [--judge MODEL]` runs `negbank add` on each
file as a user would, in a registry of its own, and writes `results/guards.json`. A pair file has question, answer (one
or several), negative, expected (`refuse` or `keep`) and kind. `--table` writes the table into docs/guards.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import negbank
from benchmarks.machine import commit, describe_machine, describe_versions, now

RESULT = Path(__file__).parent / "results" / "guards.json"
PAGE = Path(__file__).parent.parent / "docs" / "guards.md"
BEGIN, END = "<!-- table: benchmarks/guards.py -->", "<!-- end of table -->"

TARGETS = {"alias": (0.85, 0.95), "several": (0.85, 0.95), "paraphrase": (0.75, 0.75)}
RULE_KIND = (0.97, 0.97)
"""Shares to reach, of right candidates refused and of wrong ones kept."""


def added(file: Path, judge: str | None) -> tuple[negbank.AddResult, dict[tuple[str, str], str]]:
    """The result of `add`, and the reason for each question and negative that it refused."""
    with tempfile.TemporaryDirectory() as registry:
        result = negbank.add(str(file), "pairs", negbank.AddSettings(judge=judge), registry=registry)
    refused = result.refused.select("question", "negative", "reason").iter_rows()
    return result, {(question, negative): reason for question, negative, reason in refused}


def pairs(file: Path, judge: str | None) -> dict[str, Any]:
    """By kind: shares of right candidates refused and of wrong ones kept, by pair and question, and what is missed."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    _, reasons = added(file, judge)
    by_kind: dict[str, list[tuple[dict[str, Any], bool, str | None]]] = defaultdict(list)
    for row in rows:
        # a wrong candidate that another row of its question holds too is in the dataset: it was kept
        reason = reasons.get((row["question"], row["negative"]))
        refused = reason is not None and not (reason == "duplicate" and row["expected"] == "keep")
        by_kind[row["kind"]].append((row, refused == (row["expected"] == "refuse"), reason))
    return {kind: _measured(kind, found) for kind, found in sorted(by_kind.items())}


def _measured(kind: str, found: list[tuple[dict[str, Any], bool, str | None]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for expected, name, target in zip(
        ("refuse", "keep"), ("right_refused", "wrong_kept"), TARGETS.get(kind, RULE_KIND), strict=True
    ):
        own = [(row, good) for row, good, _ in found if row["expected"] == expected]
        questions: dict[str, list[bool]] = defaultdict(list)
        for row, good in own:
            questions[row["question"]].append(good)
        hits = sum(good for _, good in own)
        out[name] = {
            "pairs": len(own), "hits": hits, "share": round(hits / len(own), 4) if own else None,
            "questions": len(questions), "questions_all_right": sum(map(all, questions.values())), "target": target,
        }  # fmt: skip
    out["missed"] = [
        {"question": row["question"], "answer": row["answer"], "candidate": row["negative"],
         "expected": row["expected"], "reason": reason}
        for row, good, reason in found if not good
    ]  # fmt: skip
    return out


def testified(file: Path) -> dict[str, Any]:
    """How many of a file's wrong answers come in as near-misses, and why the others do not."""
    result, reasons = added(file, None)
    tiers = {tier.tier: tier.rows for tier in result.tiers}
    total = result.added + sum(count for _, _, count in result.refusals)
    examples = [{"question": q, "candidate": n, "reason": r} for (q, n), r in sorted(reasons.items())]
    return {
        "wrong_answers": total, "near_miss": tiers.get("near-miss", 0), "tiers": tiers,
        "near_miss_share": round(tiers.get("near-miss", 0) / total, 4),
        "refusals": {reason: count for _, reason, count in result.refusals}, "refused": examples,
    }  # fmt: skip


def table(report: dict[str, Any]) -> str:
    """The table of docs/guards.md."""
    judge = report.get("pairs_with_judge")
    lines = [
        "| kind | right refused | target | wrong kept | target |"
        + (" with the judge: refused, kept |" if judge else ""),
        "|---|---|---|---|---|" + ("---|" if judge else ""),
    ]
    for kind, found in report["pairs"].items():
        cells = [kind]
        for name in ("right_refused", "wrong_kept"):
            side = found[name]
            mark = "" if (side["share"] or 0) >= side["target"] else " **not reached**"
            cells += [f"{side['hits']} of {side['pairs']} ({side['share']:.0%}){mark}", f"{side['target']:.0%}"]
        if judge:
            cells.append(", ".join(f"{judge[kind][n]['share']:.0%}" for n in ("right_refused", "wrong_kept")))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_table(report: dict[str, Any]) -> None:
    """Put the table, and what is missed, between the markers of docs/guards.md."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    missed = [
        f"- {kind}: “{row['candidate']}” for “{row['answer']}” ({row['question']}) should be "
        f"{'refused' if row['expected'] == 'refuse' else 'kept'}"
        for kind, found in report["pairs"].items() for row in found["missed"]
    ]  # fmt: skip
    listed = "\n".join(["", "Still missed:", "", *missed]) if missed else "\nNone is missed."
    PAGE.write_text(f"{before}{BEGIN}\n{table(report)}\n{listed}\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pairs", "halueval", "truthfulqa"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--judge")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    report: dict[str, Any] = {
        "benchmark": "guards", "commit": commit(), "date": now(), "machine": describe_machine(),
        "versions": describe_versions("sentence-transformers", "math-verify", "polars"),
    }  # fmt: skip
    if asked.pairs:
        report["pairs"] = pairs(asked.pairs, None)
        if asked.judge:
            report |= {"judge": asked.judge, "pairs_with_judge": pairs(asked.pairs, asked.judge)}
    for name in ("halueval", "truthfulqa"):
        if file := getattr(asked, name):
            report[name] = testified(file)
    asked.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if asked.pairs:
        print(table(report))
        if asked.table:
            write_table(report)
    for name in ("halueval", "truthfulqa"):
        if name in report:
            print(f"{name}: {json.dumps({k: v for k, v in report[name].items() if k != 'refused'})}")


if __name__ == "__main__":
    main()
