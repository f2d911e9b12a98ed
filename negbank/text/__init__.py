"""Reading what people write: numbers, quantities with units, dates. Pure and bounded in time; the lowest room.

`numbers` reads one number or finds those in running text, `units` reads quantities, `dates` reads dates.
"""
