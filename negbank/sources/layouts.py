"""Records -> which column is question, context, choices, right and wrong answers.

Names only propose; `understanding` accepts a column on its values. A question may be an object with its own fields
(`question.stem`), or everything may lie in one object (`doc`): then its fields are looked at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from negbank.decoding import kind_of, preview
from negbank.errors import SourceError, UnknownNameError
from negbank.sources import names
from negbank.sources.cells import context_text, is_plain
from negbank.sources.names import family, plain_name
from negbank.sources.places import value_at
from negbank.sources.rows import Columns
from negbank.sources.streams import Row
from negbank.sources.talks import is_messages, is_transcript
from negbank.text.display import visible

Path = tuple[str, ...]
PROBED: Final = 200
"""Rows that are looked at for what kind of values a column holds."""
HOLDERS: Final = ("doc", "data", "row", "item", "example", "sample", "record", "fields")
"""Objects that hold a whole row."""


@dataclass
class Table:
    """Records with their columns: every key at the top, in order, and the kinds of values below it."""

    rows: Sequence[Row]
    columns: tuple[str, ...] = ()
    _values: dict[Path, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Collect the columns."""
        found: dict[str, None] = {}
        for row in self.rows:
            if row.keys() - found.keys():
                found.update(dict.fromkeys(row))
        self.columns = tuple(found)

    def values(self, path: Path) -> list[Any]:
        """The values of a column, in order."""
        if path not in self._values:
            if len(path) == 1:
                self._values[path] = [row.get(path[0]) for row in self.rows]
            else:
                self._values[path] = [value_at(row, path) for row in self.rows]
        return self._values[path]

    def replace(self, path: Path, values: list[Any]) -> None:
        """Let a column have other values: those that its texts are the JSON of."""
        self._values[path] = values

    def probe(self, path: Path) -> list[Any]:
        """The first values of a column that are no nulls."""
        found = []
        for value in self.values(path):
            if value is not None and value != "":
                found.append(value)
                if len(found) == PROBED:
                    break
        return found

    def fields(self, path: Path) -> list[str]:
        """The fields of a column of objects; none where it holds anything else."""
        probed = self.probe(path)
        if not probed or not all(isinstance(value, dict) for value in probed):
            return []
        return list(dict.fromkeys(key for value in probed for key in value))

    def find(self, name: str) -> Path:
        """The path that a user names: `choices`, `choices.text`. Raises UnknownNameError where there is none."""
        if name in self.columns:
            return (name,)
        same = [column for column in self.columns if plain_name(column) == plain_name(name)]
        if len(same) == 1:
            return (same[0],)
        path = tuple(name.split("."))
        if len(path) > 1 and path[0] in self.columns and any(v not in (None, []) for v in self.probe(path)):
            return path
        raise UnknownNameError("column", name, self.shown())

    def shown(self) -> list[str]:
        """The columns, those of objects with their fields: `choices.text`."""
        return [
            name for column in self.columns for name in (column, *(f"{column}.{f}" for f in self.fields((column,))))
        ]


@dataclass(frozen=True)
class Scope:
    """The columns that are looked at, by their plain names; the first of a name counts."""

    paths: Mapping[str, Path]
    top: tuple[str, ...]

    def all(self, wanted: Iterable[str]) -> list[Path]:
        """The columns with one of these names, in the order of the names."""
        return [self.paths[name] for name in wanted if name in self.paths]


@dataclass(frozen=True)
class Roles:
    """The columns that names (or a user) propose for each role.

    `choices` is one column, or several of one choice each. `named` are the roles that a user named.
    """

    question: Path
    context: tuple[Path, ...] = ()
    choices: tuple[Path, ...] = ()
    right: tuple[Path, ...] = ()
    wrong: tuple[Path, ...] = ()
    id: Path | None = None
    subject: Path | None = None
    category: Path | None = None
    named: frozenset[str] = frozenset()


def dotted(path: Path) -> str:
    """A path as a user writes it, safe to show."""
    return visible(".".join(path))


def propose(table: Table, columns: Columns, where: Callable[[int], str]) -> Roles:
    """The columns for each role. Raises SourceError, with `where` a row stands, if no question is found."""
    named = frozenset(
        role for role in ("question", "answer", "choices", "negative", "context") if getattr(columns, role)
    )  # fmt: skip
    _check_named(table, columns)
    scope = _scope(table, columns)
    question = table.find(columns.question) if columns.question else _question(table, scope)
    if question is None:
        conversations = [path for path in scope.all(("chosen", "rejected")) if _holds_messages(table, path)]
        if len(conversations) < 2 and not _transcripts(table, scope):
            raise SourceError(_no_question(table, scope, where))
        question = ()
    context = tuple(map(table.find, columns.context)) or _context(table, scope, question)
    taken = {question, *context}
    wrong = tuple(map(table.find, columns.negative)) or _wrong(table, scope)
    if columns.choices and all(_is_wrong(plain_name(name)) for name in columns.choices):
        wrong, columns = tuple(map(table.find, columns.choices)), replace(columns, choices=())
        named -= {"choices"}
    choices = tuple(map(table.find, columns.choices)) or _choices(table, scope, taken | set(wrong))
    right = tuple(map(table.find, columns.answers))
    _check_names(right, columns)
    if not right:
        right = tuple(p for p in _right(scope) if p not in taken and p not in choices and p not in wrong)
    taken |= {*choices, *right, *wrong}
    roles = Roles(
        question, context, choices, right, wrong, _free(scope, names.ID, taken), _free(scope, names.SUBJECT, taken),
        _free(scope, ("category",), taken), named,
    )  # fmt: skip
    _check_twins(table, roles)
    return roles


