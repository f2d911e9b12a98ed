"""A judge that runs here: a cross-encoder or an NLI model, found and understood without loading torch.

Both sides are shown with the question before them, "What is the capital of Australia? Canberra" against "What is the
capital of Australia? It is Canberra.", since a bare "nine" says nothing that could be entailed.

- One label: a score of whether two texts say the same (STS, duplicate questions). The probability is its sigmoid. A
  reranker or a QNLI model has one label too, but scores whether a text is about the question, which every near-miss is:
  don't use one.
- An NLI model: both directions are asked, and the probability is the lower one of the two entailments, as in "Semantic
  Uncertainty" (arXiv 2302.09664). One direction isn't enough: "in May 1990" entails "in 1990" and may be wrong,
  "a city" is entailed by "Canberra" and is no answer. Both must hold, and the less likely one bounds that.
- Two labels, one of them `duplicate`, `paraphrase` or `equivalent`: the probability of that one.

A context isn't shown: it would fill the few hundred tokens that such a model reads. Give a server for questions that
can't be understood without their passage.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from negbank.encode import find_model, hash_weights
from negbank.encode.devices import decide
from negbank.errors import EncoderError, JudgeError
from negbank.folders import expanded
from negbank.judging.records import Ask, Item, JudgeSettings

ONE_SCORE: Final = "score"
ENTAILMENT: Final = "nli"
SAME: Final = "same"

_HUB_OWNER: Final = "cross-encoder"
_OFFLINE: Final = "without the Hub, give a model's folder or the URL of a server"
_HEAD: Final = "ForSequenceClassification"
_LABELS: Final = {
    **dict.fromkeys(("entailment", "entails", "entailed", "entail"), ENTAILMENT),
    **dict.fromkeys(("duplicate", "is_duplicate", "paraphrase", "is_paraphrase", "equivalent", "same"), SAME),
}


@dataclass(frozen=True)
class Reading:
    """How a probability is read from a model's `labels` outputs: `kind`, and which label means yes."""

    kind: str
    label: int
    labels: int


@dataclass(frozen=True)
class LocalJudge:
    """A model in a folder, loaded when the first pair is judged."""

    name: str
    folder: Path
    weights_hash: str
    reading: Reading
    settings: JudgeSettings
    device: str

    @functools.cached_property
    def fingerprint(self) -> str:
        """Weights, how they are read and the kind of device, as two CUDA devices are taken to agree."""
        kind = self.device.partition(":")[0]
        parts = ("negbank-judge-1", self.weights_hash, self.reading.kind, str(self.reading.label), kind, "fp32")
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def facts(self) -> dict[str, Any]:
        """The model's weights, and how its output is read."""
        return {
            "kind": self.reading.kind,
            "weights_hash": self.weights_hash,
            "fingerprint": self.fingerprint,
        }

    def asks(self, item: Item) -> tuple[tuple[Ask, ...], ...]:
        """For each right answer the pair, or the pair in both directions."""
        candidate = f"{item.question} {item.candidate}"
        pairs = [(f"{item.question} {answer}", candidate) for answer in item.answers]
        if self.reading.kind == ENTAILMENT:
            return tuple(((left, right), (right, left)) for left, right in pairs)
        return tuple((pair,) for pair in pairs)

    def stream(self, asks: Sequence[Ask]) -> Generator[tuple[int, float | str]]:
        """See `Judge.stream`: batches of one token length, longest first."""
        from negbank.judging.cross_encoder import stream

        return stream(asks, self._model, self.reading, self.device)

    @functools.cached_property
    def _model(self) -> Any:  # its type is torch's, which is not loaded here
        from negbank.judging.cross_encoder import load_model

        return load_model(self.folder, self.device, self.reading)


def load_local(name: str, settings: JudgeSettings) -> LocalJudge:
    """The judge in a folder or on the Hub; a bare name is that of a model of `cross-encoder`.

    Raises JudgeError where there is none, where it holds no safetensors, or where its labels can't be understood.
    """
    try:
        device = decide(settings.device, "torch", "fp32").device
        folder = find_model(name, _HUB_OWNER, _OFFLINE)
    except EncoderError as error:
        raise JudgeError(f"the judge {name}: {error}") from error
    if expanded(name).is_dir():
        name = folder.resolve().name  # a version is shared: it records no path of this machine
    return LocalJudge(name, folder, hash_weights(folder), read_config(folder), settings, device)


def read_config(folder: Path) -> Reading:
    """How the model in `folder` is read. Raises JudgeError where it has no head that can judge.

    A model without such a head would be given a random one by its loader, with no error.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        heads = [str(name) for name in config.get("architectures") or ()]
        names = {int(key): str(name) for key, name in (config.get("id2label") or {}).items()}
        labels = int(config.get("num_labels") or len(names) or 2)  # transformers writes neither where there are two
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise JudgeError(f"{path} can't be read as a model's configuration: {error}") from error
    if not any(name.endswith(_HEAD) for name in heads):
        found = ", ".join(heads) or "none"
        raise JudgeError(
            f"{folder} is no cross-encoder: its architecture is {found}, not one that ends in {_HEAD}. Give an NLI "
            "model or a cross-encoder trained on sentence similarity, or serve a chat model and give its URL"
        )
    return reading_of(names, labels, path)


def reading_of(names: dict[int, str], labels: int, path: Path) -> Reading:
    """How outputs called `names` are read. Raises JudgeError where no name says which of them means yes."""
    if labels == 1:
        return Reading(ONE_SCORE, 0, 1)
    kinds = {index: _LABELS[plain] for index, name in names.items() if (plain := _plain(name)) in _LABELS}
    if len(kinds) != 1:
        listed = ", ".join(names.get(index, f"LABEL_{index}") for index in range(labels))
        problem = "none" if not kinds else "more than one"
        raise JudgeError(
            f"{path}: of the labels {listed}, {problem} says which means yes; write the names that the model's page "
            'gives into id2label, such as {"0": "contradiction", "1": "entailment", "2": "neutral"}'
        )
    ((index, kind),) = kinds.items()
    if not 0 <= index < labels:
        raise JudgeError(f"{path}: the label {names[index]} has index {index}, and there are {labels} labels")
    return Reading(kind, index, labels)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
