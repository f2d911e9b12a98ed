"""Bars with rate and time left, on a terminal. Apart from `progress` since rich takes a while to load."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from negbank.cli.screen import colours, fitting
from negbank.terms import Progress
from negbank.text.display import visible


class _Rate(ProgressColumn):
    """Items a second."""

    def render(self, task: Task) -> Text:
        """The rate, or nothing before there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="progress.data.speed")


@contextlib.contextmanager
def bars(show_after_s: float) -> Iterator[Progress]:
    """A `Progress` that draws a bar for each stage that takes longer than `show_after_s`."""
    described = TextColumn("{task.description:>10}", markup=False)
    columns = [described, BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()]
    console = Console(stderr=True, color_system=None if colours() is False else "auto")
    with RichProgress(*columns, console=console, transient=True) as display:
        tasks: dict[str, tuple[object, float]] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = (
                    display.add_task(fitting(visible(stage), sys.stderr), total=total, visible=False),
                    time.monotonic(),
                )
            task, started = tasks[stage]
            late = time.monotonic() - started >= show_after_s
            display.update(task, completed=done, total=total, visible=late and done < total)  # type: ignore[arg-type]
            if done >= total:
                del tasks[stage]

        yield report
