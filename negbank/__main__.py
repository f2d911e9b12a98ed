"""`python -m negbank` is `negbank`."""

from negbank.cli import main

main()
