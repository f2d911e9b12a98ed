from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.registry import keys


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.binary(min_size=20, max_size=20), max_size=30), max_size=8), st.integers(1, 40))
def test_keys_come_in_the_order_of_their_bytes(blocks: list[list[bytes]], held: int) -> None:
    """Whether they fit in memory or not; those with the same first 16 bytes stay in the order in which they came."""
    arrays = [np.frombuffer(b"".join(block), dtype=np.uint8).reshape(-1, 20) for block in blocks]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "HELD", held)
        found = [row.tobytes() for some in keys.in_order(arrays, Path(folder) / "keys") for row in some]
        assert not (Path(folder) / "keys").exists()
    assert found == sorted((key for block in blocks for key in block), key=lambda key: key[:16])
