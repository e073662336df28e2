"""The families of the rule book: the letters that codes begin with. Texts only, quick to import."""

from collections.abc import Mapping

FAMILIES: Mapping[str, str] = {
    "SPC": "Writing the spec",
    "PAR": "Choosing ranks and nodes",
    "DEP": "Choosing DeepEP's modes and sizes",
    "WAT": "Switching Waterfill on",
    "EXP": "Choosing an expert file and redundancy",
    "PDC": "Pairing prefill and decode",
    "MEM": "Fitting the GPU",
    "STO": "Naming volumes",
    "ENG": "Choosing the engine and its arguments",
    "KUB": "Placing pods and naming objects",
    "CLU": "Holding the spec against a live cluster",
    "NOD": "Asking the cluster's nodes",
}
"""What the user was doing, by how a code begins."""


def family(code: str) -> str:
    """Return the letters that a code begins with."""
    return code.rstrip("0123456789")
