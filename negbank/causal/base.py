"""A causal language model, loaded once: safetensors and classes of transformers alone, no pickle, no code."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from negbank.causal.devices import decide_device, decide_dtype, lacks_memory
from negbank.causal.files import find_folder, hash_weights, weight_files
from negbank.causal.tokens import Tokens
from negbank.errors import ModelError

FALLBACK_WINDOW: Final = 2048
"""Tokens, where neither config nor tokenizer names a window: what lm-evaluation-harness takes as well."""

_WINDOWS: Final = ("n_positions", "max_position_embeddings", "n_ctx")
_NO_LIMIT: Final = 10**9  # a tokenizer without a limit names a number far above any window


@dataclass(frozen=True)
class BaseInfo:
    """What a base model is: `weights` is the SHA-256, hexadecimal, of its stored tensors, and decides."""

    name: str
    revision: str | None
    weights: str
    parameters: int
    architecture: str


@dataclass(frozen=True, eq=False)
class Base:
    """A model and its tokenizer. `model` stays the same object when heads are added: they are put into its layers.

    `window` is the most tokens that it takes; `notices` are sentences for a person.
    """

    model: Any
    tokens: Tokens
    device: torch.device
    dtype: torch.dtype
    window: int
    info: BaseInfo
    notices: tuple[str, ...] = ()


def load_base(name: str, device: str | None = None, precision: str = "auto", revision: str | None = None) -> Base:
    """The model called `name`, a folder or OWNER/NAME of the Hub, ready to be read from, its weights frozen.

    `device` is cpu, cuda or cuda:N, None takes CUDA where there is one; `precision` auto is bf16 on a GPU that
    computes it, else fp32. Raises ModelError for what cannot be loaded, UnknownNameError for another precision.
    """
    where = decide_device(device)
    dtype = decide_dtype(precision, where)
    folder, commit = find_folder(name, revision)
    files = weight_files(folder)
    with _quiet():
        config = _config(folder, name)
        tokenizer = _tokenizer(folder, name)
        model = _model(folder, name, where, dtype)
    model.eval().requires_grad_(False)
    window, notices = _window(config, tokenizer, name)
    info = BaseInfo(
        name, commit, hash_weights(files), sum(part.numel() for part in model.parameters()), type(model).__name__
    )
    return Base(model, Tokens(tokenizer), where, dtype, window, info, notices)


def _config(folder: Path, name: str) -> Any:
    try:
        return AutoConfig.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:
        raise ModelError(
            f"the config of {name} cannot be read: {_first_line(error)}; a model that brings its own code is not loaded"
        ) from error


def _tokenizer(folder: Path, name: str) -> Any:
    try:
        return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:
        raise ModelError(f"the tokenizer of {name} cannot be loaded: {_first_line(error)}") from error


def _model(folder: Path, name: str, device: torch.device, dtype: torch.dtype) -> Any:
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            str(folder),
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except Exception as error:
        raise ModelError(f"the model {name} cannot be loaded: {_first_line(error)}") from error
    model, report = loaded
    missing = sorted(report["missing_keys"])
    if missing:
        # transformers would go on with random numbers in their place
        raise ModelError(f"the weights of {name} lack {missing[0]} and {len(missing) - 1} more; fetch the model anew")
    try:
        return model.to(device)
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        raise ModelError(f"{name} does not fit into the memory of {device}; use a smaller model, or cpu") from error


def _window(config: Any, tokenizer: Any, name: str) -> tuple[int, tuple[str, ...]]:
    """The tokens that a model takes, as the harness finds them, and a notice where nothing names them."""
    text = getattr(config, "text_config", None) or config
    for attribute in _WINDOWS:
        value = getattr(text, attribute, None)
        if value:
            return int(value), ()
    limit = getattr(tokenizer, "model_max_length", None)
    if limit and limit < _NO_LIMIT:
        return int(limit), ()
    return FALLBACK_WINDOW, (
        f"neither config nor tokenizer of {name} names a window; {FALLBACK_WINDOW} tokens are taken",
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what transformers says about loading, progress bars too, away from standard error."""
    bars = transformers_logging.is_progress_bar_enabled()
    logger = logging.getLogger("transformers")
    level = logger.level
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
