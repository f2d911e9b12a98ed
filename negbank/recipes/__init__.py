"""How a dataset is proved: what is trained on what, and how it is evaluated. Data in TOML, never code."""

from negbank.recipes.reading import RECIPE_SUFFIX, as_record, load_recipe, recipe_from_record, recipe_names, recipe_text
from negbank.recipes.settings import (
    BaseChoice,
    DataSettings,
    EvaluationSettings,
    GlowReference,
    GlowTable,
    HeadSettings,
    LikraSettings,
    Recipe,
    Reference,
    TrainingSettings,
)
from negbank.recipes.weights import parse_weights

__all__ = [
    "RECIPE_SUFFIX", "BaseChoice", "DataSettings", "EvaluationSettings", "GlowReference",
    "GlowTable", "HeadSettings", "LikraSettings", "Recipe",
    "Reference", "TrainingSettings", "as_record", "load_recipe", "parse_weights", "recipe_from_record", "recipe_names",
    "recipe_text",
]  # fmt: skip
