"""A pool: replicas of one engine in one role, and the sizes that decide how it runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.spec.base import Count, Name, ObjectName, SpecModel, Tokens
from orchestrator.spec.experts import ExpertOverrides
from orchestrator.spec.pod import PodOptions

Flag = Annotated[str, Field(pattern=r"^--[a-z0-9][a-z0-9\-]*$")]
FlagValue = bool | int | float | str | list[int | float | str]


class Parallelism(SpecModel):
    """How one replica of a pool is spread over GPUs."""

    tp: Count = Field(description="Tensor-parallel ranks: all GPUs of one replica.")
    attention_dp: Count = Field(default=1, description="Attention data-parallel ranks.")
    ep: Count | None = Field(default=None, description="Expert-parallel ranks; equals tp.")
    nodes: Count | None = Field(default=None, description="Nodes of one replica.")


class Mtp(SpecModel):
    """Multi-token prediction: EAGLE drafts with the model's own next-token layer."""

    steps: Annotated[int, Field(ge=1, le=10)] = Field(description="Draft steps.")
    draft_tokens: Annotated[int, Field(ge=2, le=32)] | None = Field(
        default=None, description="Tokens verified per step; steps + 1."
    )


class HiCache(SpecModel):
    """Hierarchical KV cache: prefixes evicted from the GPU are kept in host memory."""

    ratio: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Host pool as a multiple of the GPU pool."
    )
    size_gb: Count | None = Field(default=None, description="Host pool in GB per rank.")
    write_policy: Literal["write_back", "write_through", "write_through_selective"] = Field(
        default="write_through", description="When pages are copied to the host."
    )
    storage_backend: str | None = Field(default=None, description="Third tier, e.g. `mooncake`.")


class Recorder(SpecModel):
    """Records how often each expert is chosen, to make an expert-distribution file from."""

    mode: Literal["stat", "stat_approx", "per_pass", "per_token"] = Field(
        default="stat", description="`stat` counts per layer and expert; the file replays."
    )
    buffer: Count | None = Field(default=None, description="Forward passes kept; 1000 by default.")
    claim: ObjectName = Field(description="PersistentVolumeClaim that receives the dumps.")
    mount: str = Field(
        default="/recordings", pattern=r"^/[^\s]+$", description="Where pods mount it, writable."
    )


class Pool(SpecModel):
    """One role's engines: `replicas` groups of `parallelism.tp` GPUs each."""

    name: Name = Field(description="Name of the pool, unique in the cluster.")
    role: Literal["prefill", "decode", "aggregated"] = Field(
        description="`prefill`, `decode`, or `aggregated` for both in one engine."
    )
    replicas: Count = Field(default=1, description="Independent engines of this pool.")
    parallelism: Parallelism = Field(description="GPUs and ranks of one replica.")
    all_to_all: Literal["deepep", "deepep_v2", "megamoe", "none"] = Field(
        default="deepep", description="How tokens reach their experts on other ranks."
    )
    deepep_mode: Literal["normal", "low_latency", "auto"] | None = Field(
        default=None,
        description="DeepEP kernels; by default normal on prefill, low_latency on decode, else auto.",
    )
    experts: ExpertOverrides = Field(
        default_factory=ExpertOverrides, description="Expert placement of this pool alone."
    )
    max_running_requests: Count | None = Field(
        default=None, description="Requests running at once, all attention-DP ranks together."
    )
    cuda_graph_max_batch: Count | None = Field(
        default=None, description="Largest decode batch per rank that is captured as a CUDA graph."
    )
    dispatch_tokens: Tokens | None = Field(
        default=None,
        description="Tokens one rank may dispatch at once: in low-latency mode, or over DeepEP v2.",
    )
    chunked_prefill: Tokens | None = Field(
        default=None, description="Prompt tokens per forward pass, all attention-DP ranks together."
    )
    memory_fraction: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="Share of GPU memory for weights and KV cache."
    )
    context_length: Tokens | None = Field(default=None, description="Longest context in tokens.")
    kv_cache_dtype: Literal["auto", "fp8_e4m3", "bfloat16"] = Field(
        default="auto", description="Number format of the KV cache."
    )
    mtp: Mtp | None = Field(default=None, description="Multi-token prediction.")
    hicache: HiCache | None = Field(default=None, description="KV cache tier in host memory.")
    recorder: Recorder | None = Field(default=None, description="Record expert distributions.")
    longest_request_seconds: Count = Field(
        default=600, description="Longest request; a stopping pod is given that long to finish."
    )
    extra_args: dict[Flag, FlagValue] = Field(
        default_factory=dict,
        description="Escape hatch: engine arguments by full spelling; `true` for a bare flag.",
    )
    pod: PodOptions = Field(default_factory=PodOptions, description="Additions to the pods.")
