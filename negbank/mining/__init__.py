"""One file a tier: questions (and vectors) -> candidates, in the miner's order of preference.

Miners give more candidates than are asked for, so that guards can refuse some; `take` then keeps the first.
"""

from negbank.mining import irrelevant, near_miss, unrelated
from negbank.mining.take import Quota, Taken, take

__all__ = ["Quota", "Taken", "irrelevant", "near_miss", "take", "unrelated"]
