"""Stands for SGLang's load config."""


class LoadConfig:
    """Says nothing."""
