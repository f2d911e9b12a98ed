"""Products of unit rows: approximate ones with a proven margin, and one whose result is exact.

`Product.mask` says which pairs may reach a score, `exact_scores` what their scores are. The margin: with q', c'
for the rounded rows, q.c - q'.c' = (q - q').c + q'.(c - c'), so by Cauchy-Schwarz it is at most
|q - q'| |c| + |q'| |c - c'|. The differences are measured on the rows; the product's own rounding is added.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import torch
from torch import Tensor

from negbank.errors import VectorError

Method = Literal["auto", "int8", "float16", "float32"]

NORM_TOLERANCE: Final = 1e-3
"""How far a row's length may be from 1."""

_DENSE_SHARE: Final = 0.06  # from this share of pairs on, scoring all pairs is faster (measured)
_MASK_STEP: Final = 1e-4  # score of one unit of the int8 product's uint8 output
_INT8_DIMENSIONS: Final = 65536  # above, 255 * 127 * d leaves int32
_NORM_SLACK: Final = 1.01  # norms of differences are themselves computed in float32
_MATMUL_ROUNDING: Final = {"highest": 0.0, "high": 2.0**-9, "medium": 2.0**-7}
"""What `torch.set_float32_matmul_precision` may add to a float32 product: both inputs cut to TF32 or bfloat16."""


@dataclass(frozen=True)
class Part:
    """Rows as a product takes them: `rows`, the `scale` of their units, and the length of what rounding lost."""

    rows: Tensor
    scale: Tensor
    lost: Tensor


class Product(Protocol):
    """An approximate product of query rows and corpus rows."""

    def queries(self, rows: Tensor) -> Part:
        """`rows` (n, d) prepared; `lost` (n,)."""

    def corpus(self, rows: Tensor) -> Part:
        """`rows` (m, d) prepared; `lost` is one number, the greatest."""

    def mask(self, corpus: Part, queries: Part, floor: Tensor) -> Tensor:
        """(m, n) bool: True wherever the score may reach the query's `floor` (n,), and sometimes below it."""


def _margin(corpus: Part, queries: Part) -> Tensor:
    """The (n,) greatest difference between a score and the product of the rounded rows (module, step 2)."""
    longest = 1 + NORM_TOLERANCE
    return _NORM_SLACK * (queries.lost * longest + (longest + queries.lost) * corpus.lost) + 2.0**-20


class FloatProduct:
    """A product in float32, or in float16 with float32 sums, which tensor cores do at full speed."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype

    def queries(self, rows: Tensor) -> Part:
        """Rows in the product's type; a float has its own scale."""
        rounded = rows.to(self.dtype)
        return Part(rounded, rows.new_ones(()), (rows - rounded.float()).norm(dim=1))

    def corpus(self, rows: Tensor) -> Part:
        """As `queries`, with the greatest loss."""
        part = self.queries(rows)
        return Part(part.rows, part.scale, part.lost.max())

    def rounding(self, dimensions: int) -> float:
        """What sums in float32 (d * 2^-24, any order), and float16 results and partial sums, may be off by."""
        result = 2.0**-9 if self.dtype == torch.float16 else _MATMUL_ROUNDING[torch.get_float32_matmul_precision()]
        return 1.02 * dimensions * 2.0**-24 + result

    def mask(self, corpus: Part, queries: Part, floor: Tensor) -> Tensor:
        """The product, compared with the floor less everything that it may be off by."""
        bound = floor - _margin(corpus, queries) - self.rounding(corpus.rows.shape[1])
        return (corpus.rows @ queries.rows.T) >= bound


class Int8Product:
    """A product of 8-bit integers, exact in int32, whose uint8 output says only which scores reach a bound.

    Query rows have a scale each, corpus rows share one. oneDNN computes
    `clamp(round((sum * scales + bias) / step), 0, 255)` while the sums are still in registers.
    """

    def queries(self, rows: Tensor) -> Part:
        """Rows in oneDNN's packed order, as integers of -127 to 127."""
        scale = rows.abs().amax(dim=1, keepdim=True) / 127
        units = (rows / scale).round_()
        packed = torch.ops.onednn.qlinear_prepack(units.to(torch.int8), None)
        return Part(packed, scale[:, 0].contiguous(), (rows - units * scale).norm(dim=1))

    def corpus(self, rows: Tensor) -> Part:
        """Rows as integers of 1 to 255: 128 is zero, as the instruction takes one factor unsigned."""
        scale = rows.abs().max() / 127
        units = (rows / scale).round_()
        lost = (rows - units * scale).norm(dim=1).max()
        return Part((units + 128).to(torch.uint8), scale, lost)

    def mask(self, corpus: Part, queries: Part, floor: Tensor) -> Tensor:
        """The uint8 output, cut to 0 and 1."""
        bias = _margin(corpus, queries) + _MASK_STEP - floor  # a step above zero rounds to at least 1
        zero_points = torch.zeros(len(floor), dtype=torch.int64)
        scales = (float(corpus.scale), 128, queries.rows, queries.scale, zero_points)
        output: tuple[Any, ...] = (_MASK_STEP, 0, torch.uint8, "none", [], "")
        mask: Tensor = torch.ops.onednn.qlinear_pointwise(corpus.rows, *scales, bias, *output)
        return mask.clamp_(max=1).view(torch.bool)


