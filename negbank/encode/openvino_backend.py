"""The forward pass of a sentence-transformers model by OpenVINO (extra `openvino`): Intel processors, CPU only.

The torch modules are converted as they are, pooling and dense layers included, when the model is loaded
(a few seconds), and are compiled for one inference at a time in each stream.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np
import openvino
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor

from negbank.encode.torch_backend import Features, Forward, Layout, quiet, torch_forward
from negbank.errors import EncoderError
from negbank.records import FloatArray

_PROBES: Final = (("a short text",), ("two texts of", "any length, none of which the conversion was shown"))
_MIN_COSINE: Final = 0.999


class _Positional(torch.nn.Module):
    """The model as a function of tensors in a fixed order, which is what a conversion can trace."""

    def __init__(self, model: SentenceTransformer, names: tuple[str, ...], plain: dict[str, Any]) -> None:
        super().__init__()
        self.model, self.names, self.plain = model, names, plain

    def forward(self, *tensors: Tensor) -> Tensor:
        """The (b, d) vectors."""
        embedding: Tensor = self.model({**self.plain, **dict(zip(self.names, tensors, strict=True))})[
            "sentence_embedding"
        ]
        return embedding


def openvino_forward(model: SentenceTransformer, precision: str, layout: Layout) -> Forward:
    """`Forward` by OpenVINO. Raises EncoderError where the model cannot be converted, or converts wrongly."""
    example = model.preprocess(["an example", "and a longer example of a text"])
    names = tuple(sorted(name for name, value in example.items() if isinstance(value, Tensor)))
    plain = {name: value for name, value in example.items() if name not in names}
    try:
        with quiet(), torch.inference_mode():  # warnings are of traced shapes: what matters of them is checked below
            converted = openvino.convert_model(
                _Positional(model, names, plain).eval(), example_input=tuple(example[name] for name in names)
            )
        compiled = openvino.Core().compile_model(converted, "CPU", _settings(precision, layout))
    except Exception as error:
        raise EncoderError(f"OpenVINO cannot convert this encoder: {error}; use the torch backend") from error
    forward = _forward(compiled, names)
    _check(model, forward)
    return forward


def _settings(precision: str, layout: Layout) -> dict[str, Any]:
    return {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        "NUM_STREAMS": str(layout.streams),
        "INFERENCE_NUM_THREADS": str(layout.streams * layout.threads),
    }


def _forward(compiled: Any, names: tuple[str, ...]) -> Forward:
    """One inference request a thread: a request is not to be shared."""
    own = threading.local()

    def forward(features: Features) -> FloatArray:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        result = own.request.infer({position: features[name].numpy() for position, name in enumerate(names)})
        return np.array(result[0], dtype=np.float32)

    return forward


def _check(model: SentenceTransformer, forward: Forward) -> None:
    """Refuse a conversion that froze a shape it was traced with: its vectors must be torch's."""
    by_torch = torch_forward(model, "cpu", "fp32")
    for texts in _PROBES:
        features = model.preprocess(list(texts))
        ours, theirs = forward(dict(features)), by_torch(dict(features))
        cosines = (ours * theirs).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
        if not (cosines > _MIN_COSINE).all():
            raise EncoderError(
                f"OpenVINO converts this encoder wrongly (cosine {cosines.min():.4f} to torch's vectors); "
                "use the torch backend"
            )
