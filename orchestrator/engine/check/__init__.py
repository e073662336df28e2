"""Asks a real SGLang release what it makes of a command line, on a machine without a GPU."""
