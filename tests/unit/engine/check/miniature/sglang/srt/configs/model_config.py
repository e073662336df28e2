"""Stands for SGLang's model config."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class ModelConfig:
    """Holds what config.json says."""

    def __init__(self, args: Any) -> None:
        known = {"architectures": ["Miniature"], "n_shared_experts": 1, "num_experts_per_tok": 2}
        told = json.loads(Path(args.model_path, "config.json").read_text())
        self.hf_config = SimpleNamespace(**{**known, **told})

    @classmethod
    def from_server_args(cls, args: Any) -> Any:
        """Read the config of the model that `args` name."""
        return cls(args)
