"""A model that was trained here -> a folder that `load_base` reads, whole or not there."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerFast

from negbank.errors import StorageError

MANIFEST: Final = "negbank.json"

_TIED: Final = "lm_head.weight"
_OWN: Final = ("model.py", "optimizer.py", "reading.py")
"""Modules of this room that decide the weights."""


def fingerprint(settings: Mapping[str, Any], device: str, files: Iterable[Path]) -> str:
    """16 hexadecimal digits over all that decides the weights: settings, kind of device, torch, and code.

    `files` are the modules that make the text; those of this room are added.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps([settings, device, metadata.version("torch")], sort_keys=True).encode())
    for path in (*files, *(Path(__file__).parent / name for name in _OWN)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def keep_model(folder: Path, model: Any, tokenizer: PreTrainedTokenizerFast, manifest: Mapping[str, Any]) -> Path:
    """`folder`, written under another name and renamed: another process may have been faster, with the same bytes.

    Raises StorageError where the disk refuses.
    """
    try:
        return _keep(folder, model, tokenizer, manifest)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{folder} cannot be written: {error}; free space, or set "
                           "NEGBANK_CACHE to a folder on another disk") from error  # fmt: skip


def _keep(folder: Path, model: Any, tokenizer: PreTrainedTokenizerFast, manifest: Mapping[str, Any]) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        model.config.save_pretrained(made)
        # not model.save_pretrained, which draws a progress bar of its own; the tied output layer is left out as it does
        tensors = {name: value.cpu().contiguous() for name, value in model.state_dict().items() if name != _TIED}
        save_file(tensors, made / "model.safetensors", metadata={"format": "pt"})
        tokenizer.save_pretrained(made)
        (made / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
        try:
            made.replace(folder)
        except OSError:
            if not (folder / MANIFEST).is_file():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder
