"""Progress on standard error: a bar on a terminal, a line at the end of each long stage elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from negbank.cli.screen import say
from negbank.terms import Progress

SHOW_AFTER_S = 2.0
"""A stage that is over sooner says nothing."""


class _Lines:
    """Where nobody watches: one line when a long stage is over."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        started = self._started.setdefault(stage, time.monotonic())
        elapsed_s = time.monotonic() - started
        if done >= total:
            del self._started[stage]
            if elapsed_s >= SHOW_AFTER_S:
                say(f"{stage}: {total:,} in {elapsed_s:.1f} s ({total / elapsed_s:,.0f}/s)", err=True)


@contextlib.contextmanager
def reporter() -> Iterator[Progress]:
    """A `Progress` for the time of one command."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from negbank.cli.bars import bars

    with bars(SHOW_AFTER_S) as report:
        yield report
