"""The process behind `judge.MathJudge`: a pair of expressions a line comes in as JSON, a word a line goes out."""

from __future__ import annotations

import json
import logging
import sys

from math_verify import parse, verify  # type: ignore[import-untyped]

from negbank.processes import limit_memory


def judge(gold: str, answer: str) -> str:
    """`equal`, `different` or `unparsed`; no time limit, which the caller keeps."""
    sides = []
    for text in (gold, answer):
        read = parse(f"${text}$", parsing_timeout=None)
        if not any(not isinstance(value, str) for value in read):
            return "unparsed"
        sides.append(read)
    return "equal" if verify(sides[0], sides[1], timeout_seconds=None) else "different"


def main() -> None:
    """Answer until the input ends."""
    logging.disable(logging.CRITICAL)
    limit_memory(int(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        gold, answer = json.loads(line)
        try:
            said = judge(gold, answer)
        except MemoryError:
            said = "memory-limit"
        except Exception:
            # math-verify and sympy raise whatever they like on an expression that they do not understand
            said = "unparsed"
        sys.stdout.write(said + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
