"""Problems of several steps of arithmetic, and small models that have read about them (docs/chains.md)."""

from negbank.chains.pretrain import Models, make_tokenizer, pretrained
from negbank.chains.problems import Problem, draw_problem, held_out
from negbank.chains.settings import ChainsSettings, from_mapping
from negbank.chains.text import document

__all__ = [
    "ChainsSettings", "Models", "Problem", "document", "draw_problem", "from_mapping", "held_out",
    "make_tokenizer", "pretrained",
]  # fmt: skip
