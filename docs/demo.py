"""What `make demo` runs: mine the bundled sample, look at it, check it out, load it back."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NEGBANK = str(Path(sys.executable).with_name("negbank"))
FOLDER = Path("demo-negatives")


def main() -> None:
    """Show each command, run it, and stop at the first that fails."""
    registry = tempfile.mkdtemp(prefix="negbank-demo-")
    try:
        run("mine", "demo", "--tier", "near-miss", "--tier", "irrelevant", "--registry", registry)
        run("show", "demo", "--tier", "near-miss", "-n", "3", "--registry", registry)
        run("ls", "--registry", registry)
        run("checkout", "demo", str(FOLDER), "--force", "--registry", registry)
    finally:
        shutil.rmtree(registry)
    print(f'$ python -c \'from datasets import load_dataset; load_dataset("./{FOLDER}", "near-miss", split="train")\'')
    load_back()


def run(*words: str) -> None:
    """Print and run one `negbank` command."""
    print(f"$ negbank {shlex.join(words)}", flush=True)
    subprocess.run([NEGBANK, *words], check=True)


def load_back() -> None:
    """Read the checkout as a user would, and show its first row."""
    from datasets import load_dataset

    rows = load_dataset(f"./{FOLDER}", "near-miss", split="train")
    print(rows)
    print({key: rows[0][key] for key in ("question", "answer", "negative", "tier", "plausibility")})
    print(f"\n{len(rows)} near-misses are in ./{FOLDER}. Next: negbank mine arc --tier near-miss")


if __name__ == "__main__":
    main()
