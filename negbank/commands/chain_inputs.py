"""Where the chains of the tier erroneous-cot come from: files that hold them, gold chains that are broken, and models.

Each way is a `ChainInput`. What a model writes comes as a file of the layout `chains`, whose records carry their
`provenance`.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

import polars as pl

from negbank.commands.chain_models import ModelSettings
from negbank.errors import SourceError, UnknownNameError
from negbank.reasoning.chains import RefusedChain, Trajectory
from negbank.reasoning.final_form import FORMS, MARKED, FinalForm
from negbank.reasoning.formats import parse_lines, read_lines
from negbank.reasoning.layouts import LAYOUTS
from negbank.reasoning.perturb import KINDS, NotPerturbed, perturb
from negbank.reasoning.reasons import CHAIN_CUT, NO_ROOM
from negbank.records import MODEL, PERTURBED, REPORTED
from negbank.sources.streams import standard_input

PERTURBATION: Final = "perturbation"
BLOCK: Final = 2**18
GENERATION: Final = "generation"
STANDARD_INPUT: Final = "standard input"
TRIES: Final = 4
"""Draws for each broken chain that is asked for: some come out alike."""
MAX_REPEATS: Final = 1000
"""Draws in a row that give nothing new before a question is taken to have no more broken chains."""


@dataclass(frozen=True)
class ChainSettings:
    """Where chains come from; several ways may be taken at once.

    `trajectories` are files of JSON lines or of one JSON array, compressed or not (`-` is standard input), of `layout`,
    told by their first record where it is None, and under `license`, as the Hub names it. With `perturb`, gold chains
    are broken. `models` write chains, and judge those of all ways. With `strict`, only chains that mark their answer
    are taken (`#### 18`, `\\boxed{18}`, `The answer is 18`).
    """

    trajectories: tuple[str, ...] = ()
    layout: str | None = None
    license: str | None = None
    perturb: bool = False
    models: ModelSettings = field(default_factory=ModelSettings)
    strict: bool = False
    final_form: FinalForm = MARKED
    """How right and wrong chains end: `marked` for `#### ANSWER` on both sides, `keep` for as they were written."""


class ChainInput(Protocol):
    """Chains of one origin; `name` is the file's. `short` questions got fewer than asked for, and lack `missing`."""

    short: int
    missing: int

    @property
    def name(self) -> str | None:
        """The file that they stand in."""

    def chains(self) -> Iterator[Trajectory | RefusedChain]:
        """The chains, as they come."""

    def origin(self, model: str | None) -> str:
        """What the column `origin` says of a chain."""

    def total(self, done: int) -> int:
        """How many chains there will be, as far as that can be told when `done` were read; more than `done`."""

    def about(self) -> Mapping[str, Any]:
        """What the version records of them, once all were read."""


