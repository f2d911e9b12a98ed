"""Chains written by a model that is loaded here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from negbank.causal import Base
from negbank.errors import GenerationError
from negbank.generation.records import (
    CHAT,
    PLACE,
    PLAIN,
    PLAIN_STOPS,
    Asked,
    GenerateSettings,
    Written,
    prompt_facts,
    prompt_of,
)  # fmt: skip
from negbank.sampling import SampleSettings, sample_each

BATCH: Final = 32
_FIXED_DATE: Final = "26 Jul 2024"
"""What Llama's own template says where it knows no clock: a prompt must be the same tomorrow."""


class LocalSampler:
    """Chains by `base`: asked through its chat template where it has one, else in plain text.

    Batches are the same in every run, whatever is done already: a chain's last bits depend on its company, and at
    bf16 a token may. So a run that goes on writes what the first would have written, and at most one batch twice.
    """

    def __init__(self, base: Base, settings: GenerateSettings, batch: int = BATCH) -> None:
        tokenizer = base.tokens.tokenizer
        chat = settings.prompt is None and bool(getattr(tokenizer, "chat_template", None))
        self.base = base
        self.template = _rendered(tokenizer, base.info.name) if chat else settings.prompt or PLAIN
        stops, tokens = ((), _turn_end(tokenizer)) if chat else (PLAIN_STOPS, ())
        self.settings = SampleSettings(settings.temperature, settings.top_p, settings.max_tokens, batch, stops, tokens)

    @property
    def model(self) -> str:
        """The model's name, as it was asked for."""
        return self.base.info.name

    def provenance(self) -> dict[str, Any]:
        """Model, weights, and all that decides a draw."""
        info, settings = self.base.info, self.settings
        return {
            "model": info.name,
            "revision": info.revision,
            "weights": info.weights,
            "precision": str(self.base.dtype).removeprefix("torch."),
            "device": self.base.device.type,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "max_tokens": settings.max_tokens,
            "stop": [*settings.stop, *settings.stop_tokens],
            "batch": settings.batch,
            **prompt_facts(self.template),
        }

    def write(self, asked: Sequence[Asked], done: Collection[int]) -> Iterator[tuple[int, Written | None]]:
        """Each chain with its place as soon as it is written, but those at the places `done`.

        None is one whose prompt does not fit into the model's window.
        """
        prompts = {each.question: prompt_of(self.template, each.question) for each in asked}
        lengths = {question: len(self.base.tokens.ids(prompt)) for question, prompt in prompts.items()}
        fits = [lengths[each.question] <= self.base.window for each in asked]
        yield from ((place, None) for place, is_fitting in enumerate(fits) if not is_fitting)
        places = (place for place, is_fitting in enumerate(fits) if is_fitting)
        order = sorted(places, key=lambda place: (lengths[asked[place].question], place))
        for start in range(0, len(order), self.settings.batch):
            batch = order[start : start + self.settings.batch]
            if all(place in done for place in batch):
                continue
            seeds = [asked[place].seed for place in batch]
            for within, found in sample_each(
                self.base, [prompts[asked[place].question] for place in batch], self.settings, seeds
            ):
                if batch[within] not in done:
                    yield batch[within], Written(found.text.strip(), found.tokens, found.finished)


def _rendered(tokenizer: Any, name: str) -> str:
    """The chat template around the words that ask, with the place of the question still open."""
    try:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": CHAT}], tokenize=False, add_generation_prompt=True, date_string=_FIXED_DATE
        )
    except Exception as error:
        raise GenerationError(f"the chat template of {name} cannot be rendered: {error}; give a prompt") from error
    if not isinstance(text, str) or text.count(PLACE) != 1:
        raise GenerationError(f"the chat template of {name} loses the question; give a prompt of your own")
    return text


def _turn_end(tokenizer: Any) -> tuple[int, ...]:
    """The special token that the chat template puts after what an assistant said: base models that have a template
    often name another token as their end, and would write the user's next turn as well."""
    said = "said"
    turns = [{"role": "user", "content": "asked"}, {"role": "assistant", "content": said}]
    try:
        after = str(tokenizer.apply_chat_template(turns, tokenize=False, date_string=_FIXED_DATE)).rpartition(said)[2]
    except Exception:  # a template that takes no assistant's turn still asks
        return ()
    ids = tokenizer(after.strip(), add_special_tokens=False)["input_ids"]
    return tuple(token for token in ids[:1] if token in tokenizer.all_special_ids)
