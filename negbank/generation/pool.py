"""Several calls at once, each result as soon as it is there."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Pool(Generic[T, R]):
    """Calls `call` on items in `workers` threads; after an error no further one is begun, and `stop` is set.

    The threads are daemons: a person who interrupts does not wait for a slow server.
    """

    def __init__(self, call: Callable[[T], R], workers: int, stop: threading.Event) -> None:
        self._call, self._workers, self._stop = call, workers, stop
        self._todo: Iterator[tuple[int, T]] = iter(())
        self._lock = threading.Lock()
        self._done: queue.Queue[tuple[int, R] | BaseException | None] = queue.Queue()

    def run(self, items: Iterable[tuple[int, T]]) -> Generator[tuple[int, R]]:
        """(place, result) of each (place, item), in the order in which they are done.

        After an error, what is under way is waited for and given out, and then the first error is raised.
        """
        self._todo = iter(items)
        for _ in range(self._workers):
            threading.Thread(target=self._work, daemon=True).start()
        left, failed = self._workers, None
        try:
            while left:
                found = self._done.get()
                if found is None:
                    left -= 1
                elif isinstance(found, BaseException):
                    failed = failed or found
                else:
                    yield found
        finally:
            self._stop.set()
        if failed is not None:
            raise failed

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                with self._lock:
                    place, item = next(self._todo, (None, None))
                if place is None:
                    return
                self._done.put((place, self._call(item)))  # type: ignore[arg-type]
        except BaseException as error:
            self._stop.set()
            self._done.put(error)
        finally:
            self._done.put(None)
