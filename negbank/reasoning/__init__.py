"""Reasoning chains as data: read from files, judged by their final answer, split, recomputed, and broken on purpose."""
