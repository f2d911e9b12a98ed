"""From which cosine two long answers say the same: `python -m benchmarks.cosine_rule DATA`.

DATA is the folder with `answer-pairs`, `halueval` and `truthfulqa`; NEGBANK_HUB_MIRROR names ARC. Only pairs that
`cosine_judges` lets through count. A candidate is refused where it reaches the threshold with any right answer.

- `shared`: the pairs written for this project.
- `halueval`: `hallucinated_answer` against `right_answer`; all are wrong.
- `truthfulqa`: each right answer against the question's others (to be refused), each wrong one against all right ones.
- `elsewhere, ...`: the three right answers of other questions nearest to a question's own, which is what a miner
  proposes. Nobody labelled these: the share refused is what the rule costs there, right ones among them included.

`three layers` is the same encoder cut after its third layer: another space, to see which way of giving the threshold
carries over.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.machine import commit, describe_machine, describe_versions, now
from benchmarks.plausibility import RESULTS, arc, three_layers
from negbank.encode import embed, load_encoder
from negbank.guards.cosine_rule import QUANTILE, cosine_judges
from negbank.guards.margins import calibrate
from negbank.records import TextVectors

QUANTILES = (0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)
COSINES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
NEAREST = 3


@dataclass(frozen=True)
class Pair:
    """One candidate: `is_right` is None where nobody said."""

    answers: list[str]
    candidate: str
    is_right: bool | None


@dataclass(frozen=True)
class Data:
    """`sets` by name; `background` by the same names: one right answer a question, for the margin."""

    sets: dict[str, list[Pair]]
    background: dict[str, list[str]]

    def texts(self) -> list[str]:
        pairs = (pair for rows in self.sets.values() for pair in rows)
        found = {text for pair in pairs for text in (*pair.answers, pair.candidate)}
        return sorted(found.union(*self.background.values()))


def read(folder: Path, hub: Path) -> Data:
    shared = [json.loads(line) for line in (folder / "answer-pairs/pairs.jsonl").read_text().splitlines()]
    halueval = [json.loads(line) for line in (folder / "halueval/qa_one-turn_data.json").read_text().splitlines()]
    truthful = json.loads((folder / "truthfulqa/en_validation.json").read_text())
    science = [item.answer for item in arc(hub, "ARC-Challenge/test", "ARC-Challenge/train")]
    lists = [row["answer"] if isinstance(row["answer"], list) else [row["answer"]] for row in shared]
    sets = {
        "shared": [
            Pair(answers, row["negative"], row["expected"] == "refuse")
            for answers, row in zip(lists, shared, strict=True)
        ],
        "halueval": [Pair([row["right_answer"]], row["hallucinated_answer"], False) for row in halueval],
        "truthfulqa": [pair for row in truthful for pair in of_question(row)],
    }
    best = [row["best_answer"] for row in truthful]
    background = {"shared": science, "halueval": [row["right_answer"] for row in halueval], "truthfulqa": best}
    background |= {"elsewhere, truthfulqa": best, "elsewhere, arc": science}
    return Data(sets, background)


def of_question(row: dict[str, Any]) -> list[Pair]:
    right = list(dict.fromkeys(row["correct_answers"]))
    others = [Pair([o for o in right if o != answer], answer, True) for answer in right if len(right) > 1]
    return others + [Pair(right, wrong, False) for wrong in row["incorrect_answers"]]


def elsewhere(answers: Sequence[str], vectors: TextVectors) -> list[Pair]:
    """The nearest answers of other questions, among those that the rule may judge."""
    distinct = sorted({answer for answer in answers if cosine_judges(answer, answer)})
    matrix = vectors.of(distinct)
    near = matrix @ matrix.T
    np.fill_diagonal(near, -1)
    order = np.argsort(-near, axis=1, kind="stable")[:, :NEAREST]
    return [Pair([answer], distinct[j], None) for answer, row in zip(distinct, order, strict=True) for j in row]


def scored(pairs: Sequence[Pair], vectors: TextVectors) -> pl.DataFrame:
    """The highest cosine with a right answer that the rule may compare, of each pair that has one."""
    rows = []
    for pair in pairs:
        if long := [answer for answer in pair.answers if cosine_judges(answer, pair.candidate)]:
            rows.append((float(vectors.cosine(long, [pair.candidate] * len(long)).max()), pair.is_right))
    return pl.DataFrame(rows, schema={"cosine": pl.Float64, "is_right": pl.Boolean}, orient="row")


def at(rows: pl.DataFrame, min_cosine: float) -> dict[str, Any]:
    """What a threshold refuses; `recall`: of the right ones, `precision`: right ones of the refused."""
    refused = rows.filter(pl.col("cosine") >= min_cosine)
    known = rows["is_right"].drop_nulls()
    out = {"min_cosine": round(min_cosine, 4), "refused": refused.height, "share": share(refused.height, rows.height)}
    if known.is_empty():
        return out
    right, wrong = int(known.sum()), int((~known).sum())
    caught = int(refused["is_right"].sum())
    lost = refused.height - caught
    return {
        **out, "right_refused": caught, "recall": share(caught, right),
        "wrong_refused": lost, "wrong_kept": share(wrong - lost, wrong), "precision": share(caught, refused.height),
    }  # fmt: skip


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def measure(data: Data, vectors: TextVectors) -> dict[str, Any]:
    sets = {**data.sets}
    for name in data.background.keys() - sets.keys():
        sets[name] = elsewhere(data.background[name], vectors)
    out = {}
    for name, pairs in sorted(sets.items()):
        rows = scored(pairs, vectors)
        margins = {q: calibrate(data.background[name], vectors, q) for q in QUANTILES if _enough(data, name, q)}
        out[name] = {
            "pairs": len(pairs),
            "judged": rows.height,
            "right": int(rows["is_right"].sum()),
            "by_quantile": {str(q): at(rows, margin.min_cosine) for q, margin in margins.items()},
            "by_cosine": [at(rows, cosine) for cosine in COSINES],
        }
    return out


def _enough(data: Data, name: str, quantile: float) -> bool:
    count = len(set(data.background[name]))
    return count * (count - 1) / 2 * (1 - quantile) >= 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = read(parser.parse_args().data, Path(os.environ["NEGBANK_HUB_MIRROR"]))
    encoder, texts = load_encoder(precision="fp32"), data.texts()
    report = {
        "benchmark": "cosine rule", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("numpy", "polars", "torch", "sentence-transformers"),
        "encoder": {"name": encoder.name, "weights_hash": encoder.weights_hash}, "chosen_quantile": QUANTILE,
        "results": {
            encoder.name: measure(data, embed(texts, encoder)),
            "three layers": measure(data, three_layers(texts)),
        },
    }  # fmt: skip
    (RESULTS / "cosine-rule.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["results"], indent=1))


if __name__ == "__main__":
    main()
