"""Base models, and how a question becomes tokens."""

from negbank.causal.base import Base, BaseInfo, load_base
from negbank.causal.text import QUESTION, context_of, continuation_of
from negbank.causal.tokens import Pair, Tokens

__all__ = ["QUESTION", "Base", "BaseInfo", "Pair", "Tokens", "context_of", "continuation_of", "load_base"]
