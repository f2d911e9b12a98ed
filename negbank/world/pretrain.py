"""A world -> a folder with a tokenizer and a small Llama model that has read its text, made once and kept."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from negbank.errors import StorageError, TrainingError
from negbank.folders import cache_folder
from negbank.records import Progress, no_progress
from negbank.world.facts import World, generator, make_world
from negbank.world.optimizer import Optimizers, schedule
from negbank.world.settings import WorldSettings
from negbank.world.text import document, vocabulary

MANIFEST: Final = "negbank.json"
END: Final = "<end>"
WINDOW: Final = 512

WRITE, READ = "write the world's text", "pretrain on the world"
_SAMPLE: Final = 2000
_BLOCK: Final = 256
_TIED: Final = "lm_head.weight"
_DECIDING: Final = ("facts.py", "optimizer.py", "pretrain.py", "text.py", "words.py")
"""Modules of this room that decide the weights; questions for heads do not."""

Rows = npt.NDArray[np.int32]


def pretrained(
    settings: WorldSettings, device: str | None = None, cache: Path | None = None, progress: Progress = no_progress
) -> Path:
    """The folder of the model that read the world of `settings`: from `cache`, else trained now.

    A folder appears whole or not at all; what was interrupted begins anew. Threads are torch's; `device` is `cpu`,
    `cuda`, or the GPU where there is one. Raises TrainingError for a loss that is no number, StorageError for a full
    disk.
    """
    place = _device(device)
    folder = (cache or cache_folder()) / "world" / fingerprint(settings, place.type)
    if (folder / MANIFEST).is_file():
        return folder
    world = make_world(settings)
    tokenizer = make_tokenizer(world)
    rows = corpus(world, tokenizer, progress)
    model, loss_nats = _read(settings, len(tokenizer), rows, place, progress)
    try:
        return _keep(folder, model, tokenizer, {"settings": asdict(settings), "loss_nats": loss_nats})
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{folder} cannot be written: {error}; free space, or set "
                           "NEGBANK_CACHE to a folder on another disk") from error  # fmt: skip


def fingerprint(settings: WorldSettings, device: str) -> str:
    """16 hexadecimal digits over all that decides the weights: settings, this room's code, torch, kind of device."""
    digest = hashlib.sha256()
    digest.update(json.dumps([asdict(settings), device, metadata.version("torch")], sort_keys=True).encode())
    for name in _DECIDING:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:16]


def make_tokenizer(world: World) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words, trained on text of the world, that knows each word that can occur in it."""
    draw = generator(world.settings, "vocabulary")
    texts = [*vocabulary(world), *(document(world, 1.0, draw) for _ in range(_SAMPLE))]
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unknown>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(special_tokens=[END, "<unknown>"], show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    made: Any = PreTrainedTokenizerFast  # untyped
    return made(  # type: ignore[no-any-return]
        tokenizer_object=tokenizer, bos_token=END, eos_token=END, pad_token=END, unk_token="<unknown>",
        model_max_length=WINDOW,
    )  # fmt: skip


def corpus(world: World, tokenizer: PreTrainedTokenizerFast, progress: Progress = no_progress) -> Rows:
    """All that the model reads, in order: int32 (steps * rows, row_tokens), each row beginning with a document."""
    settings = world.settings
    needed, draw = settings.steps * settings.rows, generator(world.settings, "text")
    out = np.zeros((needed, settings.row_tokens), dtype=np.int32)
    done, row, end = 0, list[int](), 0  # END is the first word of the vocabulary
    while done < needed:
        texts = [document(world, done / needed, draw) for _ in range(_BLOCK)]
        for encoded in tokenizer.backend_tokenizer.encode_batch(texts):
            row += [*encoded.ids, end]
            if len(row) >= settings.row_tokens and done < needed:
                # a document that does not fit is cut: a row that began within one would be read without its begin
                out[done] = row[: settings.row_tokens]
                done, row = done + 1, []
        progress(WRITE, done, needed)
    return out


def _read(
    settings: WorldSettings, words: int, rows: Rows, device: torch.device, progress: Progress
) -> tuple[LlamaForCausalLM, float]:
    """The model after one pass over `rows`, and its mean loss over the last hundred steps."""
    torch_state = torch.random.get_rng_state()
    torch.manual_seed(settings.seed)
    model: Any = LlamaForCausalLM(_config(settings, words))
    model.to(device)
    torch.random.set_rng_state(torch_state)
    optimizers = Optimizers(model, settings.matrix_rate, settings.embedding_rate)
    batches, losses = torch.from_numpy(rows).view(settings.steps, settings.rows, -1), []
    for step, batch in enumerate(batches):
        ids = batch.to(device, torch.int64)
        hidden = model.model(ids, attention_mask=_own_document(ids)).last_hidden_state[:, :-1]
        loss = functional.cross_entropy(model.lm_head(hidden).flatten(0, 1), ids[:, 1:].flatten())
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizers.step(schedule(step, settings.steps))
        losses.append(loss.detach())
        if step % 25 == 0 or step + 1 == settings.steps:
            _check(float(losses[-1]), step, settings)
            progress(READ, step + 1, settings.steps)
    return model.eval(), float(torch.stack(losses[-100:]).mean())


def _own_document(ids: torch.Tensor) -> torch.Tensor:
    """Bool (rows, 1, tokens, tokens): each token sees those before it in its own document, END included.

    With other documents in sight the model must first learn to tell the towns of one row apart: of two seeds, one had
    learned no fact after twice the text.
    """
    ends = (ids == 0).long()
    documents = ends.cumsum(1) - ends
    before = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool, device=ids.device).tril()
    return ((documents[:, :, None] == documents[:, None, :]) & before)[:, None]


def _check(loss_nats: float, step: int, settings: WorldSettings) -> None:
    if not np.isfinite(loss_nats):
        raise TrainingError(
            f"pretraining on the world: the loss is {loss_nats} at step {step + 1}; lower matrix_rate "
            f"({settings.matrix_rate:g}) or embedding_rate ({settings.embedding_rate:g}) of [world]"
        )


def _config(settings: WorldSettings, words: int) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=words,
        hidden_size=settings.width,
        intermediate_size=settings.inner_width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.attention_heads,
        num_key_value_heads=settings.attention_heads,
        max_position_embeddings=WINDOW,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )


def _keep(folder: Path, model: Any, tokenizer: PreTrainedTokenizerFast, manifest: dict[str, Any]) -> Path:
    """`folder`, written under another name and renamed: another process may have been faster, with the same bytes."""
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


def _device(name: str | None) -> torch.device:
    if name is not None and name.startswith("cuda") and not torch.cuda.is_available():
        raise TrainingError("there is no GPU here to pretrain on; leave the device out, or ask for cpu")
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
