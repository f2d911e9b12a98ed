"""Which way of scoring a model takes: forests where they are proven to give its own numbers, else a row an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import torch

from negbank.causal import Base
from negbank.scoring.attention import NotUnderstoodError
from negbank.scoring.forests import Forests
from negbank.scoring.groups import Group
from negbank.scoring.log_likelihood import Part
from negbank.scoring.rows import Rows
from negbank.scoring.trees import Answer, grow

_LAYERS: Final = {"full_attention", "sliding_attention"}
_LENGTH_DEPENDENT: Final = {"dynamic", "longrope"}
"""Rotary embeddings that differ with the longest text of a batch, so that texts cannot share one."""

_MAX_ERROR: Final = {torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.1}
"""Mean difference in the trial, as a share of the values' standard deviation: rounding is far below, a fault above."""


class Layout(Protocol):
    """A way of putting answers into batches."""

    def parts(self, answers: Sequence[Answer]) -> Iterator[Part]:
        """The log-likelihoods of the tokens of `answers`, batch by batch."""
        ...


def choose(base: Base, max_tokens: int | None) -> tuple[Layout, str | None]:
    """The layout for a model, and why it is the slow one where it is."""
    rows, forests = Rows(base, max_tokens), Forests(base, max_tokens)
    reason = _unfit(base.model) or _differs(base, forests, rows)
    return (forests, None) if reason is None else (rows, f"{base.info.name} is scored one row an answer: {reason}")


def _unfit(model: Any) -> str | None:
    """What is known to keep a model from being given forests."""
    config = model.config.get_text_config()
    odd = sorted(set(getattr(config, "layer_types", None) or ()) - _LAYERS)
    if not getattr(model, "_supports_attention_backend", False):
        return "its attention cannot be replaced"
    if odd:
        return f"it has layers of {', '.join(odd)}"
    if _rope_types(getattr(config, "rope_parameters", None)) & _LENGTH_DEPENDENT:
        return "its rotary embedding depends on the longest text of a batch"
    return None


def _rope_types(parameters: Any) -> set[str]:
    """Kinds of rotary embedding that a config names, for all layers or for each kind of layer."""
    if not isinstance(parameters, dict):
        return set()
    nested = [_rope_types(value) for value in parameters.values()]
    return {str(parameters.get("rope_type"))}.union(*nested)


def _differs(base: Base, forests: Forests, rows: Rows) -> str | None:
    """Whether a trial by `forests`, without a prefix and with one, gives other numbers than the model as it is."""
    answers = _trial(base.model.config.get_text_config().vocab_size)
    trees = tuple(grow(answers))
    length = 4
    groups = (
        Group(trees[0].ids[:0], trees),
        Group(trees[0].ids[:length], tuple(tree.after(length) for tree in trees)),
    )
    plain = _sums(rows.parts(answers), len(answers))
    try:
        packed = [_sums(forests.parts_of([some]), len(answers)) for some in groups]
    except (NotUnderstoodError, RuntimeError, TypeError, ValueError, KeyError, AttributeError) as error:
        return (str(error) or type(error).__name__).splitlines()[0]
    if _hides_window(base.model) and forests.windows == {None}:
        return "its layers do not tell their attention of its sliding window"
    off = max(float(np.abs(some - plain).mean() / (plain.std() + 1e-9)) for some in packed)
    return None if off <= _MAX_ERROR.get(base.dtype, 1e-3) else f"forests gave other numbers, off by {off:.1%}"


def _hides_window(model: Any) -> bool:
    config = model.config.get_text_config()
    return getattr(config, "sliding_window", None) is not None and getattr(config, "use_sliding_window", True)


def _trial(vocabulary: int) -> list[Answer]:
    """Two contexts that begin alike, three answers each, two of which begin alike; tokens drawn by a fixed seed."""
    draw = np.random.default_rng(0).integers(0, vocabulary, 24).tolist()
    contexts = ((*draw[:8],), (*draw[:6], *draw[8:13]))
    endings = ((draw[13],), (*draw[14:17],), (*draw[14:16], *draw[17:20]))
    return [
        Answer(3 * place + row, context, ids)
        for place, context in enumerate(contexts)
        for row, ids in enumerate(endings)
    ]


def _sums(parts: Iterator[Part], count: int) -> npt.NDArray[np.float64]:
    """(count,) float64 sums of log-likelihoods by answer."""
    out = np.zeros(count)
    for rows, found in parts:
        np.add.at(out, rows, found.astype(np.float64))
    return out
