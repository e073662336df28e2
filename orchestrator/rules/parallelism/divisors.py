"""Divisors of a number of ranks, for the advice that names the next valid size. No rule lives here."""

from math import isqrt


def divisors(number: int) -> list[int]:
    """Return all divisors of a positive number, smallest first."""
    small = [n for n in range(1, isqrt(number) + 1) if number % n == 0]
    return sorted({*small, *(number // n for n in small)})
