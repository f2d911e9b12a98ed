"""The registry at size: `python -m benchmarks.registry [--rows 1000000]`, and its peers beside it.

Rows are made up: 5 words of a small vocabulary a text, so that they compress as real answers do. Each step is a
process of its own, whose wall time (without imports) and peak memory are taken. The peers write the same history:
`deltalake` (a table, then a merge of the edited rows), and whole files, as `datasets` does for `push_to_hub`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, describe_machine, describe_versions, now

RESULTS = Path(__file__).parent / "results"
STEPS = (
    "commit", "edit", "diff", "checkout", "verify", "verify-anew",
    "delta-commit", "delta-edit", "whole-commit", "whole-edit",
)  # fmt: skip
LIMITS = {"commit": 5.0, "edit": 2.0, "diff": 1.0, "checkout": 5.0}
"""Seconds for a million rows."""
EDITED = 100
"""Every how many-th row the edit changes."""
BATCH = 100_000
WORDS = 2000


def batches(rows: int, edited: bool = False) -> Any:
    """NEGATIVES of `rows` rows, BATCH at a time; with `edited`, only those that the edit changes, rescored."""
    import numpy as np
    import polars as pl

    from negbank.records import LATER_COLUMNS, NEGATIVES, content_id
    from negbank.registry.rows import as_rows

    vocabulary = np.array([f"{a}{b}" for a in "kstmnprl" for b in range(WORDS // 8)])
    for start in range(0, rows, BATCH):
        count = min(BATCH, rows - start)
        random = np.random.default_rng(start)
        texts = [vocabulary[random.integers(0, len(vocabulary), (count, 5))] for _ in range(3)]
        question, answer, negative = ([" ".join(words) for words in text.tolist()] for text in texts)
        numbers = np.arange(start, start + count)
        negative = [f"{text} {number}" for text, number in zip(negative, numbers, strict=True)]
        scores = random.random((count, 3)).round(4).astype(np.float32)
        frame = pl.DataFrame(
            {
                "id": [content_id(*parts) for parts in zip(question, answer, negative, strict=True)],
                "question_id": [f"made/{n // 3:09d}" for n in numbers],
                "question": question, "answer": answer, "negative": negative,
                "tier": ["near-miss"] * count, "plausibility": scores[:, 0], "similarity": scores[:, 1],
                "question_similarity": scores[:, 2], "rank": (numbers % 3).astype(np.int32),
                "origin": ["distractor"] * count, "origin_id": [None] * count, "category": [[]] * count,
                "subject": [None] * count,
            },
            schema={name: kind for name, kind in NEGATIVES.items() if name not in LATER_COLUMNS},
        )  # fmt: skip
        frame = as_rows(frame)
        if edited:
            frame = frame[EDITED // 2 :: EDITED].with_columns(plausibility=1 - pl.col("plausibility"))
        yield frame


def make(folder: Path, rows: int) -> None:
    """The rows, and the edited ones, as Parquet files that every side reads."""
    from negbank.records import NEGATIVES
    from negbank.registry.rows import shared_schema, write_table

    write_table(folder / "rows.parquet", shared_schema(NEGATIVES), (frame.to_arrow() for frame in batches(rows)))
    write_table(
        folder / "edited.parquet", shared_schema(NEGATIVES), (frame.to_arrow() for frame in batches(rows, edited=True))
    )


def run(step: str, folder: Path) -> dict[str, Any]:
    """One step, timed; what it says of itself."""
    import polars as pl

    rows, edited = folder / "rows.parquet", folder / "edited.parquet"
    if step.startswith("delta"):
        return _delta(step, folder, rows, edited)
    if step.startswith("whole"):
        return _whole(step, folder, rows, edited)
    from negbank.commands.checkout import checkout
    from negbank.registry import Edit, NewPart, Registry

    registry = Registry(folder / "registry")
    changed = pl.read_parquet(edited) if step == "edit" else None
    started = time.perf_counter()
    said: dict[str, Any] = {}
    if step == "commit":
        registry.commit("made", [NewPart("near-miss", "train", [rows], {})], "", "")
    elif changed is not None:
        registry.commit("made", [Edit("near-miss", "train", changed)], "", "")
    elif step == "diff":
        said["counts"] = registry.diff("made@v1", "made@v2").counts
    elif step == "checkout":
        checkout("made@v2", folder / f"out-{time.time_ns()}", registry=registry)
    else:
        found = registry.verify()
        said = {"bytes_read": found.bytes, "problems": len(found.problems)}
    return {**said, "elapsed_s": time.perf_counter() - started, "bytes": _bytes(folder / "registry" / "objects")}


def _delta(step: str, folder: Path, rows: Path, edited: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq
    from deltalake import DeltaTable, write_deltalake

    table = str(folder / "delta")
    started = time.perf_counter()
    if step == "delta-commit":
        write_deltalake(table, pq.read_table(rows))
    else:
        merge = DeltaTable(table).merge(
            pq.read_table(edited),
            predicate="s.id = t.id and s.question_id = t.question_id",
            source_alias="s",
            target_alias="t",
        )
        merge.when_matched_update_all().when_not_matched_insert_all().execute()
    return {"elapsed_s": time.perf_counter() - started, "bytes": _bytes(folder / "delta")}


def _whole(step: str, folder: Path, rows: Path, edited: Path) -> dict[str, Any]:
    """Every version a whole file, written by `datasets` from what it holds."""
    import pyarrow.parquet as pq
    from datasets import Dataset

    target = folder / "whole"
    target.mkdir(exist_ok=True)
    started = time.perf_counter()
    table = pq.read_table(rows)
    if step == "whole-edit":
        import polars as pl

        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        changed = pl.read_parquet(edited)
        table = frame.update(changed, on=["question_id", "rank"]).to_arrow()
    Dataset(table).to_parquet(target / f"{step}.parquet")
    return {"elapsed_s": time.perf_counter() - started, "bytes": _bytes(target)}


def peak_mb() -> float:
    """The most memory that this process held; unlike `getrusage`, nothing of the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(step: str, folder: Path) -> dict[str, Any]:
    """One step in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.registry", "--step", step, "--folder", str(folder)]
    with tempfile.TemporaryDirectory() as fresh:  # where nothing says that the rows were seen to have their digest
        places = {"NEGBANK_CACHE": fresh if step == "verify-anew" else str(folder / "cache")}
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **places})
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def history(folder: Path, steps: Sequence[str], repeats: int) -> dict[str, Any]:
    """Every step in turn; those that change nothing several times."""
    found: dict[str, Any] = {}
    for step in steps:
        again = repeats if step in ("diff", "checkout", "verify", "verify-anew") else 1
        runs = [measure(step, folder) for _ in range(again)]
        found[step] = {**runs[0], "elapsed_s": statistics.median(r["elapsed_s"] for r in runs),
                       "runs_s": [round(r["elapsed_s"], 3) for r in runs],
                       "peak_mb": max(r["peak_mb"] for r in runs)}  # fmt: skip
        print(step, round(found[step]["elapsed_s"], 2), "s", round(found[step]["peak_mb"]), "MB", flush=True)
    for name in [name for name in ("", "delta-", "whole-") if f"{name}edit" in steps]:
        base, after = found[f"{name}commit"]["bytes"], found[f"{name}edit"]["bytes"]
        found[f"{name}edit"]["added_share"] = (after - base) / base
    for step in ("verify", "verify-anew"):
        found[step]["gb_per_s"] = found[step]["bytes_read"] / found[step]["elapsed_s"] / 1e9
    return found


def _commit_many(root: str, word: str, commits: int) -> None:
    import polars as pl

    from negbank.registry import NewPart, Registry

    frame = next(batches(10))
    registry = Registry(root)
    for number in range(commits):
        rows = frame.with_columns(negative=pl.lit(f"{word} {number} ") + pl.col("negative"))
        assert registry.commit("made", [NewPart("near-miss", "train", rows, {})], f"{word} {number}", "").created


def writers(folder: Path, processes: int = 8, commits: int = 50) -> dict[str, Any]:
    """Several processes that commit to one dataset: how many versions came out, and what was lost."""
    from negbank.registry import Registry

    context = multiprocessing.get_context("spawn")
    started = time.perf_counter()
    every = [context.Process(target=_commit_many, args=(str(folder), f"w{i}", commits)) for i in range(processes)]
    for process in every:
        process.start()
    for process in every:
        process.join()
    elapsed_s = time.perf_counter() - started
    registry = Registry(folder)
    messages = [logged.version.manifest.message for logged in registry.log("made")]
    wanted = {f"w{i} {n}" for i in range(processes) for n in range(commits)}
    return {
        "processes": processes, "commits_each": commits, "elapsed_s": elapsed_s, "versions": len(messages),
        "lost": len(wanted - set(messages)), "twice": len(messages) - len(set(messages)),
        "problems": len(registry.verify().problems), "exit_codes": sorted({p.exitcode for p in every}),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="a folder where the rows are made once and kept")
    parser.add_argument("--alone", action="store_true", help="without peers and without several writers")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        found = run(options.step, options.folder)
        found["peak_mb"] = peak_mb()
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        kept = options.scratch or folder
        if not (kept / "edited.parquet").exists():
            make(kept, options.rows)
        if options.scratch:
            for file in kept.glob("*.parquet"):
                (folder / file.name).symlink_to(file.absolute())
        steps = history(folder, STEPS[:6] if options.alone else STEPS, options.repeats)
        together = None if options.alone else writers(folder / "shared")
    report = {
        "benchmark": "registry", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("duckdb", "polars", "pyarrow", "deltalake", "datasets"),
        "rows": options.rows, "edited_share": 1 / EDITED, "limits_s_per_million": LIMITS, "steps": steps,
        "writers": together,
    }  # fmt: skip
    (RESULTS / f"registry-{options.rows}.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(together, indent=1))


if __name__ == "__main__":
    main()
