"""Tasks of lm-evaluation-harness on local files: its own ARC-Challenge, reading what a test wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl


def local_config(folder: Path, splits: Mapping[str, pl.DataFrame], **changes: Any) -> dict[str, Any]:
    """The harness's configuration of ARC-Challenge, with `splits` written to `folder` in the place of the Hub's."""
    import lm_eval.tasks
    import yaml

    arc = Path(lm_eval.tasks.__file__).parent / "arc"
    config = {key: yaml.safe_load((arc / f"{key}.yaml").read_text()) for key in ("arc_easy", "arc_challenge")}
    files = {}
    for name, frame in splits.items():
        frame.write_parquet(folder / f"{name}.parquet")
        files[name] = str(folder / f"{name}.parquet")
    wanted = {"training_split": "train", "test_split": "test", "validation_split": None}
    own = {"dataset_path": "parquet", "dataset_name": None, "dataset_kwargs": {"data_files": files}}
    merged = {**config["arc_easy"], **config["arc_challenge"], **wanted, **own, **changes}
    return {key: value for key, value in merged.items() if key != "include"}


def local_task(folder: Path, splits: Mapping[str, pl.DataFrame], **changes: Any) -> Any:
    """That configuration as a task."""
    from lm_eval.api.task import ConfigurableTask

    return ConfigurableTask(config=local_config(folder, splits, **changes))