@dataclass
class FileInput:
    """The chains of a file, or of standard input."""

    path: str
    layout: str | None = None
    license: str | None = None
    short: int = 0
    missing: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)
    _bytes: int = 0

    @property
    def name(self) -> str:
        """The file's name, without the folders of this machine."""
        return STANDARD_INPUT if self.path == "-" else Path(self.path).name

    def chains(self) -> Iterator[Trajectory | RefusedChain]:
        """The chains with their place in the file. Raises SourceError and MalformedFileError as the formats do."""
        place = STANDARD_INPUT if self.path == "-" else self.path
        try:
            if self.path == "-":
                yield from self._placed(standard_input(), place)
                return
            with Path(self.path).open("rb") as file:
                yield from self._placed(file, place)
        except OSError as error:
            raise SourceError(f"{place}: cannot be read: {error.strerror}") from error

    def origin(self, model: str | None) -> str:
        """A model's own where the file names the model, else reported by whoever brought the file."""
        return MODEL if model else REPORTED

    def total(self, done: int) -> int:
        """By the bytes that were read of the file."""
        size = Path(self.path).stat().st_size if self.path != "-" else 0
        return max(done + 1, done * size // max(self._bytes, 1))

    def about(self) -> Mapping[str, Any]:
        """The file's name, its hash and its licence."""
        return {
            "source": self.name, "sha256": self._digest.hexdigest(), "license": self.license, "layout": self.layout,
        }  # fmt: skip

    def _placed(self, file: Any, path: str) -> Iterator[Trajectory | RefusedChain]:
        for found in parse_lines(read_lines(self._watched(file), path), path, self.layout):
            if isinstance(found, RefusedChain):
                yield found
                continue
            said = json.loads(found.provenance) if found.provenance else {}
            if said.get("finished") is False:
                yield RefusedChain(found.question, CHAIN_CUT, found.line, found.position)
                continue
            place = {"file": self.name, "line": found.line, "position": found.position}
            model = {"model": found.model} if found.model else {}
            yield replace(found, provenance=json.dumps({**model, **said, **place}, sort_keys=True))

    def _watched(self, file: BinaryIO) -> BinaryIO:
        """`file` as it is, each byte hashed and counted as it is read."""
        return cast("BinaryIO", io.BufferedReader(_Watched(file, self._count), BLOCK))

    def _count(self, data: memoryview) -> None:
        self._digest.update(data)
        self._bytes += len(data)


class _Watched(io.RawIOBase):
    """A file whose every byte is told to `tell_of` once it is read."""

    def __init__(self, file: BinaryIO, tell_of: Callable[[memoryview], None]) -> None:
        self._file, self._tell_of = file, tell_of

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """How many bytes were read into `buffer`."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._tell_of(memoryview(data))
        return len(data)


@dataclass
class WrittenInput(FileInput):
    """The chains that a model wrote, in the file that keeps them; each of `left_out` is a question that got none."""

    written: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def chains(self) -> Iterator[Trajectory | RefusedChain]:
        """The chains, and one refused for each that there was no room for."""
        if Path(self.path).stat().st_size:  # an empty file of a user's is an error, and this one has no chain
            yield from super().chains()
        yield from (RefusedChain(question, NO_ROOM, 0, 0) for question in self.left_out)

    def about(self) -> Mapping[str, Any]:
        """The model and how it was asked; whose licence its chains stand under is not known here."""
        return {"source": None, "way": GENERATION, **self.written, "sha256": self._digest.hexdigest()}


@dataclass
class PerturbedInput:
    """Up to `per_question` broken copies of each gold chain of `questions` (QUESTIONS), drawn with `seed`."""

    questions: pl.DataFrame
    per_question: int
    seed: int
    short: int = 0
    missing: int = 0

    @property
    def name(self) -> str | None:
        """They stand in none."""
        return None

    def chains(self) -> Iterator[Trajectory | RefusedChain]:
        """The broken chains; a question of which none can be made is refused, its number standing for a line."""
        rows = self.questions.select("question", "answer").iter_rows()
        for number, (question, gold) in enumerate(rows, start=1):
            made = 0
            for made, broken in enumerate(self._broken(question, gold, number), start=1):
                yield broken
                if isinstance(broken, RefusedChain):
                    made = 0
            self.short += made < self.per_question
            self.missing += self.per_question - made

    def origin(self, model: str | None) -> str:
        """All are perturbed."""
        return PERTURBED

    def total(self, done: int) -> int:
        """As many as are asked for."""
        return max(done + 1, self.questions.height * self.per_question)

    def about(self) -> Mapping[str, Any]:
        """That they were broken here, and how: they stand under the source's licence."""
        return {"source": None, "way": PERTURBATION, "kinds": list(KINDS), "per_question": self.per_question}

    def _broken(self, question: str, gold: str, number: int) -> Iterator[Trajectory | RefusedChain]:
        seen: set[str] = set()
        repeats = 0
        for draw in range(self.per_question * TRIES):
            seed = self.seed * 2**20 + draw  # draws of two seeds never meet
            found = perturb(question, gold, seed)
            if isinstance(found, NotPerturbed):
                yield RefusedChain(question, found.reason, number, 0)
                return
            if found.chain in seen:
                if (repeats := repeats + 1) == MAX_REPEATS:
                    return
                continue
            repeats = 0
            said = {"way": PERTURBATION, "kind": found.kind, "before": found.before, "after": found.after, "seed": seed}
            yield Trajectory(
                question, found.chain, found.steps, None, False, found.first_error_step, f"perturb-{found.kind}",
                number, len(seen), PERTURBATION, found.error_type, json.dumps(said, sort_keys=True),
            )  # fmt: skip
            seen.add(found.chain)
            if len(seen) == self.per_question:
                return


def chain_inputs(questions: pl.DataFrame, settings: ChainSettings, per_question: int, seed: int) -> list[ChainInput]:
    """Every way that the settings ask for, but what models write, which takes hours.

    Raises SourceError where no way is asked for, UnknownNameError for a layout that is none.
    """
    if settings.layout is not None and settings.layout not in LAYOUTS:
        raise UnknownNameError("layout", settings.layout, LAYOUTS)
    if settings.final_form not in FORMS:
        raise UnknownNameError("final form", settings.final_form, FORMS)
    inputs: list[ChainInput] = [FileInput(path, settings.layout, settings.license) for path in settings.trajectories]
    if settings.perturb:
        inputs.append(PerturbedInput(questions, per_question, seed))
    if not inputs and not settings.models.writes:
        raise SourceError(
            "the tier erroneous-cot needs chains: name a file of them (trajectories), ask to perturb, or name a model"
        )
    return inputs