def has_int8() -> bool:
    """Whether this CPU multiplies 8-bit integers in hardware, and torch has the product that uses it."""
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    flags = ("avx512_vnni", "avx_vnni", "amx_int8")  # without one, oneDNN's 16-bit sums may saturate
    return any(capabilities.get(flag) for flag in flags) and hasattr(torch.ops.onednn, "qlinear_pointwise")


def choose_product(method: Method, device: torch.device, dimensions: int) -> Product:
    """The product of that name, or the fastest that `device` has. Raises `VectorError` where it has none."""
    can_int8 = device.type == "cpu" and has_int8() and dimensions <= _INT8_DIMENSIONS
    if method == "auto":
        method = "float16" if device.type == "cuda" else "int8" if can_int8 else "float32"
    if method == "int8" and not can_int8:
        raise VectorError(
            f"method 'int8' needs a CPU with VNNI or AMX, and at most {_INT8_DIMENSIONS} "
            f"dimensions; here are device {device.type!r} and {dimensions}; use 'auto'"
        )
    if method == "int8":
        return Int8Product()
    return FloatProduct(torch.float16 if method == "float16" else torch.float32)


def exact_scores(corpus: Tensor, queries: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """float32 of the products `corpus[left] . queries[right]` (p,) of float64 rows; `left` ascends.

    A float64 sum depends on its order by less than d * 2^-50, which hardly ever changes its float32. Where it
    could, the sum is taken again in one fixed order: so a score depends on its two rows alone.
    """
    sums = _products(corpus, queries, left, right)
    slack = corpus.shape[1] * 2.0**-50
    scores = sums.float()
    unsure = ((sums - slack).float() != (sums + slack).float()).nonzero()[:, 0]
    for start in range(0, len(unsure), 8192):
        some = unsure[start : start + 8192]
        scores[some] = _sum_in_order(corpus[left[some]] * queries[right[some]]).float()
    return scores


def _sum_in_order(terms: Tensor) -> Tensor:
    """The sums (p,) of `terms` (p, d), adding the second half to the first until one column is left."""
    while terms.shape[1] > 1:
        half = (terms.shape[1] + 1) // 2
        rest = terms[:, half:]
        terms = terms[:, :half].clone()
        terms[:, : rest.shape[1]] += rest
    return terms[:, 0]


def _products(corpus: Tensor, queries: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """The products `corpus[left] . queries[right]` (p,) in float64, summed in any order; `left` ascends."""
    if len(left) > _DENSE_SHARE * len(corpus) * len(queries):
        return (corpus @ queries.T).view(-1)[left * len(queries) + right]
    if corpus.device.type == "cpu":
        return _sampled_products(corpus, queries, left, right)
    products = corpus.new_empty(len(left))
    for start in range(0, len(left), 2**17):
        some = slice(start, start + 2**17)
        products[some] = (corpus[left[some]] * queries[right[some]]).sum(dim=1)
    return products


def _sampled_products(corpus: Tensor, queries: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """As `_products`: a sparse pattern of pairs lets torch multiply rows where they lie, without gathering."""
    row_starts = torch.zeros(len(corpus) + 1, dtype=torch.int64)
    torch.cumsum(torch.bincount(left, minlength=len(corpus)), 0, out=row_starts[1:])
    zeros = torch.zeros(len(left), dtype=corpus.dtype)
    size = (len(corpus), len(queries))
    pattern = torch.sparse_csr_tensor(row_starts, right, zeros, size, check_invariants=False)
    products: Tensor = torch.sparse.sampled_addmm(pattern, corpus, queries.T, beta=0.0).values()
    return products


@functools.cache
def silence_sparse_warning() -> None:
    """Let torch say "sparse CSR is in beta", which it says once, where nobody hears it.

    To be called before threads start: a thread that changes the filters of warnings changes those of all.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        torch.zeros(1, 1).to_sparse_csr()
