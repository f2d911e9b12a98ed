"""The card of a head: what it is, and that a negative one must not be taken for a model that answers."""

from __future__ import annotations

from typing import Final

from negbank.causal import BaseInfo

NEGATIVE: Final = "negative"
"""How the name of every head that is trained on wrong answers begins."""

_WARNING: Final = """\
> **This head is trained to be wrong.** It was trained on wrong answers, so that it gives them a high probability. It
> is one half of a ratio and no model to ask: used alone it misinforms. Do not merge it into a model that people use.

It scores answers together with a positive head, or with the base model: `log p+ - w log p-` (Likra, arXiv
2503.14391), where an answer that this head finds likely loses."""

_POSITIVE: Final = """\
It was trained on right answers. Alone it is a plain fine-tuned model; together with a negative head it ranks answers
by `log p+ - w log p-` (Likra, arXiv 2503.14391)."""


def head_card(name: str, base: BaseInfo, examples: int) -> str:
    """The README.md of a head's folder, with the metadata that the Hub reads."""
    negative = name.startswith(NEGATIVE)
    revision = f" at revision {base.revision}" if base.revision else ""
    tags = ["lora", "likra", "negbank", *(["trained-to-be-wrong"] if negative else [])]
    listed = "\n".join(f"- {tag}" for tag in tags)
    return f"""---
library_name: peft
base_model: {_quoted(base.name)}
tags:
{listed}
---

# {"Negative head" if negative else "Head"} `{name}`

A LoRA adapter for {base.name}{revision}, after {examples:,} examples.

{_WARNING if negative else _POSITIVE}

- Base: {base.architecture}, {base.parameters:,} parameters, weights with the SHA-256 `{base.weights}`. negbank
  refuses to put this head on any other.
- Loss: on the answer's tokens alone.
"""


def _quoted(text: str) -> str:
    """A YAML string that means `text`, whatever is in it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
