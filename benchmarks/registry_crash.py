"""What a registry is after `kill -9`: `python -m benchmarks.registry_crash [--kills 200]`.

A process commits, edits, tags, reverts, collects garbage, checks out, mines and pushes (to the server of the tests)
without end, and says so on its standard output when a version is made. It is killed at a random instant, again and
again; each time the registry must verify, hold every version that was acknowledged, and leave nothing that `gc` does
not collect, and what was pushed must be a version that can be pulled whole into an empty registry.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, describe_machine, describe_versions, now

RESULT = Path(__file__).parent / "results" / "registry-crash.json"
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))


def work(root: str, seed: int) -> None:
    """Change the registry without end; every acknowledged name is a line of output."""
    import polars as pl

    import negbank
    from benchmarks.registry import batches
    from negbank.commands.checkout import checkout
    from negbank.registry import Edit, NewPart, Registry

    registry, draw = Registry(root), random.Random(seed)
    rows = next(batches(600))
    mined = negbank.MineSettings(dataset="mined")
    negbank.mine("demo", settings=mined, registry=registry)  # the model is loaded, and vectors are cached
    print("ready", flush=True)
    for number in range(10**9):
        own = rows.with_columns(negative=pl.lit(f"{seed} {number} ") + pl.col("negative"))
        made = registry.commit("made", [NewPart("near-miss", "train", own, {})], "", "").version
        print(made, made.name, flush=True)
        edit = Edit("near-miss", "train", own[:5].with_columns(plausibility=pl.lit(0.5, pl.Float32)))
        made = registry.commit("made", [edit], "", "").version
        print(made, made.name, flush=True)
        what = draw.choice(["tag", "gc", "revert", "checkout", "mine", "push", "push"])
        print("#", what, flush=True)
        if what == "tag":
            registry.tag(str(made), f"t-{seed}-{number}")
            print(f"made@t-{seed}-{number}", made.name, flush=True)
        elif what == "gc":
            registry.gc()
        elif what == "revert":
            made = registry.revert("made@v1", f"{seed} {number}", "").version
            print(made, made.name, flush=True)
        elif what == "mine":
            found = negbank.mine("demo", ["irrelevant"], replace(mined, seed=seed * 1000 + number), registry=registry)
            print(found.version, found.version.name, flush=True)
        elif what == "push":
            negbank.push("made", "ada/made", rebase=True, registry=registry)
            print("# pushed", flush=True)
        else:
            checkout("made", Path(root).parent / "out", replace=True, registry=registry)


def kill_once(root: Path, seed: int, draw: random.Random, during: list[str]) -> dict[str, str]:
    """What the process acknowledged before it was killed: reference -> manifest; `during` gets what it was at."""
    words = [sys.executable, "-m", "benchmarks.registry_crash", "--work", str(root), "--seed", str(seed)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(draw.uniform(0, 1.5))
    process.send_signal(signal.SIGKILL)
    lines = [line for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    process.wait()
    during.append(next((line.split()[-1] for line in reversed(lines) if line.startswith("#")), "commit"))
    return dict(line.split() for line in lines if not line.startswith("#"))  # type: ignore[misc]


def pulls(root: Path, server: Any) -> bool:
    """Whether what was pushed, if anything was, comes back whole into an empty registry."""
    import negbank
    from negbank.errors import HubError
    from negbank.registry import Registry

    try:
        negbank.pull("ada/made", registry=root)
    except HubError as error:
        return "made" in str(error) and not server.repos  # nothing was pushed yet
    return not Registry(root).verify().problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.seed)
        return
    from negbank.registry import Registry

    draw = random.Random(options.seed)
    acknowledged: dict[str, str] = {}
    during: list[str] = []
    found: dict[str, Any] = {"kills": options.kills, "not_intact": 0, "lost": 0, "uncollected": 0, "not_pulled": 0}
    from hub_server import HubServer

    with tempfile.TemporaryDirectory() as scratch, HubServer() as server:
        root = Path(scratch) / "registry"
        os.environ |= {
            "HF_ENDPOINT": server.url, "HF_TOKEN": "hf_writer", "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0",
            "HF_HOME": f"{scratch}/hf", "NEGBANK_CACHE": f"{scratch}/cache",
        }  # fmt: skip
        for number in range(options.kills):
            acknowledged |= kill_once(root, options.seed + number, draw, during)
            registry = Registry(root)
            verified = registry.verify()
            found["not_intact"] += bool(verified.problems)
            found["lost"] += sum(registry.resolve(ref).name != name for ref, name in acknowledged.items())
            if number % 10 == 9:
                registry.gc()
                found["uncollected"] += sum(registry.gc(dry_run=True).files.values())
                found["not_pulled"] += not pulls(Path(scratch) / f"pulled-{number}", server)
                print(number + 1, len(acknowledged), found, flush=True)
        found |= {"acknowledged": len(acknowledged), "made": len(registry.log("made")), "during": Counter(during)}
    report = {
        "benchmark": "registry-crash", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("duckdb", "polars", "pyarrow"), **found,
    }  # fmt: skip
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
