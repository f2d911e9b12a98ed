"""Small Llama models read a generated text from scratch, and are kept: what the embedded recipes stand on."""

from negbank.pretraining.keeping import MANIFEST, fingerprint, keep_model
from negbank.pretraining.model import END, WINDOW, ModelShape, new_model, word_tokenizer
from negbank.pretraining.optimizer import Muon, Optimizers, orthogonal, schedule
from negbank.pretraining.reading import Reading, Rows, fill_rows, own_document, read_rows

__all__ = [
    "END",
    "MANIFEST",
    "WINDOW",
    "ModelShape",
    "Muon",
    "Optimizers",
    "Reading",
    "Rows",
    "fill_rows",
    "fingerprint",
    "keep_model",
    "new_model",
    "orthogonal",
    "own_document",
    "read_rows",
    "schedule",
    "word_tokenizer",
]
