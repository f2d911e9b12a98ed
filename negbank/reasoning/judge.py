"""Math-verify in a process of its own, which is ended where it thinks for too long or takes too much memory.

Its own time limit is a signal, which only reaches the main thread, and only between two steps of Python: a power of
integers runs on regardless. Ending a process stops anything.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
from types import TracebackType
from typing import IO, Final

from negbank.errors import LabelError
from negbank.processes import own_command, own_environment

TIME_LIMIT: Final = "time-limit"
BROKEN: Final = "judge-ended"
START_LIMIT_S: Final = 120.0


class MathJudge:
    """Compares two expressions by math-verify; its process starts with the first and is used for the next.

    Safe to use from several threads: they take turns. Use it in a `with` statement, or call `close`.
    """

    def __init__(self, time_limit_s: float = 5.0, memory_mb: int = 2048) -> None:
        self.time_limit_s, self.memory_mb = time_limit_s, memory_mb
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()

    def __enter__(self) -> MathJudge:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def compare(self, gold: str, answer: str) -> str:
        """`equal`, `different`, or why it cannot be told: `unparsed`, `time-limit`, `judge-ended`.

        Raises LabelError where math-verify cannot be started at all.
        """
        with self._lock:
            if self._process is None:
                self._start()
            said = self._ask(json.dumps([gold, answer]), self.time_limit_s)
            if said in (TIME_LIMIT, BROKEN):
                self._end()
            return said

    def close(self) -> None:
        """End the process, if there is one; the next comparison starts another."""
        with self._lock:
            self._end()

    def _start(self) -> None:
        command = own_command("negbank.reasoning.judge_process", str(self.memory_mb))
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            encoding="utf-8", env=own_environment(),
        )  # fmt: skip
        self._process, self._lines = process, queue.Queue()
        if process.stdout is not None:
            threading.Thread(target=_pass_on, args=(process.stdout, self._lines), daemon=True).start()
        ready = self._answer(START_LIMIT_S)
        if ready != "ready":
            self._end()
            raise LabelError(f"math-verify cannot be started ({ready}); is it installed? pip install math-verify")

    def _ask(self, line: str, limit_s: float) -> str:
        process = self._process
        if process is None or process.stdin is None:
            return BROKEN
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except OSError:
            return BROKEN
        return self._answer(limit_s)

    def _answer(self, limit_s: float) -> str:
        try:
            return self._lines.get(timeout=limit_s).strip() or BROKEN
        except queue.Empty:
            return TIME_LIMIT

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        if process.stdin is not None:
            with contextlib.suppress(OSError):  # what was not yet written is of no use to a process that has ended
                process.stdin.close()
        process.wait()


def _pass_on(lines: IO[str], into: queue.Queue[str]) -> None:
    """Put every line into a queue, and an empty one at the end: a pipe cannot be waited for with a limit everywhere."""
    with lines:
        for line in lines:
            into.put(line)
    into.put("")
