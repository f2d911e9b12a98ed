"""Settings -> two small models that have read about arithmetic: the base, and a teacher that has read on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from transformers import PreTrainedTokenizerFast

from negbank import pretraining
from negbank.causal.devices import decide_device
from negbank.chains.problems import generator, held_out
from negbank.chains.settings import ChainsSettings
from negbank.chains.text import document, vocabulary
from negbank.folders import cache_folder
from negbank.pretraining import MANIFEST, ModelShape, Reading
from negbank.records import Progress, no_progress

WRITE, READ, READ_ON = "write the chains' text", "pretrain on chains", "train the teacher"
_DECIDING: Final = ("pretrain.py", "problems.py", "settings.py", "text.py")


@dataclass(frozen=True)
class Models:
    """The folders of the model that is fine-tuned, and of the one that writes the chains for it."""

    base: Path
    teacher: Path


def pretrained(
    settings: ChainsSettings, device: str | None = None, cache: Path | None = None, progress: Progress = no_progress
) -> Models:
    """Both models of `settings`: from `cache`, else trained now; each folder appears whole or not at all.

    Raises ModelError for a device that is not here, TrainingError for a loss that is no number, StorageError for a full
    disk.
    """
    place = decide_device(device)
    code = [Path(__file__).parent / name for name in _DECIDING]
    folder = (cache or cache_folder()) / "chains" / pretraining.fingerprint(asdict(settings), place.type, code)
    found = Models(folder / "base", folder / "teacher")
    if all((path / MANIFEST).is_file() for path in (found.base, found.teacher)):
        return found
    tokenizer = make_tokenizer(settings)
    shape = ModelShape(settings.width, settings.inner_width, settings.layers, settings.attention_heads)
    model = pretraining.new_model(shape, len(tokenizer), settings.seed, place)
    for path, tokens, stage in (
        (found.base, settings.base_tokens, READ), (found.teacher, settings.teacher_tokens, READ_ON),
    ):  # fmt: skip
        loss_nats = _read(model, tokenizer, settings, tokens, stage, place, progress)
        pretraining.keep_model(path, model, tokenizer, {"settings": asdict(settings), "loss_nats": loss_nats})
    return found


def make_tokenizer(settings: ChainsSettings) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words and whole numbers that knows each one that can occur."""
    return pretraining.word_tokenizer(vocabulary(settings))


def _read(
    model: Any, tokenizer: PreTrainedTokenizerFast, settings: ChainsSettings, tokens: int, stage: str, place: Any,
    progress: Progress,
) -> float:  # fmt: skip
    reading = Reading(
        settings.steps_of(tokens), settings.rows, settings.row_tokens, settings.matrix_rate, settings.embedding_rate,
        "[chains]", stage,
    )  # fmt: skip
    draw = generator(settings, stage)
    reserved = frozenset(problem for problems in held_out(settings).values() for problem in problems)
    rows = pretraining.fill_rows(
        tokenizer,
        lambda share, count: [document(settings, reserved, draw) for _ in range(count)],
        reading,
        WRITE,
        progress,
    )
    return pretraining.read_rows(model, rows, reading, place, progress)
