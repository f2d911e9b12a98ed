"""What can go wrong, as one tree.

::

    NegbankError                 its text says what is wrong, where, and what to do next
    ├── UnknownNameError         a source, tier, column, dataset or version that is not there
    ├── SourceError              questions that cannot be read
    │   ├── MalformedFileError   a file that is not what its name says (carries file and line)
    │   └── HubUnreachableError  the Hugging Face Hub does not answer
    ├── EncoderError             a model that cannot be loaded, or that gives vectors that are not numbers
    ├── VectorError              vectors of a wrong shape, or with NaN
    ├── GuardError               candidates that cannot be judged, or too few texts to calibrate a guard
    ├── JudgeError               a judge that can't be loaded or asked, or kept verdicts that are damaged
    ├── LabelError               negatives that cannot be labelled
    ├── RecipeError              a recipe with keys or values that mean nothing
    ├── ModelError               a causal model that cannot be loaded or used
    ├── TrainingError            training that cannot go on: a loss that is no number, no memory, another run's files
    ├── GenerationError          chains that cannot be sampled: a server that is down or answers with something else
    ├── BenchmarkError           a validation that cannot be run, or would prove nothing
    ├── OutputError              standard output that is closed, full, or read by nobody any more
    ├── DecompressionError       a stranger's file that is damaged, or decompresses to more than is allowed
    ├── HubError                 a version that cannot be pushed to the Hugging Face Hub, or pulled from it
    └── RegistryError            a registry that cannot be read or written
        └── StorageError         no space, no permission, a read-only disk
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class NegbankError(Exception):
    """The base of every error that this package raises on purpose.

    `hint` says what to do next. It is part of the message, and stands apart for programs; None where there is none.
    """

    hint: str | None = None


class UnknownNameError(NegbankError):
    """A name that is not there; the message names the nearest one that is."""

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        near = nearest_hint(name, self.known)
        self.hint = near.removeprefix("; ")
        super().__init__(f"no {kind} {name!r}{near}{hint}")


class SourceError(NegbankError):
    """Questions cannot be read from a source."""


class MalformedFileError(SourceError):
    """A file does not hold what it should; the message carries its path and, where it has one, the line."""

    def __init__(self, path: Path | str, problem: str, line: int | None = None) -> None:
        self.path, self.line = Path(path), line
        where = f"{path}:{line}" if line is not None else f"{path}"
        super().__init__(f"{where}: {problem}")


class HubUnreachableError(SourceError):
    """The Hugging Face Hub does not answer, or this process may not ask it."""


class EncoderError(NegbankError):
    """A sentence encoder cannot be loaded or used."""


class VectorError(NegbankError):
    """Vectors have a wrong shape, a wrong norm, or hold NaN."""


class GuardError(NegbankError):
    """Candidates cannot be judged, or a guard cannot be calibrated."""


class JudgeError(NegbankError):
    """A judge can't be loaded or asked."""


class LabelError(NegbankError):
    """Negatives cannot be labelled."""


class RecipeError(NegbankError):
    """A recipe has keys or values that mean nothing."""


class ModelError(NegbankError):
    """A causal model cannot be loaded or used."""


class TrainingError(NegbankError):
    """Training cannot go on; what is done is kept."""


class GenerationError(NegbankError):
    """Chains cannot be sampled, or judged by a model; what is done is kept."""


class BenchmarkError(NegbankError):
    """A validation cannot be run, or would prove nothing."""


class HubError(NegbankError):
    """A version cannot be pushed to the Hugging Face Hub, or pulled from it."""


class OutputError(NegbankError):
    """Standard output is closed (`cause` is None), full, or its `reader_left`, as in `negbank show arc | head -1`."""

    def __init__(self, cause: OSError | None) -> None:
        self.reader_left = isinstance(cause, BrokenPipeError)
        problem = "is closed" if cause is None else f"cannot be written: {cause.strerror or cause}"
        super().__init__(
            f"standard output {problem}. What was printed is incomplete; what the command changed or wrote to files is "
            "complete"
        )


class DecompressionError(NegbankError):
    """A stranger's file is damaged, or decompresses to more than is allowed."""


class RegistryError(NegbankError):
    """A registry cannot be read or written."""


class StorageError(RegistryError):
    """The disk refuses: no space, no permission, read-only."""


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown `name`: the nearest of `known`, then all of them."""
    names = sorted(known)
    if not names:
        return "; there are none yet"
    near = difflib.get_close_matches(name.lower(), [n.lower() for n in names], n=1, cutoff=0.5)
    suggestion = next((n for n in names if near and n.lower() == near[0]), None)
    listed = ", ".join(names[:20]) + (f", ... ({len(names)} in all)" if len(names) > 20 else "")
    return f"; did you mean {suggestion!r}? There are: {listed}" if suggestion else f"; there are: {listed}"
