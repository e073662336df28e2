"""Stands for SGLang's model loader: finds one class, whatever is named."""

from typing import Any


class Miniature:
    """A model that fuses its shared experts."""

    def determine_num_fused_shared_experts(self) -> None:
        """Decide by the config, or by what only a built model has."""
        count = self.config.n_shared_experts
        if count == 2:
            raise ValueError("two shared experts are refused")
        self.num_fused_shared_experts = self.layers if count == 3 else count


def get_model_architecture(_: Any) -> Any:
    """Return the class and its name."""
    return Miniature, "Miniature"
