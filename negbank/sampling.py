"""What a causal model writes after prompts: batched, over its key-value cache, each sample by a seed of its own.

A sample depends on its prompt and its seed alone: it draws one uniform number a token from its own generator and takes
the token at that place of the cumulated distribution, so company decides nothing but the last bits of the logits.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from negbank.causal import Base
from negbank.causal.devices import lacks_memory
from negbank.errors import ModelError
from negbank.records import Progress, no_progress

STAGE: Final = "sample"


@dataclass(frozen=True)
class SampleSettings:
    """How tokens are drawn: temperature 0 takes the most likely one, `top_p` the fewest that hold that much mass.

    `stop` are texts at which a sample ends, itself left out, and `stop_tokens` ids that end one besides those that the
    model and its tokenizer name; `batch` is how many samples are written at once.
    """

    temperature: float = 0.8
    top_p: float = 1.0
    max_tokens: int = 512
    batch: int = 32
    stop: tuple[str, ...] = ()
    stop_tokens: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise ModelError(f"a temperature is a number from 0 on, not {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ModelError(f"top-p is above 0 and at most 1, not {self.top_p}")
        if self.max_tokens < 1 or self.batch < 1:
            raise ModelError(f"max_tokens ({self.max_tokens}) and batch ({self.batch}) are 1 at least")
        if not all(self.stop):
            raise ModelError("a stop text is empty; leave it out")


@dataclass(frozen=True)
class Sampled:
    """One sample. `tokens` counts all that were drawn, the token that ended it among them.

    `entropy_nats` is the mean over these of the entropy of the model's own next-token distribution, temperature 1.
    `finished` is False where it was cut at `max_tokens` or at the model's window.
    """

    text: str
    tokens: int
    entropy_nats: float
    finished: bool


@dataclass(eq=False)
class _Row:
    """A sample in the making; `uniforms` are its draws, as many as it may have tokens."""

    place: int
    prompt: list[int]
    uniforms: np.ndarray[tuple[int], np.dtype[np.float64]]
    ids: list[int] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)


def sample(
    base: Base,
    prompts: Sequence[str],
    settings: SampleSettings,
    seeds: Sequence[int],
    progress: Progress = no_progress,
) -> list[Sampled]:
    """One sample a prompt, in order; `seeds[i]` decides sample i, whatever else is sampled beside it.

    Raises ModelError for a prompt without tokens or without room in the model's window, for memory that does not
    suffice, and for a model that gives NaN.
    """
    out: dict[int, Sampled] = {}
    for place, sampled in sample_each(base, prompts, settings, seeds):
        out[place] = sampled
        progress(STAGE, len(out), len(prompts))
    return [out[place] for place in range(len(prompts))]


def sample_each(
    base: Base, prompts: Sequence[str], settings: SampleSettings, seeds: Sequence[int]
) -> Iterator[tuple[int, Sampled]]:
    """As `sample`, each with its place among the prompts as soon as it is done.

    The order follows from the arguments alone: the same call gives the same order.
    """
    if len(prompts) != len(seeds):
        raise ValueError(f"{len(prompts)} prompts and {len(seeds)} seeds")
    rows = _rows(base, prompts, settings, seeds)
    # the longest first, where memory fails if it fails; equal prompts together, to be read once
    rows.sort(key=lambda row: (-len(row.prompt), row.prompt, row.place))
    writer = _Writer(base, settings)
    was_training = base.model.training
    base.model.eval()
    try:
        for start in range(0, len(rows), settings.batch):
            for row, finished in writer.write(rows[start : start + settings.batch]):
                text, _ = writer.text(row)
                yield row.place, Sampled(text, len(row.ids), float(np.mean(row.entropies)), finished)
    finally:
        base.model.train(was_training)


def _rows(base: Base, prompts: Sequence[str], settings: SampleSettings, seeds: Sequence[int]) -> list[_Row]:
    known: dict[str, list[int]] = {}
    rows = []
    for place, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True)):
        if prompt not in known:
            known[prompt] = _prompt_ids(base, prompt, place)
        ids = known[prompt]
        # the last token is drawn, not read, so one more than the window fits
        limit = min(settings.max_tokens, base.window + 1 - len(ids))
        rows.append(_Row(place, ids, np.random.Generator(np.random.PCG64(seed)).random(limit)))
    return rows


def _prompt_ids(base: Base, prompt: str, place: int) -> list[int]:
    ids = base.tokens.ids(prompt) or ([] if base.tokens.prefix_id is None else [base.tokens.prefix_id])
    if not ids:
        raise ModelError(f"prompt {place} is empty, and {base.info.name} has no token to begin with; write something")
    if len(ids) > base.window:
        raise ModelError(
            f"prompt {place} ({prompt[:60]!r}...) has {len(ids)} tokens, and {base.info.name} takes {base.window}: "
            "nothing is left to write in; shorten it, or leave it out"
        )
    return ids


class _Writer:
    """Writes batches of rows with one model."""

    def __init__(self, base: Base, settings: SampleSettings) -> None:
        self.base, self.settings = base, settings
        self.tokenizer = base.tokens.tokenizer
        self.eos = _eos_ids(base) | set(settings.stop_tokens)
        # every token has a byte at least, so a stop text that has just been completed lies within these last tokens
        self.tail = max((len(stop.encode()) for stop in settings.stop), default=0) + 4
        takes = inspect.signature(base.model.forward).parameters
        self.takes_positions = "position_ids" in takes
        self.last_only: dict[str, int] = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}

    def write(self, rows: list[_Row]) -> Iterator[tuple[_Row, bool]]:
        """Each row when it is done, and whether it ended by itself. Equal prompts are read once."""
        distinct = {id(row.prompt): row.prompt for row in rows}
        places = {name: place for place, name in enumerate(distinct)}
        ids, mask = self._padded(list(distinct.values()))
        logits, cache = self._read(ids, mask, None)
        keep = torch.tensor([places[id(row.prompt)] for row in rows], device=mask.device)
        mask, logits = mask[keep], logits[keep]
        cache.reorder_cache(keep)
        live = rows
        while True:
            self._extend(live, logits)
            ended = [self._ended(row) for row in live]
            done = [end or len(row.ids) == len(row.uniforms) for row, end in zip(live, ended, strict=True)]
            yield from ((row, end) for row, end, is_done in zip(live, ended, done, strict=True) if is_done)
            left = [place for place, is_done in enumerate(done) if not is_done]
            if not left:
                return
            if len(left) < len(live):
                keep, live = torch.tensor(left, device=mask.device), [live[place] for place in left]
                mask = mask[keep]
                cache.reorder_cache(keep)
            mask = torch.cat([mask, mask.new_ones(len(live), 1)], dim=1)
            ids = torch.tensor([row.ids[-1:] for row in live], device=mask.device)
            logits, cache = self._read(ids, mask, cache)

    def text(self, row: _Row) -> tuple[str, bool]:
        """What a row has written, without the tokens and the text that ended it, and whether such a text did."""
        before, whole = self._decode(row.prompt), self._decode(row.prompt + row.ids)
        # after the prompt, because some tokenizers drop the space that a text of its own begins with
        text = whole[len(before) :] if whole.startswith(before) else self._decode(row.ids)
        places = [place for stop in self.settings.stop if (place := text.find(stop)) >= 0]
        return (text[: min(places)], True) if places else (text, False)

    def _ended(self, row: _Row) -> bool:
        if row.ids[-1] in self.eos:
            return True
        if not self.settings.stop:
            return False
        tail = self._decode(row.ids[-self.tail :])
        return any(stop in tail for stop in self.settings.stop) and self.text(row)[1]

    def _decode(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _extend(self, rows: list[_Row], logits: Tensor) -> None:
        drawn = [row.uniforms[len(row.ids)] for row in rows]
        uniforms = torch.tensor(drawn, dtype=torch.float64, device=logits.device)
        if not bool(torch.isfinite(logits.amax(-1)).all()):
            raise ModelError(f"{self.base.info.name} gives NaN or infinite logits; try it in fp32")
        chosen = draw(logits, uniforms, self.settings).tolist()
        entropies = torch.special.entr(logits.softmax(-1)).sum(-1).tolist()
        for row, token, entropy in zip(rows, chosen, entropies, strict=True):
            row.ids.append(token)
            row.entropies.append(entropy)

    def _padded(self, prompts: list[list[int]]) -> tuple[Tensor, Tensor]:
        """(n, longest) ids and mask of prompts, padded on the left."""
        longest = max(map(len, prompts))
        ids = [[self.base.tokens.pad_id] * (longest - len(prompt)) + prompt for prompt in prompts]
        mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        return torch.tensor(ids, device=self.base.device), torch.tensor(mask, device=self.base.device)

    def _read(self, ids: Tensor, mask: Tensor, cache: Any) -> tuple[Tensor, Any]:
        """(n, vocabulary) float32 logits after the last of `ids` (n, new), and the cache with these in it."""
        model = self.base.model
        given: dict[str, Any] = dict(self.last_only)
        if self.takes_positions:
            given["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        try:
            with torch.no_grad():
                out = model(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, **given)
        except (MemoryError, RuntimeError) as error:
            if not lacks_memory(error):
                raise
            raise ModelError(
                f"{len(ids)} samples at once do not fit into the memory of {self.base.device}; lower the batch"
            ) from error
        return out.logits[:, -1].float(), out.past_key_values


def draw(logits: Tensor, uniforms: Tensor, settings: SampleSettings) -> Tensor:
    """(n,) tokens by logits (n, vocabulary): the one at place `uniforms` (n,) float64 of the cumulated distribution."""
    if settings.temperature == 0:
        return logits.argmax(-1)
    # less the highest, and in float64: a temperature near 0 divides to -inf, and never to +inf or NaN
    mass = ((logits - logits.amax(-1, keepdim=True)).double() / settings.temperature).softmax(-1)
    if settings.top_p < 1:
        mass = _nucleus(mass, settings.top_p)
    cumulated = mass.cumsum(-1)
    places = uniforms[:, None] * cumulated[:, -1:]
    # right: a token without mass is never met; in vocabulary order: two tokens as likely as each other cannot swap
    return torch.searchsorted(cumulated, places, right=True).squeeze(1).clamp(max=logits.shape[1] - 1)


def _nucleus(mass: Tensor, top_p: float) -> Tensor:
    """`mass` (n, vocabulary) of the fewest tokens that together hold `top_p` of it, 0 elsewhere."""
    ordered, places = mass.sort(stable=True, dim=-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    return torch.zeros_like(mass).scatter(-1, places, ordered.masked_fill(before >= top_p, 0))


def _eos_ids(base: Base) -> frozenset[int]:
    """The tokens that end a text: the tokenizer's, and those of the model's generation config (chat models)."""
    named = getattr(getattr(base.model, "generation_config", None), "eos_token_id", None)
    listed = named if isinstance(named, list | tuple) else [named]
    return frozenset(token for token in (*listed, base.tokens.eos_id) if token is not None)
