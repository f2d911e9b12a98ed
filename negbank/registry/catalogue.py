"""An index of the registry in DuckDB: made from the files, made again whenever it differs from them.

DuckDB's file lock keeps every other process out while a connection is open, so each use opens, asks, and closes.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from negbank.errors import RegistryBusyError
from negbank.registry.manifest import Manifest
from negbank.terms import ALL_TIERS

WAIT_S = 10.0
"""How long to wait for another process to close the catalogue."""

SCHEMA = """
create table if not exists versions (
    dataset varchar, number integer, manifest varchar, created varchar, author varchar, message varchar,
    primary key (dataset, number));
create table if not exists parts (
    dataset varchar, number integer, tier varchar, split varchar, content varchar, rows bigint);
"""


@dataclass(frozen=True)
class DatasetSummary:
    """One dataset as `negbank ls` lists it: its newest version, with rows by tier and bytes of all versions."""

    dataset: str
    version: int
    versions: int
    created: str
    message: str
    tiers: Mapping[str, int]
    bytes: int


class Catalogue:
    """The index of one registry; `read` gives the manifest of a name, `size` the bytes of several contents."""

    def __init__(self, path: Path, read: Callable[[str], Manifest], size: Callable[[Sequence[str]], int]) -> None:
        self.path = path
        self.read = read
        self.size = size

    def datasets(self, refs: Mapping[tuple[str, int], str]) -> list[DatasetSummary]:
        """Every dataset with its newest version, by name."""
        with self._connection() as connection:
            self._refresh(connection, refs)
            newest = connection.execute(
                "select dataset, max(number), count(*), arg_max(created, number), arg_max(message, number) "
                "from versions group by dataset order by dataset"
            ).fetchall()
            tiers = connection.execute(
                "select dataset, number, tier, sum(rows)::bigint from parts group by all order by all"
            ).fetchall()
            contents = connection.execute("select distinct dataset, content from parts").fetchall()
        summaries = []
        for dataset, number, count, created, message in newest:
            own = _in_order({tier: rows for d, n, tier, rows in tiers if (d, n) == (dataset, number)})
            size = self.size([content for d, content in contents if d == dataset])
            summaries.append(DatasetSummary(dataset, number, count, created, message, own, size))
        return summaries

    def _refresh(self, connection: duckdb.DuckDBPyConnection, refs: Mapping[tuple[str, int], str]) -> None:
        """Make the tables say what the files say, in one transaction."""
        connection.execute(SCHEMA)
        known = {
            (d, n): m for d, n, m in connection.execute("select dataset, number, manifest from versions").fetchall()
        }
        if known == refs:
            return
        connection.execute("begin")
        for dataset, number in known.keys() - {key for key, name in refs.items() if known.get(key) == name}:
            connection.execute("delete from versions where dataset = ? and number = ?", [dataset, number])
            connection.execute("delete from parts where dataset = ? and number = ?", [dataset, number])
        for dataset, number in sorted(key for key, name in refs.items() if known.get(key) != name):
            name = refs[dataset, number]
            manifest = self.read(name)
            row = [dataset, number, name, manifest.created, manifest.author, manifest.message]
            connection.execute("insert into versions values (?, ?, ?, ?, ?, ?)", row)
            for part in manifest.parts:
                values = [dataset, number, part.tier, part.split, part.content, part.rows]
                connection.execute("insert into parts values (?, ?, ?, ?, ?, ?)", values)
        connection.execute("commit")

    @contextlib.contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The catalogue, opened for one use; in memory where the folder cannot be written."""
        connection = self._open()
        try:
            yield connection
        finally:
            connection.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                return duckdb.connect(str(self.path))
            except duckdb.IOException as error:
                text = str(error).lower()
                if "lock" in text:
                    if time.monotonic() > deadline:
                        raise RegistryBusyError(
                            f"{self.path} is held by another process; wait for it to end, then try again ({error})"
                        ) from error
                    time.sleep(random.uniform(0.01, 0.1))
                elif "read-only" in text or "permission" in text or "no space" in text:
                    return duckdb.connect(":memory:")  # the files are the truth; an index can live anywhere
                else:
                    self._set_aside()
            except (duckdb.SerializationException, duckdb.FatalException, duckdb.InternalException):
                self._set_aside()

    def rebuild(self, refs: Mapping[tuple[str, int], str]) -> None:
        """Make the index anew from the files."""
        self._set_aside()
        with self._connection() as connection:
            self._refresh(connection, refs)

    def _set_aside(self) -> None:
        """Remove an index that cannot be read: it holds nothing that the files do not."""
        self.path.unlink(missing_ok=True)
        self.path.with_name(self.path.name + ".wal").unlink(missing_ok=True)


def _in_order(tiers: dict[str, int]) -> dict[str, int]:
    """`tiers` from the most plausible to the least."""
    places = {tier: place for place, tier in enumerate(ALL_TIERS)}
    return dict(sorted(tiers.items(), key=lambda item: (places.get(item[0], len(ALL_TIERS)), item[0])))
