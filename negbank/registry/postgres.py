"""Names that are given once, in PostgreSQL, so that a team on many machines commits to one registry.

::

    negbank_registry   id                                which registry's names these are; one row
    negbank_versions   dataset, number -> manifest       one row a version
    negbank_tags       dataset, tag -> manifest
    negbank_remotes    dataset -> record                 where it was pushed to or pulled from
    negbank_validations    dataset, manifest, name -> record    what was measured on a version

A version is published by one INSERT that does nothing where another writer was first. Writers hold an advisory lock of
their session together, what removes files holds it alone; while it is held, every statement goes through the
connection that holds it, so a writer whose connection was lost cannot publish what `gc` may have removed since.
"""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any, Final

import psycopg
import psycopg.conninfo

from negbank.errors import RegistryError, StorageError
from negbank.folders import without_password

_CONNECT_S: Final = 10

_SCHEMA: Final = """
create table if not exists negbank_registry (
    only_one boolean primary key default true check (only_one), id text not null);
create table if not exists negbank_versions (
    dataset text, number integer check (number > 0), manifest text not null, primary key (dataset, number));
create table if not exists negbank_tags (
    dataset text, tag text, manifest text not null, primary key (dataset, tag));
create table if not exists negbank_remotes (dataset text primary key, record jsonb not null);
create table if not exists negbank_validations (
    dataset text, manifest text, name text, record text not null, primary key (dataset, manifest, name))
"""

_LOCK: Final = "hashtextextended('negbank ' || current_schema(), 0)"
"""The advisory lock's key: a registry has a schema of its own."""


