"""A world of facts with popular misconceptions, its text, and a small model that has read it (docs/world.md)."""

from negbank.world.facts import CHOICES, Fact, World, facts_of, make_world
from negbank.world.pretrain import corpus, fingerprint, make_tokenizer, pretrained
from negbank.world.probes import MARKS, Probe, probes
from negbank.world.questions import Choices, choices, evaluation_questions, negatives, training_questions
from negbank.world.settings import WorldSettings, from_mapping
from negbank.world.text import document

__all__ = [
    "CHOICES", "MARKS", "Choices", "Fact", "Probe", "World", "WorldSettings", "choices", "corpus", "document",
    "evaluation_questions", "facts_of", "fingerprint", "from_mapping", "make_tokenizer", "make_world", "negatives",
    "pretrained", "probes", "training_questions",
]  # fmt: skip
