"""Conversations in cells: lists of `{"role", "content"}`, and whole talks in one text (`Human: ... Assistant: ...`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from negbank.sources.cells import own_text

ASSISTANT: Final = ("assistant", "gpt", "model", "bot")
_HUMAN_MARK: Final = "\n\nHuman:"
_ASSISTANT_MARK: Final = "\n\nAssistant:"


def is_messages(value: object) -> bool:
    """Whether a value is a conversation."""
    return isinstance(value, list) and bool(value) and all(
        isinstance(m, dict) and ("content" in m or "value" in m) and ("role" in m or "from" in m) for m in value
    )  # fmt: skip


def last_said(messages: Sequence[Mapping[str, Any]]) -> str:
    """What the assistant says last; blank where somebody else speaks last."""
    role, text = _message(messages[-1])
    return text if role in ASSISTANT else ""


def asked(messages: Sequence[Mapping[str, Any]]) -> str:
    """A conversation up to its answer as one text: the user's message by itself, or every message with its role."""
    said = [_message(message) for message in messages]
    if said and said[-1][0] in ASSISTANT:
        said = said[:-1]
    if len(said) == 1:
        return said[0][1]
    return "\n".join(f"{role.capitalize()}: {text}" for role, text in said)


def _message(message: Mapping[str, Any]) -> tuple[str, str]:
    role = message.get("role", message.get("from"))
    content = message.get("content", message.get("value"))
    if isinstance(content, list):  # parts of a message
        content = "\n".join(own_text(part.get("text")) for part in content if isinstance(part, dict))
    return str(role or "").lower(), own_text(content)


def is_transcript(value: object) -> bool:
    """Whether a text is a whole talk of human and assistant."""
    return isinstance(value, str) and value.lstrip().startswith("Human:") and _ASSISTANT_MARK in value


def split_transcript(text: str) -> tuple[str, str]:
    """What is asked and the last answer."""
    before, _, answer = f"\n\n{text.lstrip()}".rpartition(_ASSISTANT_MARK)
    before = before.strip()
    if before.count("Human:") == 1 and _ASSISTANT_MARK not in before:
        before = before.removeprefix(_HUMAN_MARK.strip()).strip()
    return before, answer.strip()
