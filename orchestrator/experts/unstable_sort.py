"""The order in which torch's sort on a CPU leaves equal numbers: that of libstdc++'s `std::sort`.

`Tensor.sort` without `stable=True` calls it (aten/src/ATen/native/cpu/SortingKernel.cpp), and it
keeps equal numbers in no simple order. Seen alike in the x86-64 wheels of torch 2.11.0, 2.13.0 and
2.14.1, for every ATEN_CPU_CAPABILITY. What is sorted, and why, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence

_Item = tuple[float, int]

_SMALL = 16
"""Ranges up to this size are left to the last pass (`_S_threshold` of bits/stl_algo.h)."""


def descending(numbers: Sequence[float]) -> list[int]:
    """Return the indices of `numbers` from the largest to the smallest, equal ones as torch does.

    Equals `torch.tensor(numbers).sort(descending=True).indices`; numbers are never NaN.
    """
    items = [(number, index) for index, number in enumerate(numbers)]
    _introsort(items, 0, len(items), 2 * (len(items).bit_length() - 1))
    # The last pass is an insertion sort, which is stable, and so is Python's.
    items.sort(key=_number, reverse=True)
    return [index for _, index in items]


def _number(item: _Item) -> float:
    return item[0]


def _introsort(items: list[_Item], first: int, last: int, depth: int) -> None:
    """Quicksort `items[first:last]` down to small ranges (`__introsort_loop`)."""
    while last - first > _SMALL:
        if not depth:
            items[first:last] = _heap_sorted(items[first:last])
            return
        depth -= 1
        cut = _partition(items, first, last)
        _introsort(items, cut, last, depth)
        last = cut


def _partition(items: list[_Item], first: int, last: int) -> int:
    """Return where the second part begins, after parting by a median of three.

    The pivot waits at `first`, and equal numbers change sides: this is what shuffles them
    (`__move_median_to_first`, `__unguarded_partition`).
    """
    three = (first + 1, first + (last - first) // 2, last - 1)
    middle = _median(items, *three)
    items[first], items[middle] = items[middle], items[first]
    pivot = items[first][0]
    left, right = first + 1, last
    while True:
        while items[left][0] > pivot:
            left += 1
        right -= 1
        while pivot > items[right][0]:
            right -= 1
        if left >= right:
            return left
        items[left], items[right] = items[right], items[left]
        left += 1


def _median(items: list[_Item], a: int, b: int, c: int) -> int:
    """Return the place that holds the median; among equals the one that `std::sort` takes."""
    first, second, third = items[a][0], items[b][0], items[c][0]
    if first > second:
        if second > third:
            return b
        return c if first > third else a
    if first > third:
        return a
    return c if second > third else b


def _heap_sorted(items: list[_Item]) -> list[_Item]:
    """Return `items` in the order of `std::partial_sort`, which ends a quicksort gone too deep."""
    heap = list(items)
    for parent in range((len(heap) - 2) // 2, -1, -1):
        _settle(heap, parent, len(heap), heap[parent])
    for last in range(len(heap) - 1, 0, -1):
        item, heap[last] = heap[last], heap[0]
        _settle(heap, 0, last, item)
    return heap


def _settle(heap: list[_Item], top: int, size: int, item: _Item) -> None:
    """Put `item` below `top`: down along the better children, then up (`__adjust_heap`)."""
    hole = top
    while (child := 2 * hole + 2) < size:
        if heap[child][0] > heap[child - 1][0]:
            child -= 1
        heap[hole] = heap[child]
        hole = child
    if child == size:
        heap[hole] = heap[child - 1]
        hole = child - 1
    while hole > top and heap[parent := (hole - 1) // 2][0] > item[0]:
        heap[hole] = heap[parent]
        hole = parent
    heap[hole] = item
