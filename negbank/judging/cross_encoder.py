"""The forward pass of a judge by sentence-transformers' CrossEncoder, put together like an encoder's.

Batches hold pairs of one exact token length, 16 rows at least (rows are repeated), so that a pair's bits don't depend
on its company: see `encode.torch_backend`, where the same holds of tokens. Each stream is one thread.
"""

from __future__ import annotations

import collections
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from sentence_transformers import CrossEncoder
from torch import Tensor

from negbank.encode.torch_backend import Features, batches, layout_for, quiet, thread_pool
from negbank.encode.vector_cache import Rows
from negbank.errors import JudgeError
from negbank.judging.local import ONE_SCORE, Reading
from negbank.judging.records import NOT_A_NUMBER, TOO_LONG, Ask
from negbank.records import FloatArray

MIN_ROWS: Final = 16

_LARGEST: Final = 1_000_000
"""Tokenizers without a limit say that it is 10**30."""


def load_model(folder: Path, device: str, reading: Reading) -> CrossEncoder:
    """The model in `folder`, ready to judge. Raises JudgeError where it can't be loaded or used on `device`.

    Only safetensors and classes of sentence-transformers and transformers are loaded: no pickle, no code. The model's
    own activation is left out: probabilities are made from its raw outputs.
    """
    try:
        with quiet():
            model: CrossEncoder = CrossEncoder(
                str(folder),
                device=device,
                trust_remote_code=False,
                local_files_only=True,
                activation_fn=torch.nn.Identity(),
                model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            )
    except Exception as error:  # whatever a model's files make its loader raise
        raise JudgeError(f"the judge in {folder} can't be loaded on {device}: {error}") from error
    if model.num_labels != reading.labels:
        raise JudgeError(f"the judge in {folder} has {model.num_labels} labels, and its config.json {reading.labels}")
    model.eval()
    return model


def stream(
    asks: Sequence[Ask], model: CrossEncoder, reading: Reading, device: str
) -> Generator[tuple[int, float | str]]:
    """The probability of each pair, longest pairs first, or why it has none. Raises JudgeError for a broken batch."""
    fitting, too_long = _by_fit(asks, model)
    yield from ((place, TOO_LONG) for place in too_long)
    pairs, layout = [asks[place] for place in fitting], replace(layout_for(device), min_rows=MIN_ROWS)
    pending: collections.deque[tuple[Rows, Future[FloatArray]]] = collections.deque()
    with thread_pool(layout) as pool:
        for rows, features in batches(pairs, model, layout):
            pending.append((rows, pool.submit(_forward, model, features, device)))
            if len(pending) > 2 * layout.streams:
                yield from _finished(*pending.popleft(), fitting, reading)
        while pending:
            yield from _finished(*pending.popleft(), fitting, reading)


def probabilities(logits: FloatArray, reading: Reading) -> FloatArray:
    """(n,) the probability of yes from (n, labels) raw outputs, NaN where they are not finite."""
    values = logits.astype(np.float64)
    values[~np.isfinite(values).all(axis=1)] = np.nan
    with np.errstate(invalid="ignore"):
        if reading.kind == ONE_SCORE:
            out = np.exp(-np.logaddexp(0.0, -values[:, 0]))
        else:
            shares = np.exp(values - values.max(axis=1, keepdims=True))
            out = shares[:, reading.label] / shares.sum(axis=1)
    return out.astype(np.float32)


def _by_fit(asks: Sequence[Ask], model: CrossEncoder) -> tuple[list[int], list[int]]:
    """The places of pairs that the model reads whole, longest first, and of those that it would cut.

    A tokenizer cuts the ends, which is where the answers stand.
    """
    limit = min(model.max_seq_length or _LARGEST, getattr(model.tokenizer, "model_max_length", _LARGEST), _LARGEST)
    # no token is shorter than a byte, and no model adds more than eight of its own
    open_places = [place for place, ask in enumerate(asks) if sum(len(text.encode()) for text in ask) + 8 > limit]
    cut = set()
    if open_places:
        left, right = ([asks[place][side] for place in open_places] for side in (0, 1))
        with quiet():  # the tokenizer warns of texts that are too long
            tokens = model.tokenizer(left, right, truncation=False)["input_ids"]
        cut = {place for place, ids in zip(open_places, tokens, strict=True) if len(ids) > limit}
    order = sorted(range(len(asks)), key=lambda place: -sum(map(len, asks[place])))
    return [place for place in order if place not in cut], sorted(cut)


def _forward(model: CrossEncoder, features: Features, device: str) -> FloatArray:
    """(b, labels) float32, the raw outputs of a batch."""
    with torch.inference_mode():
        moved = {key: value.to(device) if isinstance(value, Tensor) else value for key, value in features.items()}
        scores: FloatArray = model(moved)["scores"].float().cpu().numpy()
        return scores.reshape(len(scores), -1)


def _finished(
    rows: Rows, result: Future[FloatArray], places: list[int], reading: Reading
) -> Generator[tuple[int, float | str]]:
    try:
        logits = result.result()[: len(rows)]
    except Exception as error:
        raise JudgeError(f"the judge failed on a batch of {len(rows)} pairs: {error}") from error
    for row, probability in zip(rows, probabilities(logits, reading), strict=True):
        found = float(probability)
        yield places[row], (NOT_A_NUMBER if np.isnan(found) else found)