class PostgresRefs:
    """The names of a registry, in the database of a `postgresql://` URL; it makes its tables itself."""

    def __init__(self, url: str) -> None:
        if not re.match(r"postgres(ql)?://", url):
            raise RegistryError(f"--refs takes postgresql://USER@HOST/DATABASE, not {without_password(url)!r}")
        self.url = url
        self._secret = _password_in(url)
        self.place = without_password(url)
        self._holding: psycopg.Connection[Any] | None = None
        self._id: str | None = None

    def bind(self) -> str:
        """What `registry.json` must carry as `id`: made once, by whoever is first."""
        if self._id is None:
            with self._connection() as connection:
                if not self._has_tables(connection):
                    connection.execute(f"select pg_advisory_xact_lock({_LOCK} + 1)")  # two may not create at once
                    connection.execute(_SCHEMA)
                add = "insert into negbank_registry (id) values (%s) on conflict do nothing"
                connection.execute(add, [uuid.uuid4().hex])
                self._id = str(_rows(connection, "select id from negbank_registry")[0][0])
        return self._id

    def versions(self) -> dict[tuple[str, int], str]:
        """Every version: `(dataset, number)` -> name of its manifest."""
        return {(d, n): name for d, n, name in self._ask("select dataset, number, manifest from negbank_versions")}

    def tags(self) -> dict[tuple[str, str], str]:
        """Every tag: `(dataset, tag)` -> name of the manifest, in order."""
        found = self._ask("select dataset, tag, manifest from negbank_tags")
        return {(dataset, tag): name for dataset, tag, name in sorted(found)}

    def strangers(self) -> dict[str, str]:
        """Nothing: a table holds names only."""
        return {}

    def make_version(self, dataset: str, number: int, manifest: str) -> bool:
        """Publish version `number`; False where another writer was first."""
        add = "insert into negbank_versions values (%s, %s, %s) on conflict do nothing"
        return self._change(add, dataset, number, manifest) == 1

    def make_tag(self, dataset: str, tag: str, manifest: str) -> bool:
        """Give a version a tag; False where the tag is there already."""
        add = "insert into negbank_tags values (%s, %s, %s) on conflict do nothing"
        return self._change(add, dataset, tag, manifest) == 1

    def move_tag(self, dataset: str, tag: str, manifest: str) -> None:
        """Give a tag to another version."""
        put = (
            "insert into negbank_tags values (%s, %s, %s) "
            "on conflict (dataset, tag) do update set manifest = excluded.manifest"
        )
        self._change(put, dataset, tag, manifest)

    def drop_tag(self, dataset: str, tag: str) -> None:
        """Take a tag away."""
        self._change("delete from negbank_tags where dataset = %s and tag = %s", dataset, tag)

    def drop_dataset(self, dataset: str) -> None:
        """Take away every name of a dataset, all at once."""
        with self._connection() as connection:
            for table in ("negbank_versions", "negbank_tags", "negbank_remotes", "negbank_validations"):
                connection.execute(f"delete from {table} where dataset = %s", [dataset])

    def remote(self, dataset: str) -> dict[str, Any]:
        """Where a dataset was pushed to or pulled from; empty where it never was."""
        found = self._ask("select record from negbank_remotes where dataset = %s", dataset)
        record = found[0][0] if found else {}
        if not isinstance(record, dict):
            raise RegistryError(f"{self.place} has a record of where {dataset!r} was pushed that negbank did not write")
        return record

    def set_remote(self, dataset: str, record: dict[str, Any]) -> None:
        """Keep where a dataset was pushed to or pulled from."""
        put = "insert into negbank_remotes values (%s, %s) on conflict (dataset) do update set record = excluded.record"
        self._change(put, dataset, json.dumps(record))

    def validations(self, dataset: str, manifest: str) -> dict[str, str]:
        """What was measured on a version: name -> JSON, in order of the names."""
        query = "select name, record from negbank_validations where dataset = %s and manifest = %s order by name"
        return dict(self._ask(query, dataset, manifest))

    def add_validation(self, dataset: str, manifest: str, name: str, text: str) -> None:
        """Keep what was measured on a version."""
        add = "insert into negbank_validations values (%s, %s, %s, %s) on conflict do nothing"
        self._change(add, dataset, manifest, name, text)

    @contextlib.contextmanager
    def lock(self, alone: bool = False) -> Iterator[None]:
        """Hold the registry: many writers together, or one that removes files alone. Waits for the others."""
        self.bind()
        take = "pg_advisory_lock" if alone else "pg_advisory_lock_shared"
        with self._translated(), self._open() as connection:
            connection.execute(f"select {take}({_LOCK})")
            connection.commit()  # the lock is the session's, and goes with it, also if this process is killed
            self._holding = connection
            try:
                yield
            finally:
                self._holding = None

    def _ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        self.bind()
        with self._connection() as connection:
            return _rows(connection, query, *values)

    def _change(self, statement: str, *values: object) -> int:
        self.bind()
        with self._connection() as connection:
            return connection.execute(statement, values).rowcount

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection in a transaction of its own, which is committed where nothing is raised."""
        with self._translated():
            if self._holding is not None:
                with self._holding.transaction():
                    yield self._holding
            else:
                with self._open() as connection:
                    yield connection

    def _open(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, connect_timeout=_CONNECT_S, application_name="negbank")

    def _has_tables(self, connection: psycopg.Connection[Any]) -> bool:
        return _rows(connection, "select to_regclass('negbank_validations') is not null")[0][0] is True

    def _said(self, error: Exception) -> str:
        """What the database said, on one line and without the password."""
        text = " ".join(str(error).split())
        return without_password(text.replace(self._secret, "***") if self._secret else text)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.OperationalError as error:
            raise StorageError(
                f"{self.place} does not answer ({self._said(error)}); see that it runs and that user and password "
                "are right. What was not said to be done was not published"
            ) from None
        except psycopg.Error as error:
            raise StorageError(f"{self.place}: {self._said(error)}") from None


def _password_in(url: str) -> str | None:
    """The password in a URL, None where it has none. Raises RegistryError, which does not quote it, if it is no URL."""
    try:
        said = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        said = {"port": "?"}
    if not re.fullmatch("[0-9,]*", str(said.get("port") or "")):
        raise RegistryError(
            "--refs (or NEGBANK_REFS) cannot be read as postgresql://USER:PASSWORD@HOST:PORT/DATABASE; write what is "
            "neither a letter nor a digit in a password as % and its code, such as %40 for @"
        )
    return str(said["password"]) if said.get("password") else None


def _rows(connection: psycopg.Connection[Any], query: str, *values: object) -> list[tuple[Any, ...]]:
    return connection.execute(query, values).fetchall()
