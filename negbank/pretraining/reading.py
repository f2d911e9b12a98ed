"""Documents -> rows of tokens -> a model that has read them, one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional
from transformers import PreTrainedTokenizerFast

from negbank.errors import TrainingError
from negbank.pretraining.optimizer import Optimizers, schedule
from negbank.records import Progress, no_progress

Rows = npt.NDArray[np.int32]

_BLOCK: Final = 256


@dataclass(frozen=True)
class Reading:
    """How a text is read: `steps` of `rows` rows of `row_tokens` tokens, at two rates.

    `table` is the recipe's table that these are keys of, for messages; `stage` is what progress calls it.
    """

    steps: int
    rows: int
    row_tokens: int
    matrix_rate: float
    embedding_rate: float
    table: str
    stage: str


def fill_rows(
    tokenizer: PreTrainedTokenizerFast,
    documents: Callable[[float, int], Sequence[str]],
    reading: Reading,
    stage: str,
    progress: Progress = no_progress,
) -> Rows:
    """All that a model reads, in order: int32 (steps * rows, row_tokens), each row beginning with a document.

    `documents(share, count)` gives the next `count` documents once `share` of the rows is filled.
    """
    needed = reading.steps * reading.rows
    out = np.zeros((needed, reading.row_tokens), dtype=np.int32)
    done, row, end = 0, list[int](), 0  # END is the first word of the vocabulary
    while done < needed:
        texts = list(documents(done / needed, _BLOCK))
        for encoded in tokenizer.backend_tokenizer.encode_batch(texts):
            row += [*encoded.ids, end]
            if len(row) >= reading.row_tokens and done < needed:
                # a document that does not fit is cut: a row that began within one would be read without its begin
                out[done] = row[: reading.row_tokens]
                done, row = done + 1, []
        progress(stage, done, needed)
    return out


def read_rows(
    model: Any, rows: Rows, reading: Reading, device: torch.device, progress: Progress = no_progress
) -> float:
    """The mean loss over the last hundred steps of one pass of `model` over `rows`, which changes it.

    Raises TrainingError for a loss that is no number.
    """
    optimizers = Optimizers(model, reading.matrix_rate, reading.embedding_rate)
    batches, losses = torch.from_numpy(rows).view(reading.steps, reading.rows, -1), []
    for step, batch in enumerate(batches):
        ids = batch.to(device, torch.int64)
        hidden = model.model(ids, attention_mask=own_document(ids)).last_hidden_state[:, :-1]
        loss = functional.cross_entropy(model.lm_head(hidden).flatten(0, 1), ids[:, 1:].flatten())
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizers.step(schedule(step, reading.steps))
        losses.append(loss.detach())
        if step % 25 == 0 or step + 1 == reading.steps:
            _check(float(losses[-1]), step, reading)
            progress(reading.stage, step + 1, reading.steps)
    model.eval()
    return float(torch.stack(losses[-100:]).mean())


def own_document(ids: torch.Tensor) -> torch.Tensor:
    """Bool (rows, 1, tokens, tokens): each token sees those before it in its own document, END included.

    With other documents in sight the model must first learn to tell the documents of one row apart: of two seeds of the
    generated world, one had learned no fact after twice the text.
    """
    ends = (ids == 0).long()
    documents = ends.cumsum(1) - ends
    before = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool, device=ids.device).tril()
    return ((documents[:, :, None] == documents[:, None, :]) & before)[:, None]


def _check(loss_nats: float, step: int, reading: Reading) -> None:
    if not np.isfinite(loss_nats):
        raise TrainingError(
            f"{reading.stage}: the loss is {loss_nats} at step {step + 1}; lower matrix_rate "
            f"({reading.matrix_rate:g}) or embedding_rate ({reading.embedding_rate:g}) of {reading.table}"
        )
