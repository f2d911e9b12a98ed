"""A causal model's folder, found here or on the Hub, and what its weights are, told from its safetensors files."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import huggingface_hub.errors
from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError
from huggingface_hub.errors import RevisionNotFoundError as NoRevision

from negbank.errors import ModelError
from negbank.folders import expanded

WANTED: Final = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
UNWANTED: Final = ("consolidated*", "original/*", "onnx/*", "*/*")
"""The same weights once more in other layouts, which would double a download."""

_BLOCK_BYTES: Final = 1 << 24
_HTTP_ERROR: Final[Any] = huggingface_hub.errors.HTTPError  # type: ignore[attr-defined]  # httpx's or httpx2's


@dataclass(frozen=True)
class Tensor:
    """Where one tensor lies in a safetensors file; `start` and `stop` are bytes from the file's begin."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    start: int
    stop: int


def find_folder(name: str, revision: str | None) -> tuple[Path, str | None]:
    """The folder of the model called `name`, and the commit that it is, None for a folder of one's own.

    Raises ModelError where there is none, or none of safetensors.
    """
    folder, commit = expanded(name), None
    if not folder.is_dir():
        if folder.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1 or "\\" in name:
            raise ModelError(f"there is no folder {name}; give a model's folder, or OWNER/NAME of the Hub")
        folder = _from_hub(name, revision)
        commit = folder.name
    elif revision is not None:
        raise ModelError(f"{name} is a folder, which has no revision {revision!r}; leave the revision out")
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} holds no config.json, so it is no model that can be loaded")
    return folder, commit


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of the model in `folder`. Raises ModelError where there is none, or one is missing."""
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if index.is_file():
        try:
            files = sorted({folder / name for name in json.loads(index.read_text())["weight_map"].values()})
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ModelError(f"{index} is no index of weights: {error!r}; fetch the model anew") from error
        missing = [file.name for file in files if not file.is_file()]
        if missing:
            raise ModelError(f"{folder} lacks {', '.join(missing)}, which its index names; fetch the model anew")
        return files
    pickles = sorted(path.name for pattern in ("*.bin", "*.pt", "*.pth") for path in folder.glob(pattern))
    if pickles:
        raise ModelError(
            f"{folder} holds its weights as a pickle ({pickles[0]}), which is not loaded as it can run code; "
            "convert the model to safetensors"
        )
    raise ModelError(f"{folder} holds no model.safetensors, so its weights are missing; fetch the model anew")


def hash_weights(files: list[Path]) -> str:
    """SHA-256, hexadecimal, over the names, types, shapes and bytes of all tensors of a model, in order of name.

    It is of what is stored, so it does not depend on the device, on the precision that the model is run in, or
    on how the tensors are spread over files.
    """
    tensors = sorted((tensor for file in files for tensor in read_header(file)), key=lambda tensor: tensor.name)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        contents = list(pool.map(_hash_content, tensors))
    digest = hashlib.sha256(b"negbank-weights-1")
    for tensor, content in zip(tensors, contents, strict=True):
        digest.update(f"{tensor.name}\0{tensor.dtype}\0{tensor.shape}\0".encode() + content)
    return digest.hexdigest()


def read_header(file: Path) -> list[Tensor]:
    """The tensors of a safetensors file. Raises ModelError where it is none, or cut short."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            size = file.stat().st_size
            header: dict[str, Any] = json.loads(stream.read(length)) if length < size else {}
        header.pop("__metadata__", None)
        tensors = [
            Tensor(name, part["dtype"], tuple(part["shape"]), file, *(8 + length + at for at in part["data_offsets"]))
            for name, part in header.items()
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file} cannot be read as safetensors: {error!r}; fetch the model anew") from error
    if not tensors or max(tensor.stop for tensor in tensors) > size:
        raise ModelError(f"{file} is cut short or empty; fetch the model anew")
    return tensors


def _hash_content(tensor: Tensor) -> bytes:
    digest = hashlib.sha256()
    with tensor.file.open("rb") as stream:
        stream.seek(tensor.start)
        left = tensor.stop - tensor.start
        while left:
            block = stream.read(min(left, _BLOCK_BYTES))
            if not block:
                raise ModelError(f"{tensor.file} ends within {tensor.name}; fetch the model anew")
            digest.update(block)
            left -= len(block)
    return digest.digest()


def _from_hub(name: str, revision: str | None) -> Path:
    """The folder of a model of the Hub, fetched where it is not here yet."""
    try:
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=list(WANTED), ignore_patterns=list(UNWANTED))
        )
    except GatedRepoError as error:
        raise ModelError(f"the model {name} is gated: ask for access on its page, then log in with hf auth") from error
    except NoRevision as error:
        raise ModelError(f"the model {name} has no revision {revision!r}; see its page on the Hub") from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ModelError(
            f"no model {name} on the Hub that you may see; give OWNER/NAME, a model's folder, or log in with hf auth"
        ) from error
    except (_HTTP_ERROR, OSError) as error:
        raise ModelError(
            f"the model {name} is not on this machine, and the Hub does not give it ({type(error).__name__}); give a "
            "model's folder, or use the recipe `world`, which needs no download"
        ) from error
