"""The engine and the model it serves: SGLang release and image, checkpoint and its cache."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.spec.base import ObjectName, SecretKey, SpecModel


class JitCache(SpecModel):
    """Where compiled kernels are kept, so that a restarted pod need not compile them again."""

    claim: ObjectName | None = Field(
        default=None, description="PersistentVolumeClaim for the cache."
    )
    host_path: str | None = Field(
        default=None, pattern=r"^/[^\s]+$", description="Folder of the node for the cache."
    )
    mount: str = Field(
        default="/var/cache/sglang", pattern=r"^/[^\s]+$", description="Where pods mount it."
    )


class Engine(SpecModel):
    """The SGLang release that runs, and the image that carries it."""

    sglang: str = Field(description='SGLang version, quoted: "0.5.23".')
    image: str = Field(description="Container image of the engine, with a fixed tag or digest.")
    pull_secrets: list[ObjectName] = Field(
        default_factory=list, description="Secrets with which images are pulled."
    )
    api_key: SecretKey | None = Field(
        default=None, description="Secret with the key that clients must present."
    )
    admin_api_key: SecretKey | None = Field(
        default=None, description="Secret with the key for admin endpoints."
    )
    jit_cache: JitCache = Field(
        default_factory=JitCache,
        description="Cache of compiled kernels; an empty one per pod where nothing is given.",
    )


class ModelCache(SpecModel):
    """The volume with the checkpoint."""

    claim: ObjectName = Field(description="PersistentVolumeClaim with the checkpoint.")
    mount: str = Field(default="/models", pattern=r"^/[^\s]+$", description="Where pods mount it.")
    read_gb_per_s: float = Field(
        default=1.0,
        gt=0,
        description="Read bandwidth of one node in GB/s; the startup budget is computed from it.",
    )


class Model(SpecModel):
    """The checkpoint that every pool serves."""

    variant: Literal["flash", "pro", "tiny", "custom"] = Field(
        description="DeepSeek-V4 Flash or Pro, `tiny` (four layers, for trials with random weights), "
        "or `custom` with a `config` of its own."
    )
    path: str = Field(
        min_length=1, description="Hugging Face id, or a folder inside the cache's mount."
    )
    revision: str | None = Field(default=None, description="Commit of the Hugging Face repository.")
    experts: Literal["fp8", "fp4"] = Field(
        description="Number format of the routed experts in the checkpoint."
    )
    config: str | None = Field(
        default=None, description="`config.json` of a custom model, relative to the spec."
    )
    served_name: str | None = Field(
        default=None,
        pattern=r"^[^:\s]+$",
        description="Model name in the API; the engine takes none with a colon.",
    )
    load_format: Literal["auto", "dummy"] = Field(
        default="auto", description="`dummy` fills the weights with random numbers, for trials."
    )
    hf_token: SecretKey | None = Field(default=None, description="Secret with the hub's token.")
    cache: ModelCache | None = Field(default=None, description="Volume with the checkpoint.")
