"""A sentence-transformers model, run fast: batches of texts of one token length, one torch thread a stream.

The model's own modules do the work (its prompt, truncation, pooling, dense layers), so vectors are those of
`SentenceTransformer.encode(normalize_embeddings=True)`; what differs is how texts are put together:

- Texts are tokenized in blocks of similar length and batched by *exact* token length, so nothing is padded.
- Each stream is one thread that takes whole batches with one torch thread of its own. Threads inside a product
  wait for each other hundreds of times a batch, which costs the most where another process uses the cores too.
- No batch has under 16 tokens (texts are repeated). MKL's product sums in another order below that many rows,
  and gave one text other last bits when alone than in company; from 16 on a text's bits were the same in
  every company that was tried (fp32, AVX-512). Models with dense layers after pooling see rows, not tokens,
  and may still differ in the last bit.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor
from transformers.utils import logging as transformers_logging

from negbank.encode.vector_cache import Batch, Rows
from negbank.errors import EncoderError
from negbank.records import FloatArray

Features = dict[str, Any]
"""What a model's tokenizer gives: tensors of (texts, tokens), and a few plain values."""

Forward = Callable[[Features], FloatArray]
"""A batch's features to its (b, d) float32 vectors, of any length."""

MIN_TOKENS: Final = 16
_MAX_STREAMS: Final = 8  # Python between the products keeps more streams than this waiting


@dataclass(frozen=True)
class Layout:
    """How texts are put together: streams side by side, torch threads each, tokens a batch, texts a block.

    No batch has fewer than `min_rows` rows: what comes after pooling sees rows, not tokens.
    """

    streams: int
    threads: int
    batch_tokens: int
    block_texts: int
    min_rows: int = 1


