"""What a push sends: `python -m benchmarks.push [--rows 1000000]`.

The server of the tests (the Hub's REST protocol over a socket, large files by LFS) counts the bytes of all request
bodies. Two tiers are pushed, then again after: nothing; an edit of 1% of the questions next to each other; a new
tier; an edit of every hundredth row. LFS sends whole files: on the real Hub, which stores chunks, the last one
sends less; that cannot be measured here.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, describe_machine, describe_versions, now

RESULT = Path(__file__).parent / "results" / "push.json"
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    from hub_server import HubServer

    with HubServer() as server, tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "HF_ENDPOINT": server.url, "HF_TOKEN": "hf_writer", "HF_HUB_DISABLE_XET": "1", "HF_HOME": f"{folder}/hf",
        }  # fmt: skip
        steps = history(server, Path(folder), options.rows)
    report = {
        "benchmark": "push", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("huggingface-hub", "pyarrow"), "rows": options.rows, "steps": steps,
    }  # fmt: skip
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(steps, indent=1))


def history(server: Any, folder: Path, rows: int) -> dict[str, Any]:
    import polars as pl

    import negbank
    from benchmarks.registry import batches
    from negbank.registry import Edit, NewPart, Registry

    registry = Registry(folder / "registry")
    every = pl.concat(list(batches(rows)))
    other = every[: rows // 4].with_columns(tier=pl.lit("irrelevant"), negative=pl.lit("z ") + pl.col("negative"))
    rescored = pl.col("plausibility") * 0.5
    changes: dict[str, list[NewPart | Edit]] = {
        "first push": [NewPart("near-miss", "train", every, {})],
        "nothing changed": [],
        "1% of the rows, next to each other": [
            Edit("near-miss", "train", every[rows // 2 : rows // 2 + rows // 100].with_columns(rescored))
        ],
        "another tier": [NewPart("irrelevant", "train", other, {})],
        "every hundredth row": [Edit("near-miss", "train", every[7::100].with_columns(rescored))],
    }
    found = {}
    for name, parts in changes.items():
        if parts:
            registry.commit("made", parts, name, "")
        before, started = server.bytes_received, time.perf_counter()
        pushed = negbank.push("made", "ada/made", registry=registry).pushed
        found[name] = {
            "bytes_on_the_wire": server.bytes_received - before,
            "files_sent": pushed.files,
            "elapsed_s": time.perf_counter() - started,
        }
    first = found["first push"]["bytes_on_the_wire"]
    return {name: {**step, "share_of_first": step["bytes_on_the_wire"] / first} for name, step in found.items()}


if __name__ == "__main__":
    main()