def _check_named(table: Table, columns: Columns) -> None:
    """Raise SourceError where a user names one column twice: it cannot be question and answer both."""
    seen: dict[Path, str] = {}
    for role, named in (
        ("question", (columns.question,) if columns.question else ()), ("answer", columns.answers),
        ("choices", columns.choices), ("negative", columns.negative), ("context", columns.context),
    ):  # fmt: skip
        for path in map(table.find, named):
            if path in seen:
                raise SourceError(f"the column {dotted(path)} is named twice{_by_options(seen[path], role)}")
            seen[path] = role


def _by_options(first: str, second: str) -> str:
    """By which options a column is named twice, and what to do."""
    if first == second:
        return f" by --{first}-column; name it once"
    return f", by --{first}-column and --{second}-column; name a column for each"


def _check_twins(table: Table, found: Roles) -> None:
    """Raise SourceError where two columns have one name but for case and signs, and differ: `Answer` and `answer`."""
    used = {"question": [found.question], "answer": found.right, "negative": found.wrong, "choices": found.choices}
    for role, paths in used.items():
        if role in found.named:
            continue
        for path in paths:
            twins = [
                c for c in table.columns if len(path) == 1 and c != path[0] and plain_name(c) == plain_name(path[0])
            ]
            if any(table.values((twin,)) != table.values(path) for twin in twins):
                raise SourceError(
                    f"the columns {dotted(path)} and {visible(twins[0])} have the same name but for case and signs, "
                    f"and differ; name the one that is meant with --{role}-column"
                )


def _scope(table: Table, columns: Columns) -> Scope:
    """The top, or the fields of one object first: of a question that is an object, or of what holds the whole row."""
    paths: dict[str, Path] = {}
    for column in table.columns:
        paths.setdefault(plain_name(column), (column,))
    if columns.question is None:
        direct = [paths[name] for name in names.QUESTION if name in paths]
        if not any(not table.fields(path) for path in direct):
            holders = [path for path in (*direct, *(paths[h] for h in HOLDERS if h in paths)) if table.fields(path)]
            for holder in holders:
                inner = {plain_name(f): (*holder, f) for f in reversed(table.fields(holder))}
                if any(name in inner for name in (*names.QUESTION, "text")):
                    return Scope({**paths, **inner} | _as_question(holder, inner), table.columns)
    return Scope(paths, table.columns)


def _as_question(holder: Path, inner: Mapping[str, Path]) -> dict[str, Path]:
    """`question.text` counts as the question, though `text` by itself is no name of one."""
    known = next((inner[name] for name in (*names.QUESTION, "text") if name in inner), holder)
    return {"question": known}


def _question(table: Table, scope: Scope) -> Path | None:
    """The first column with a question's name that holds texts."""
    for path in scope.all(names.QUESTION):
        probed = table.probe(path)
        texts = [v for v in probed if (isinstance(v, str) and not _is_number(v)) or is_messages(v)]
        if probed and len(texts) >= 0.9 * len(probed):
            return path
    return None


def _is_number(text: str) -> bool:
    return text.strip().replace(".", "", 1).lstrip("+-").isdigit()


def _holds_messages(table: Table, path: Path) -> bool:
    probed = table.probe(path)
    return bool(probed) and all(map(is_messages, probed))


def _transcripts(table: Table, scope: Scope) -> bool:
    """Whether `chosen` and `rejected` are whole talks in one text."""
    pair = scope.all(("chosen", "rejected"))
    return len(pair) == 2 and all(is_transcript(value) for path in pair for value in table.probe(path) or [None])


def _no_question(table: Table, scope: Scope, where: Callable[[int], str]) -> str:
    mixed = [text for path in scope.all(names.QUESTION) if (text := _mixture(table, path, where))]
    why = f" ({'; '.join(mixed)})" if mixed else ""
    return f"no question column is known here{why}; name it with --question-column. There are: {described(table)}"


def _mixture(table: Table, path: Path, where: Callable[[int], str]) -> str | None:
    """The first two kinds of values in a column, each with its first row; None where it has one kind."""
    first: dict[str, int] = {}
    for row, value in enumerate(table.values(path)):
        if value is not None and value != "":
            first.setdefault(kind_of(value), row)
    if len(first) < 2:
        return None
    held = " and ".join(f"{kind} ({where(row)})" for kind, row in list(first.items())[:2])
    return f"{dotted(path)} holds {held}"


