"""Texts -> unit vectors, each text once, kept by the content of text and weights; see `encoder`."""

from negbank.encode.encoder import (
    Encoder,
    SentenceEncoder,
    embed,
    find_model,
    hash_weights,
    load_encoder,
)
from negbank.encode.vector_cache import VectorCache

__all__ = ["Encoder", "SentenceEncoder", "VectorCache", "embed", "find_model", "hash_weights", "load_encoder"]
