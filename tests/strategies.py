"""Specs that are valid by construction, for laws over specs nobody wrote."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from orchestrator.experts.waterfill import MIN_TOKENS

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True)
TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
ENV_NAMES = st.from_regex(r"X_[A-Z]{1,6}", fullmatch=True)


@st.composite
def pools(draw: st.DrawFn, role: str, name: str) -> dict[str, Any]:
    """A pool of Flash FP8 on H200 nodes that fits, in any size DeepEP takes."""
    tp = draw(st.sampled_from([8, 16, 32]))
    pool: dict[str, Any] = {
        "name": name,
        "role": role,
        "replicas": draw(st.integers(1, 3)),
        "parallelism": {"tp": tp, "attention_dp": tp},
    }
    if role == "prefill":
        pool["chunked_prefill"] = tp * draw(st.sampled_from([512, 1024, 2048]))
    else:
        batch = draw(st.sampled_from([8, 64, 128]))
        pool |= {"cuda_graph_max_batch": batch, "max_running_requests": batch * tp}
        pool["dispatch_tokens"] = draw(st.sampled_from([128, 256, 512]))
        if batch < MIN_TOKENS:  # too few for Waterfill to move anything
            pool["experts"] = {"waterfill": False}
    env = draw(st.dictionaries(ENV_NAMES, TEXTS, max_size=2))
    extra = draw(st.sampled_from([{}, {"--log-level": "debug"}, {"--decode-log-interval": 10}]))
    pool |= {"pod": {"env": env}} if env else {}
    return pool | ({"extra_args": extra} if extra else {})


@st.composite
def specs(draw: st.DrawFn, version: st.SearchStrategy[str]) -> dict[str, Any]:
    """A whole PD spec as plain data, over the given SGLang versions."""
    sglang = draw(version)
    names = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    roles = [
        "prefill",
        "decode",
        *draw(st.lists(st.sampled_from(["prefill", "decode"]), min_size=2, max_size=2)),
    ]
    spec: dict[str, Any] = {
        "name": draw(NAMES),
        "engine": {"sglang": sglang, "image": f"lmsysorg/sglang:v{sglang}"},
        "model": {
            "variant": "flash",
            "path": "/models/flash",
            "experts": "fp8",
            "cache": {"claim": "models"},
        },
        "hardware": {"gpu": "h200", "fabric": draw(st.sampled_from(["infiniband", "roce"]))},
        "pools": [draw(pools(role, name)) for role, name in zip(roles, names, strict=False)],
        "router": {
            "replicas": draw(st.integers(1, 3)),
            "discovery": draw(st.sampled_from(["kubernetes", "static"])),
        },
    }
    if draw(st.booleans()):
        spec["experts"] = {
            "distribution": {"claim": "experts", "path": "flash.json", "access": "ReadOnlyMany"},
            "redundant": draw(st.sampled_from([0, 32, 64])),
            "algorithm": "deepseek",
            "waterfill": draw(st.booleans()),
        }
    return spec
