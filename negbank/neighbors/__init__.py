"""Unit vectors -> the k nearest of each, exact, in blocks; see `search`."""

from negbank.neighbors.search import Neighbors, Plan, nearest

__all__ = ["Neighbors", "Plan", "nearest"]
