"""Where questions come from: benchmarks by name, files, and datasets of the Hub.

A benchmark is a row of the table in `named.py`; a file or a Hub dataset is understood by its columns.
"""

from negbank.sources.catalogue import SOURCES, Source, read_evaluation, read_source
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Columns
from negbank.sources.supported import TierSupport, refuse_unsupported, supported_tiers

__all__ = [
    "SOURCES", "Columns", "Source", "SourceOptions", "TierSupport", "read_evaluation", "read_source",
    "refuse_unsupported", "supported_tiers",
]  # fmt: skip
