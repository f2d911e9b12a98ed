"""A benchmark of the table (`named.py`), and which of its splits are trained on.

Training takes the splits that nobody evaluates on. Every other split is held out, until `--split` or `--no-hold-out`
names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from negbank.errors import SourceError, UnknownNameError
from negbank.sources.hub import HubDataset, Slice
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Columns

Splits = Mapping[str, int]
"""Published splits and how many questions each has: `{"ARC-Easy/train": 2251}`, a configuration and a split."""


@dataclass(frozen=True)
class Benchmark:
    """A public benchmark: where it lies on the Hub, how its rows are read, and what may be trained on."""

    name: str
    summary: str
    dataset: str
    license: str
    columns: Columns
    training: Splits
    evaluation: Splits
    """What `negbank benchmark` and most papers ask."""
    also_held_out: Splits = field(default_factory=dict)
    """Other splits that people evaluate on or tune on."""
    fallback: tuple[str, ...] = ()
    """Read instead if none of `training` is there."""
    answer_base: int | None = None
    """Whether an index that answers counts from 0 or 1, if it is one."""
    plain: bool = False
    """Whether rows are read by `rows.parse` and not understood as a file is: the ids and rows of the oldest benchmarks
    must not change."""
    subject: str | None = None
    """The column with the subject, if it has none of the usual names; of plain rows."""
    subject_groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Names for groups of subjects, each with the subjects that it leaves out. Only with these, --subjects applies."""
    branch: str | None = None
    """The branch of the repository that holds Parquet files, if `main` has a loading script."""
    gated: bool = False
    """Whether the Hub asks for a login and for the authors' terms to be accepted."""

    @property
    def held_out(self) -> dict[str, int]:
        """Every split that is held out by default."""
        return {**self.evaluation, **self.also_held_out}

    @property
    def configs(self) -> list[str]:
        """The configurations that the table names."""
        return list(dict.fromkeys(name.partition("/")[0] for name in (*self.training, *self.held_out)))


@dataclass(frozen=True)
class Part:
    """A split of one configuration, or a slice of it: `ARC-Easy/train`, `all/validation[:80%]`."""

    config: str
    split: str

    @property
    def base(self) -> str:
        """The split without its slice."""
        return self.split.partition("[")[0]

    @property
    def name(self) -> str:
        """The whole split's name in the table."""
        return f"{self.config}/{self.base}"

    def __str__(self) -> str:
        return f"{self.config}/{self.split}"


@dataclass(frozen=True)
class Repository:
    """A benchmark's files on the Hub or in the mirror; `there` has the names of the splits that it really holds."""

    benchmark: Benchmark
    hub: HubDataset
    configs: Mapping[str, str]
    """The table's name of a configuration -> the repository's own."""
    there: frozenset[str]

    def read(self, part: Part) -> Slice:
        """The rows of `part`, and those of its split that it leaves out."""
        return self.hub.read(self.configs[part.config], part.split)

    def revision(self) -> str | None:
        """The commit that the Hub resolved; None for a mirror."""
        return self.hub.revision(next(iter(self.configs.values())))


@dataclass(frozen=True)
class TrainingPlan:
    """The parts to train on; `asked` are those of them that `option` took out of the evaluation splits.

    `wanted` are the parts that `--no-hold-out` named, whether they are there or not.
    """

    parts: tuple[Part, ...]
    asked: tuple[Part, ...] = ()
    wanted: tuple[Part, ...] = ()
    option: str = ""
    notices: tuple[str, ...] = ()


def open_repository(benchmark: Benchmark) -> Repository:
    """The benchmark's repository, with the splits that it really has. Raises SourceError for a wrong configuration."""
    hub = HubDataset(benchmark.dataset, benchmark.branch)
    configs = {name: name for name in benchmark.configs}
    try:
        splits = {name: hub.splits(name) for name in configs}
    except SourceError:
        only = hub.configs()
        if len(only) > 1 or len(configs) > 1:
            raise
        configs = dict.fromkeys(configs, only[0])  # a mirror need not name its only configuration as the Hub does
        splits = {name: hub.splits(own) for name, own in configs.items()}
    there = frozenset(f"{config}/{split}" for config, own in splits.items() for split in own)
    return Repository(benchmark, hub, configs, there)


def plan_training(repository: Repository, options: SourceOptions) -> TrainingPlan:
    """What to train on. Raises UnknownNameError for a split that is not there, SourceError if nothing is left."""
    benchmark = repository.benchmark
    if options.split is not None and options.no_hold_out:
        raise SourceError(
            f"{benchmark.name}: --split names all that is trained on, and --no-hold-out adds to what is trained on by "
            "default; give one of them"
        )
    if options.split is not None:
        return _named_split(repository, options.split)
    back = [part for text in options.no_hold_out for part in match_parts(benchmark, text, "--no-hold-out")]
    _refuse_repeated(benchmark, back)
    there = [part for part in map(part_of, benchmark.training) if part.name in repository.there]
    notices: tuple[str, ...] = ()
    if benchmark.training and not there:
        there, notices = _fallback(repository, bool(back))
    returned = tuple(part for part in back if part.name in repository.there)
    return TrainingPlan((*there, *returned), returned, tuple(back), "--no-hold-out", notices)


def match_parts(benchmark: Benchmark, text: str, option: str) -> list[Part]:
    """The held-out parts that `text` names: `ARC-Easy/test`, or `test` for that split of each configuration.

    A slice stays with them. Raises UnknownNameError, with all that is held out, for any other text.
    """
    wanted = text.strip().removeprefix(f"{benchmark.name}/")
    base, bracket, rest = wanted.partition("[")
    found = [part_of(name) for name in benchmark.held_out if base in (name, name.partition("/")[2])]
    if not found:
        raise UnknownNameError(f"held-out split (for {option})", text, benchmark.held_out)
    return [Part(part.config, part.split + bracket + rest) for part in found]


def part_of(text: str) -> Part:
    """The part that `CONFIG/SPLIT` or `CONFIG/SPLIT[SLICE]` names."""
    config, _, split = text.partition("/")
    return Part(config, split)


def content_revision(questions: pl.DataFrame) -> str:
    """`sha256:` and the hash of the questions' content: a revision where the source has none of its own.

    `context` and `answers` count only where a source has them, so that other sources keep the revision that they had.
    """
    digest = hashlib.sha256()
    unused = [name for name in ("context", "answers") if questions[name].null_count() == questions.height]
    for row in questions.drop(unused).iter_rows():
        digest.update(repr(row).encode())
    return f"sha256:{digest.hexdigest()}"


def _named_split(repository: Repository, split: str) -> TrainingPlan:
    """The parts that `--split` names: `SPLIT[SLICE]` of every configuration, or `CONFIG/SPLIT[SLICE]`."""
    benchmark = repository.benchmark
    head, slash, _ = split.partition("[")[0].partition("/")
    if slash and head not in benchmark.configs:
        raise UnknownNameError("configuration", head, benchmark.configs, hint=f" (in {benchmark.dataset})")
    configs = [head] if slash else benchmark.configs
    wanted = split.removeprefix(f"{head}/") if slash else split
    named = [Part(config, wanted) for config in configs]
    there = [part for part in named if part.name in repository.there]
    if not there:
        repository.read(named[0])  # raises, with the splits that there are
    # what the benchmark itself is evaluated on stays out if another configuration has the split: `arc --split test`
    others = [part for part in there if part.name not in benchmark.evaluation]
    chosen = tuple(others or there)
    asked = tuple(part for part in chosen if part.name in benchmark.held_out)
    return TrainingPlan(chosen, asked, option="--split")


def _fallback(repository: Repository, given_back: bool) -> tuple[list[Part], tuple[str, ...]]:
    """What is read if no training split is there, with a sentence that says so."""
    benchmark, place = repository.benchmark, repository.hub.place
    missing = ", ".join(benchmark.training)
    parts = [part for part in map(part_of, benchmark.fallback) if part.name in repository.there]
    if given_back:
        return [], (f"{benchmark.name}: {place} lacks {missing}",)
    if not parts:
        raise SourceError(f"{benchmark.name}: {place} has none of its training splits ({missing})")
    taken = ", ".join(map(str, parts))
    return parts, (
        f"{benchmark.name}: {place} lacks {missing}, so {taken} is trained on instead. People evaluate on that split: "
        "only the rest of it is held out",
    )


def _refuse_repeated(benchmark: Benchmark, parts: list[Part]) -> None:
    """Raise SourceError if two of `parts` are of one split."""
    names = [part.name for part in parts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SourceError(f"{benchmark.name}: --no-hold-out names {', '.join(twice)} twice")
