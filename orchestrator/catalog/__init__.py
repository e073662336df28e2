"""Outside truths kept as data: model shapes, GPUs, fabrics and what an engine release reserves.

Each table has its rows beside its reader; nothing here decides what a cluster should look like.
"""
