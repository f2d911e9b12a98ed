from __future__ import annotations

import numpy as np
import pytest

from negbank.guards.false_negatives import CALLED_WRONG, DRAWN, estimate


def test_each_row_counts_with_the_share_of_its_band() -> None:
    similarity = np.array([0.1, 0.4, 0.45, 0.6, 0.99], dtype=np.float32)
    called_wrong = np.array([False, False, False, False, True])
    found = estimate(similarity, called_wrong, 0.65)  # bands end at .39 and .52
    assert found
    assert found.share == pytest.approx((1 / 100 + 2 * 2 / 36 + 3 / 24 + 4 / 122) / 5, abs=1e-5)
    assert 0 < found.low < found.share < found.high < 1


def test_wilson_bounds_by_hand() -> None:
    """4 of 122: centre (4 + 1.9208) / 125.8416 = .04705, half .03414."""
    found = estimate(np.zeros(3, dtype=np.float32), np.ones(3, dtype=bool), 0.7)
    assert found and (found.low, found.high) == (pytest.approx(0.01283, abs=2e-4), pytest.approx(0.0812, abs=2e-4))


def test_no_rows_no_estimate() -> None:
    assert estimate(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=bool), 0.7) is None


def test_what_was_read_adds_up() -> None:
    assert sum(band.read for band in (*DRAWN, CALLED_WRONG)) == 282
