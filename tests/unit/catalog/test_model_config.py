"""Model shapes: what a DeepSeek-V4 config.json says, and that anything else is refused by its key."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.catalog.model_config import (
    ModelConfigError,
    ModelShape,
    config_path,
    parse_model_config,
    published,
)


def flash() -> dict[str, Any]:
    """Return the published Flash config as parsed JSON."""
    data: dict[str, Any] = json.loads(config_path("flash").read_text(encoding="utf-8"))
    return data


def test_flash_is_the_published_model() -> None:
    """Flash has 43 layers, 256 experts and 2 plain, 21 C4 and 20 C128 layers."""
    shape = published("flash")
    assert (43, 1, 3) == (shape.layers, shape.nextn_layers, shape.hash_layers)
    assert (2, 21, 20) == (shape.plain_layers, shape.c4_layers, shape.c128_layers)
    assert (256, 1, 6) == (shape.routed_experts, shape.shared_experts, shape.experts_per_token)
    assert (4096, 2048, 64, 512) == (
        shape.hidden,
        shape.moe_intermediate,
        shape.heads,
        shape.head_dim,
    )


def test_pro_is_the_published_model() -> None:
    """Pro has 61 layers, 384 experts, no plain layer, 30 C4 and 31 C128 layers."""
    shape = published("pro")
    assert (61, 384, 7168, 3072) == (
        shape.layers,
        shape.routed_experts,
        shape.hidden,
        shape.moe_intermediate,
    )
    assert (0, 30, 31) == (shape.plain_layers, shape.c4_layers, shape.c128_layers)
    assert (128, 1536, 16) == (shape.heads, shape.q_lora_rank, shape.o_groups)


def test_pro_differs_from_flash_in_ten_keys() -> None:
    """The two published files agree in every key but the ten that the README lists."""
    pro = json.loads(config_path("pro").read_text(encoding="utf-8"))
    assert flash().keys() == pro.keys()
    different = {key for key, value in flash().items() if pro[key] != value}
    readme = config_path("pro").with_name("README.md").read_text(encoding="utf-8")
    assert len(different) == 10
    assert all(f"`{key}`" in readme for key in different)


def test_tiny_has_the_layers_of_flash() -> None:
    """The trial model shrinks counts only: each layer, expert and head has Flash's size."""
    tiny, full = published("tiny"), published("flash")
    assert (4, 64, 8192, 1) == (tiny.layers, tiny.routed_experts, tiny.vocab, tiny.hash_layers)
    assert (1, 2, 1) == (tiny.plain_layers, tiny.c4_layers, tiny.c128_layers)
    for name in ("hidden", "heads", "head_dim", "q_lora_rank", "moe_intermediate", "index_dim"):
        assert getattr(full, name) == getattr(tiny, name)


def test_an_unknown_variant_is_named() -> None:
    """A variant that is not there is refused with the names of those that are."""
    with pytest.raises(
        ModelConfigError, match=r"no model variant 'max'; there are flash, pro, tiny"
    ):
        published("max")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "deepseek_v3"}, "model_type is 'deepseek_v3'"),
        ({"model_type": "deepseek_v41"}, "model_type is 'deepseek_v41'"),
        ({"architectures": ["DeepseekV3ForCausalLM"]}, r"architectures is \['DeepseekV3"),
        ({"architectures": "DeepseekV4ForCausalLM"}, "architectures is 'DeepseekV4"),
        ({"n_routed_experts": None}, "n_routed_experts is missing"),
        ({"n_routed_experts": "256"}, "n_routed_experts is '256', expected a whole number"),
        ({"n_routed_experts": True}, "n_routed_experts is True"),
        ({"n_routed_experts": 256.0}, "n_routed_experts is 256.0"),
        ({"hidden_size": 0}, "hidden_size is 0, expected a whole number of at least 1"),
        ({"num_nextn_predict_layers": -1}, "num_nextn_predict_layers is -1"),
        ({"compress_ratios": None}, "compress_ratios is missing"),
        ({"compress_ratios": [0, 4, 128]}, "compress_ratios has 3 entries for 43 layers"),
        ({"compress_ratios": [0] * 42 + [2]}, r"compress_ratios\[42\] is 2"),
        ({"compress_ratios": [4.0] * 44}, r"compress_ratios\[0\] is 4.0"),
        ({"num_experts_per_tok": 300}, "num_experts_per_tok=300 exceeds n_routed_experts=256"),
        ({"num_hash_layers": 44}, "num_hash_layers=44 exceeds num_hidden_layers=43"),
        ({"qk_rope_head_dim": 512}, "qk_rope_head_dim=512 is not smaller than head_dim=512"),
        ({"o_groups": 7}, "o_groups=7 does not divide"),
    ],
)
def test_a_damaged_config_is_refused_by_its_key(change: dict[str, Any], message: str) -> None:
    """Each wrong value is refused with the key and what was expected."""
    with pytest.raises(ModelConfigError, match=message):
        parse_model_config(flash() | change)


@pytest.mark.parametrize("data", [None, [], "x", 3, {}])
def test_no_config_at_all_is_refused(data: object) -> None:
    """JSON that is no object, or an empty one, is refused as such."""
    with pytest.raises(ModelConfigError, match=r"config\.json: "):
        parse_model_config(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(key=st.sampled_from(sorted(flash())), value=JSON)
def test_any_value_under_any_key_is_read_or_refused(key: str, value: object) -> None:
    """Whatever stands under a key, the answer is a shape or a ModelConfigError."""
    try:
        answer: object = parse_model_config(flash() | {key: value})
    except ModelConfigError as error:
        answer = str(error)
    assert isinstance(answer, ModelShape) or str(answer).startswith("config.json: ")