def described(table: Table, limit: int = 14) -> str:
    """The columns with what each holds, for an error."""
    shown = []
    for column in table.columns[:limit]:
        probed = table.probe((column,))
        shown.append(
            f"{visible(column)} ({kind_of(probed[0])}: {preview(probed[0], 30)})" if probed else f"{column} (nothing)"
        )
    more = len(table.columns) - limit
    return ", ".join(shown) + (f", and {more} more" if more > 0 else "")


def _context(table: Table, scope: Scope, question: Path) -> tuple[Path, ...]:
    """The column with a passage, a talk or the like. Alpaca's `input` is one where there is an `instruction`."""
    wanted = [*names.CONTEXT, *(["input"] if plain_name(question[-1:] and question[-1]) == "instruction" else [])]
    for path in scope.all(wanted):
        probed = table.probe(path)
        if path != question and probed and all(context_text(v) for v in probed):
            return (path,)
    return ()


def _wrong(table: Table, scope: Scope) -> tuple[Path, ...]:
    """Every column that is named for wrong answers and holds answers."""
    found: list[Path] = [(name,) for name in family(scope.top, names.WRONG_FAMILY, least=1)]
    found += [path for path in scope.all(names.WRONG) if path not in found]
    return tuple(path for path in found if (probed := table.probe(path)) and not _verdicts(probed))


def _verdicts(probed: Sequence[Any]) -> bool:
    """Whether values say yes or no rather than an answer."""
    return all(isinstance(value, bool) or value in (0, 1) for value in probed if is_plain(value)) and all(
        map(is_plain, probed)
    )


def _choices(table: Table, scope: Scope, taken: set[Path]) -> tuple[Path, ...]:
    """The column with the choices, or those with one each; the way of TruthfulQA's targets has two."""
    found = [path for path in scope.all(names.CHOICES) if path not in taken and table.probe(path)]
    targets = [path for path in found if plain_name(path[-1]) in ("mc1targets", "mc2targets")]
    if targets:
        return (targets[0],) if len(found) == len(targets) else (found[0],)
    if found:
        return (found[0],)
    free = [name for name in scope.top if (name,) not in taken and table.probe((name,))]
    letters = family(free, ("",))
    return tuple((name,) for name in letters or family(free, names.FAMILY))


def _right(scope: Scope) -> list[Path]:
    """The columns with a name for right answers: the known ones in order, then others that say so."""
    known = scope.all(names.RIGHT)
    return known + [path for name, path in scope.paths.items() if path not in known and names.is_right_name(name)]


def _free(scope: Scope, wanted: Iterable[str], taken: set[Path]) -> Path | None:
    return next((path for path in scope.all(wanted) if path not in taken), None)


def _check_names(right: Sequence[Path], columns: Columns) -> None:
    """Raise SourceError where a user takes for right what its name calls wrong, or the other way round."""
    for path in right:
        if _is_wrong(plain_name(path[-1])):
            raise SourceError(
                f"--answer-column {dotted(path)}: a column of that name holds wrong answers; name the column with the "
                "right ones (or rename this one)"
            )
    for name in columns.negative:
        if plain_name(name.split(".")[-1]) in names.CLEARLY_RIGHT:
            raise SourceError(
                f"--negative-column {name}: a column of that name holds right answers; name the column with the wrong "
                "ones (or rename this one)"
            )


def _is_wrong(plain: str) -> bool:
    """Whether a name says that its column holds wrong answers."""
    return plain in names.WRONG or plain.rstrip("0123456789") in names.WRONG_FAMILY


def chain_layout(table: Table) -> str | None:
    """What kind of chains of thought the records are, or None where they are none that steps are marked in."""
    plain = {plain_name(column): (column,) for column in table.columns}
    marks = [plain[name] for name in names.STEP_MARKS if name in plain]

    def lists(name: str) -> bool:
        probed = table.probe(plain[name]) if name in plain else []
        return bool(probed) and all(isinstance(value, list) for value in probed)

    if (lists("steps") or lists("reasoningsteps")) and marks:
        return "steps of a chain, with a mark where the first wrong one is"
    if lists("completions") and lists("labels"):
        return "steps of a chain, with true or false for each"
    if table.fields(plain.get("question", ("",))) and "steps" in table.fields(plain.get("label", ("",))):
        return "steps of a chain, rated by people (PRM800K)"
    texts = [v for v in table.probe(plain["input"]) if isinstance(v, str)] if "input" in plain else []
    if "label" in plain and texts and all("Step 1:" in text for text in texts):
        return "steps of a chain, with a mark behind each (Math-Shepherd)"
    if "groundtruth" in plain and any("solution" in table.fields((column,)) for column in table.columns):
        return "chains of several models"
    return None
