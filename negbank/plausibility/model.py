"""How plausible a negative is, and which tier it belongs to, from vectors alone.

A multinomial logistic model (`coefficients.json`) reads cosines of question, answer and negative, and how close the
negative lies to its source: a `Background` of questions and right answers, never wrong choices, so that no
distractor is recognised by being found there. A row's own question and answer, and a background answer that is the
negative itself, are left out of every comparison. Text length is no feature.

Features of the "source" model are standardised by what the source gives for its questions paired with answers to
others. Plausibility then carries over to other sources and encoders; the border between irrelevant and unrelated
does so poorly (numbers: benchmarks/LOG.md), and `fit` draws it for data of one's own. Below `MIN_QUESTIONS` the
"pair" model reads three raw cosines, serves the encoder that it was fitted with, and hardly tells those two apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from negbank.errors import LabelError, UnknownNameError
from negbank.plausibility.background import SOURCE_FEATURES, Background, features
from negbank.records import TIERS, TextVectors

_Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PlausibilityModel:
    """Log-odds quadratic in the features: `intercept (3,)`, `linear (3, f)`, `quadratic (3, f, f)`, by TIERS.

    `about` says where the coefficients come from: data, encoder, command, metrics.
    """

    features: tuple[str, ...]
    intercept: npt.NDArray[np.float64]
    linear: npt.NDArray[np.float64]
    quadratic: npt.NDArray[np.float64]
    about: Mapping[str, Any] = field(default_factory=dict)

    def predict(self, values: npt.NDArray[np.floating[Any]]) -> _Probabilities:
        """The `(n, 3)` probabilities of TIERS for `(n, f)` features, for equal shares of the tiers.

        Raises LabelError for another number of columns and for NaN or infinity (with its row and feature).
        """
        if values.ndim != 2 or values.shape[1] != len(self.features):
            raise LabelError(
                f"the model reads {len(self.features)} features a row, not an array of shape {values.shape}"
            )
        if (bad := np.argwhere(~np.isfinite(values))).size:
            raise LabelError(f"row {bad[0][0]}: feature {self.features[bad[0][1]]} is not a finite number")
        x = values.astype(np.float64)
        logits = self.intercept + x @ self.linear.T
        logits += np.stack([((x @ q) * x).sum(1) for q in self.quadratic], axis=1)
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(odds / odds.sum(1, keepdims=True), dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """The model as plain data, read again by `from_json`."""
        arrays = {"intercept": self.intercept, "linear": self.linear, "quadratic": self.quadratic}
        named = {name: array.tolist() for name, array in arrays.items()}
        return {"tiers": list(TIERS), "features": list(self.features), **named, "about": dict(self.about)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PlausibilityModel:
        """The model that `to_json` wrote. Raises LabelError for other tiers, and missing or misshapen coefficients."""
        try:
            names = tuple(data["features"])
            found = tuple(data["tiers"])
            parts = [np.asarray(data[k], dtype=np.float64) for k in ("intercept", "linear", "quadratic")]
        except (KeyError, TypeError, ValueError) as error:
            raise LabelError(f"no plausibility model: {error!r} is missing or not numbers") from error
        if found != TIERS:
            raise LabelError(f"the model tells {', '.join(map(str, found))} apart, not {', '.join(TIERS)}")
        f = len(names)
        if [p.shape for p in parts] != [(3,), (3, f), (3, f, f)] or not all(np.isfinite(p).all() for p in parts):
            raise LabelError(f"the coefficients do not fit three tiers and {f} features")
        return cls(names, parts[0], parts[1], parts[2], dict(data.get("about", {})))

    @classmethod
    def load(cls, name: str = "source") -> PlausibilityModel:
        """The shipped model "source" or "pair". Raises UnknownNameError for another name."""
        text = resources.files("negbank.plausibility").joinpath("coefficients.json").read_text(encoding="utf-8")
        models = json.loads(text)["models"]
        if name not in models:
            raise UnknownNameError("plausibility model", name, models)
        return cls.from_json(models[name])


def label(
    rows: pl.DataFrame, vectors: TextVectors, background: Background, model: PlausibilityModel | None = None
) -> pl.DataFrame:
    """`rows` with `similarity`, `question_similarity`, `plausibility` (float32) and `predicted_tier` added or replaced.

    `model` is, where not given, the shipped one that suits the background. Plausibility is rounded to four decimals,
    since matrix products may differ in their last bits with the machine. Raises what `features` raises.
    """
    model = model or PlausibilityModel.load("source" if background.suffices else "pair")
    probabilities = model.predict(features(rows, vectors, background))
    questions, answers, negatives = (rows[c].to_list() for c in ("question", "answer", "negative"))
    tiers = [TIERS[i] for i in probabilities.argmax(1)]
    return rows.with_columns(
        pl.Series("similarity", vectors.cosine(negatives, answers), dtype=pl.Float32),
        pl.Series("question_similarity", vectors.cosine(negatives, questions), dtype=pl.Float32),
        pl.Series("plausibility", probabilities[:, 0].round(4), dtype=pl.Float32),
        pl.Series("predicted_tier", tiers, dtype=pl.String),
    )


def fit(
    values: npt.NDArray[np.floating[Any]],
    tiers: Sequence[str],
    names: Sequence[str] = SOURCE_FEATURES,
    strength: float = 2.0,
    about: Mapping[str, Any] | None = None,
) -> PlausibilityModel:
    """The model fitted to `(n, f)` features and their tiers, each tier weighing the same; `strength` is the L2 penalty.

    Deterministic: a convex problem, solved by Newton's method. Raises UnknownNameError for an unknown tier, LabelError
    where a tier has no row or the shapes do not fit.
    """
    from sklearn.linear_model import LogisticRegression  # predicting must not load it

    for tier in tiers:
        if tier not in TIERS:
            raise UnknownNameError("tier", tier, TIERS)
    if absent := [t for t in TIERS if t not in set(tiers)]:
        raise LabelError(f"nothing to fit: no row of tier {absent[0]}")
    if values.shape != (len(tiers), len(names)) or not np.isfinite(values).all():
        raise LabelError(
            f"features of shape {values.shape}, finite, do not fit {len(tiers)} tiers and {len(names)} names"
        )
    x = values.astype(np.float64)
    upper = np.triu_indices(len(names))
    terms = np.hstack([x, x[:, upper[0]] * x[:, upper[1]]])
    mean, spread = terms.mean(0), np.maximum(terms.std(0), 1e-9)
    solver = LogisticRegression(C=1 / strength, solver="newton-cholesky", class_weight="balanced", max_iter=200)
    solver.fit((terms - mean) / spread, [TIERS.index(t) for t in tiers])
    weights = solver.coef_ / spread
    quadratic = np.zeros((len(TIERS), len(names), len(names)))
    quadratic[:, upper[0], upper[1]] = weights[:, len(names) :]
    intercept = solver.intercept_ - weights @ mean
    intercept, linear, quadratic = (np.round(p, 6) for p in (intercept, weights[:, : len(names)], quadratic))
    return PlausibilityModel(tuple(names), intercept, linear, quadratic, dict(about or {}))
