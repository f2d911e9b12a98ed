"""Texts to token ids, split between context and continuation as lm-evaluation-harness splits them.

The harness's `HFLM` (0.4.13) encodes context and continuation together and cuts the ids at the length of the
context alone; trailing spaces of the context go to the continuation first, because most tokenizers join a space
with the word after it. Log-likelihoods are comparable with published ones only where this is done to the letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from negbank.errors import ModelError

Pair = tuple[list[int], list[int]]
"""Token ids of a context and of the continuation after it."""


class Tokens:
    """A model's tokenizer, used as the harness uses it.

    `bos_id` is None where it has no such token; `pad_id` can always be used, as padding is masked.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.bos_id: int | None = tokenizer.bos_token_id
        self.eos_id: int | None = tokenizer.eos_token_id
        known = (tokenizer.pad_token_id, self.eos_id, 0)
        self.pad_id: int = next(token for token in known if token is not None)
        prefix = self.prefix_id
        # the harness adds no BOS to a text that starts with the prefix token's own text
        self._prefix_text: str | None = None if prefix is None else str(tokenizer.decode(prefix))

    @property
    def prefix_id(self) -> int | None:
        """The token that stands for an empty context: BOS, else EOS, None where there is neither."""
        return self.bos_id if self.bos_id is not None else self.eos_id

    def ids(self, text: str) -> list[int]:
        """The ids of `text`, with BOS where the tokenizer adds it and the text does not begin with it."""
        return self._encode([text])[0]

    def pair(self, context: str, continuation: str) -> Pair:
        """The ids of a context and of its continuation: `pairs` of one."""
        return self.pairs([(context, continuation)])[0]

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Pair]:
        """The ids of each context and of its continuation; each distinct text is tokenized once, in one batch.

        An empty context becomes the prefix token. Raises ModelError for a continuation of no tokens, an empty
        context where the tokenizer has neither BOS nor EOS, and a text that is no Unicode.
        """
        moved = [_space_moved(context, continuation) for context, continuation in pairs]
        whole = self._encode_distinct([context + continuation for context, continuation in moved if context])
        contexts = self._encode_distinct([context for context, _ in moved if context])
        bare = self._encode_distinct([text for context, text in moved if not context], special=False)
        out = []
        for (context, continuation), given in zip(moved, pairs, strict=True):
            if context and contexts[context]:
                before, all_ids = contexts[context], whole[context + continuation]
                ids = (list(before), all_ids[len(before) :])
            else:
                ids = self._after_prefix(whole[context + continuation] if context else bare[continuation])
            if not ids[1]:
                raise ModelError(
                    f"the answer {given[1]!r} makes no token of its own after ...{given[0][-40:]!r}; leave it out"
                )
            out.append(ids)
        return out

    def _after_prefix(self, continuation: list[int]) -> Pair:
        """A continuation with nothing before it but the prefix token, which is not put there twice."""
        if self.prefix_id is None:
            raise ModelError(
                "an empty context needs a BOS or EOS token, and this tokenizer has neither; "
                "put a question before every answer"
            )
        if continuation[:1] == [self.prefix_id]:
            return continuation[:1], continuation[1:]
        return [self.prefix_id], continuation

    def _encode_distinct(self, texts: Sequence[str], special: bool | None = None) -> dict[str, list[int]]:
        distinct = list(dict.fromkeys(texts))
        return dict(zip(distinct, self._encode(distinct, special), strict=True))

    def _encode(self, texts: list[str], special: bool | None = None) -> list[list[int]]:
        """The ids of `texts`; `special` None adds what the tokenizer adds, but no second prefix token."""
        out: list[list[int]] = [[] for _ in texts]
        prefix = self._prefix_text
        begun = [special is None and prefix is not None and text.startswith(prefix) for text in texts]
        for without in (False, True):
            rows = [row for row, is_begun in enumerate(begun) if is_begun == without]
            some = self._tokenized([texts[row] for row in rows], special is not False and not without)
            for row, ids in zip(rows, some, strict=True):
                out[row] = ids
        return out

    def _tokenized(self, texts: list[str], special: bool) -> list[list[int]]:
        if not texts:
            return []
        try:
            # verbose=False: a text longer than the window is the caller's to judge, not the tokenizer's to warn of
            encoded = self.tokenizer(texts, add_special_tokens=special, return_attention_mask=False, verbose=False)
        except (TypeError, ValueError, UnicodeError) as error:
            raise ModelError(f"the tokenizer does not take {texts[0][:80]!r} or a text after it: {error}") from error
        return [list(ids) for ids in encoded["input_ids"]]


def _space_moved(context: str, continuation: str) -> tuple[str, str]:
    """Context and continuation, with the context's trailing white space moved to the continuation."""
    stripped = context.rstrip()
    return stripped, context[len(stripped) :] + continuation
