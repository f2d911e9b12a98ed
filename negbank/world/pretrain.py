"""A world -> a folder with a tokenizer and a small Llama model that has read its text, made once and kept."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Final

from transformers import PreTrainedTokenizerFast

from negbank import pretraining
from negbank.causal.devices import decide_device
from negbank.folders import cache_folder
from negbank.pretraining import MANIFEST, ModelShape, Reading, Rows
from negbank.records import Progress, no_progress
from negbank.world.facts import World, generator, make_world
from negbank.world.settings import WorldSettings
from negbank.world.text import document, vocabulary

WRITE, READ = "write the world's text", "pretrain on the world"
_SAMPLE: Final = 2000
_DECIDING: Final = ("facts.py", "pretrain.py", "text.py", "words.py")
"""Modules of this room that decide the weights; questions for heads do not."""


def pretrained(
    settings: WorldSettings, device: str | None = None, cache: Path | None = None, progress: Progress = no_progress
) -> Path:
    """The folder of the model that read the world of `settings`: from `cache`, else trained now.

    A folder appears whole or not at all; what was interrupted begins anew. Threads are torch's; `device` is `cpu`,
    `cuda`, or the GPU where there is one. Raises ModelError for a device that is not here, TrainingError for a loss
    that is no number, StorageError for a full disk.
    """
    place = decide_device(device)
    folder = (cache or cache_folder()) / "world" / fingerprint(settings, place.type)
    if (folder / MANIFEST).is_file():
        return folder
    world = make_world(settings)
    tokenizer = make_tokenizer(world)
    rows = corpus(world, tokenizer, progress)
    shape = ModelShape(settings.width, settings.inner_width, settings.layers, settings.attention_heads)
    model = pretraining.new_model(shape, len(tokenizer), settings.seed, place)
    loss_nats = pretraining.read_rows(model, rows, _reading(settings), place, progress)
    return pretraining.keep_model(folder, model, tokenizer, {"settings": asdict(settings), "loss_nats": loss_nats})


def fingerprint(settings: WorldSettings, device: str) -> str:
    """16 hexadecimal digits over all that decides the weights: settings, code, torch, kind of device."""
    return pretraining.fingerprint(asdict(settings), device, [Path(__file__).parent / name for name in _DECIDING])


def make_tokenizer(world: World) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words, trained on text of the world, that knows each word that can occur in it."""
    draw = generator(world.settings, "vocabulary")
    return pretraining.word_tokenizer([*vocabulary(world), *(document(world, 1.0, draw) for _ in range(_SAMPLE))])


def corpus(world: World, tokenizer: PreTrainedTokenizerFast, progress: Progress = no_progress) -> Rows:
    """All that the model reads, in order: int32 (steps * rows, row_tokens), each row beginning with a document."""
    draw = generator(world.settings, "text")
    return pretraining.fill_rows(
        tokenizer, lambda share, count: [document(world, share, draw) for _ in range(count)],
        _reading(world.settings), WRITE, progress,
    )  # fmt: skip


def _reading(settings: WorldSettings) -> Reading:
    return Reading(
        settings.steps, settings.rows, settings.row_tokens, settings.matrix_rate, settings.embedding_rate,
        "[world]", READ,
    )  # fmt: skip