def layout_for(device: str) -> Layout:
    """The layout for a device: as many streams as torch has threads, at most 8; a GPU takes one large batch."""
    if device != "cpu":
        return Layout(streams=1, threads=torch.get_num_threads(), batch_tokens=65_536, block_texts=32_768)
    threads = torch.get_num_threads()
    streams = min(threads, _MAX_STREAMS)
    return Layout(streams, threads // streams, batch_tokens=2048, block_texts=8192)


def load_model(folder: Path, device: str) -> SentenceTransformer:
    """The model in `folder`, ready to encode. Raises EncoderError where it cannot be loaded or used on `device`.

    Only safetensors and classes of sentence-transformers and transformers are loaded: no pickle, no code.
    """
    try:
        with quiet():
            model = SentenceTransformer(
                str(folder),
                device=device,
                trust_remote_code=False,
                local_files_only=True,
                model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            )
    except Exception as error:  # whatever a model's files make its loader raise
        raise EncoderError(f"the encoder in {folder} cannot be loaded on {device}: {error}") from error
    return model.eval()


def torch_forward(model: SentenceTransformer, device: str, precision: str) -> Forward:
    """`Forward` by torch; for `bf16` linear layers and attention are bfloat16, sums and norms stay float32.

    The linear layers of `model` are made bfloat16 in place, so that weights are not cast for every batch.
    """
    half = precision == "bf16"
    if half:
        for module in model.modules():
            if isinstance(module, torch.nn.Linear):
                module.to(torch.bfloat16)
    kind = torch.device(device).type

    def forward(features: Features) -> FloatArray:
        with torch.inference_mode(), torch.autocast(kind, torch.bfloat16, enabled=half):
            moved = {k: v.to(device) if isinstance(v, Tensor) else v for k, v in features.items()}
            vectors: FloatArray = model(moved)["sentence_embedding"].float().cpu().numpy()
            return vectors

    return forward


def stream(texts: Sequence[str], model: SentenceTransformer, forward: Forward, layout: Layout) -> Generator[Batch]:
    """The unit vectors of `texts`, batch by batch, longest texts first; the batches depend on `texts` alone.

    Rows that have no direction (NaN, zero) are given as they are. Closing the iterator drops what has not
    begun. Raises EncoderError where the model cannot encode a batch.
    """
    pending: collections.deque[tuple[Rows, Future[FloatArray]]] = collections.deque()
    with thread_pool(layout) as pool:
        for rows, features in batches(texts, model, layout):
            pending.append((rows, pool.submit(forward, features)))
            if len(pending) > 2 * layout.streams:
                yield _finished(*pending.popleft())
        while pending:
            yield _finished(*pending.popleft())


def batches(texts: Sequence[Any], model: Any, layout: Layout) -> Iterator[tuple[Rows, Features]]:
    """`(rows, features)` of each batch: texts of one token length, at most `batch_tokens` tokens, unpadded.

    A model whose features are not a padded matrix (a bag of words, static embeddings) is given whole blocks.
    """
    order = np.array(sorted(range(len(texts)), key=lambda row: -len(texts[row])), dtype=np.int64)
    prompt = model.prompts.get(model.default_prompt_name) if model.default_prompt_name else None
    for start in range(0, len(order), layout.block_texts):
        block = order[start : start + layout.block_texts]
        try:
            features = model.preprocess([texts[row] for row in block], prompt=prompt)
        except Exception as error:
            raise EncoderError(f"the encoder cannot tokenize {texts[block[0]]!r} or a text near it: {error}") from error
        lengths = _token_lengths(features)
        if lengths is None:
            yield block, features
            continue
        for length in np.unique(lengths)[::-1]:
            members = np.flatnonzero(lengths == length)
            size = max(layout.min_rows, layout.batch_tokens // max(1, length))
            for first in range(0, len(members), size):
                some = members[first : first + size]
                yield block[some], _cut(features, some, int(length), layout.min_rows)


def _token_lengths(features: Features) -> npt.NDArray[np.int64] | None:
    """The tokens (n,) of each text, or None where features are not matrices padded on one side."""
    mask = features.get("attention_mask")
    if not isinstance(mask, Tensor) or mask.ndim != 2:
        return None
    lengths = mask.sum(dim=1, dtype=torch.int64)
    columns = torch.arange(mask.shape[1])
    right = columns < lengths[:, None]
    left = columns >= mask.shape[1] - lengths[:, None]
    if not (torch.equal(mask.bool(), right) or torch.equal(mask.bool(), left)):
        return None
    return lengths.numpy()


def _cut(features: Features, rows: Rows, length: int, min_rows: int) -> Features:
    """The features of texts of one `length`, unpadded; rows repeat until there are MIN_TOKENS tokens and `min_rows`."""
    length = max(1, length)
    repeats = max(0, -(-MIN_TOKENS // length) - len(rows), min_rows - len(rows))
    index = torch.from_numpy(np.concatenate([rows, np.repeat(rows[-1:], repeats)]))
    mask = features["attention_mask"]
    columns = slice(0, length) if bool(mask[rows[0], 0]) else slice(mask.shape[1] - length, mask.shape[1])
    cut = {}
    for name, value in features.items():
        if isinstance(value, Tensor) and value.shape[:1] == mask.shape[:1]:
            value = value[index]
            value = value[:, columns].contiguous() if value.shape[1:2] == mask.shape[1:2] else value
        cut[name] = value
    return cut


def _finished(rows: Rows, result: Future[FloatArray]) -> Batch:
    """A batch's rows and unit vectors, when it is done."""
    try:
        vectors = result.result()[: len(rows)].astype(np.float32, copy=False)
    except Exception as error:
        raise EncoderError(f"the encoder failed on a batch of {len(rows)} texts: {error}") from error
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return rows, np.divide(vectors, norms, out=vectors.copy(), where=norms > 0)


@contextlib.contextmanager
def thread_pool(layout: Layout) -> Iterator[ThreadPoolExecutor]:
    """One thread a stream. torch's number of threads is the process's, so it is put back at the end."""
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(layout.streams, "encode", initializer=torch.set_num_threads, initargs=(layout.threads,))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(before)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what the libraries say about loading and tracing, progress bars too, away from standard error."""
    bars = transformers_logging.is_progress_bar_enabled()
    loggers = [logging.getLogger(name) for name in ("transformers", "sentence_transformers")]
    levels = [logger.level for logger in loggers]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
