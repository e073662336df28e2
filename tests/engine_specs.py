"""Random specs over the whole surface that reaches the engine, valid and wrong ones alike.

What the tier in `tests/oracle` draws from. Unlike `tests/strategies.py`, nothing here is valid by
construction: a base that usually is gets up to three changes that may break anything.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from orchestrator.catalog.gpus import gpus
from orchestrator.engine.catalog import catalogue

SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
GPUS = ("h200", "h200", "h200", "b200", "h100", "gb200")
"""One kind of each class that the engine tells apart: generation, memory, GPUs per node."""

RECORDINGS = {"flash": "synthetic-dsv4-flash.pt", "pro": "synthetic-dsv4-pro.pt"}
"""Real files of `configs/recordings`, by the model they fit."""

DEEPEP_SMS = json.dumps({"normal_dispatch": {"num_sms": 96}, "normal_combine": {"num_sms": 96}})

KV_EVENTS = json.dumps({"publisher": "zmq", "endpoint": "tcp://*:5557", "topic": "kv"})

EXTRA: Mapping[str, Sequence[Any]] = {
    "--swa-full-tokens-ratio": (0.1, 0.075, 0.2, 1.5, 0.0),
    "--page-size": (256, 64, 48, 1),
    "--disable-radix-cache": (True,),
    "--enable-hisparse": (True,),
    "--disable-flashinfer-autotune": (True,),
    "--load-balance-method": ("auto", "round_robin", "follow_bootstrap_room", "total_tokens"),
    "--enable-prefill-cp": (True,),
    "--cp-strategy": ("zigzag", "interleave"),
    "--dcp-size": (1, 2),
    "--enable-dp-lm-head": (True,),
    "--moe-dense-tp-size": (1, 2, 8),
    "--dist-timeout": (600,),
    "--deepep-config": (DEEPEP_SMS, "{", "{}"),
    "--deepep-v2-mode": ("direct", "hybrid"),
    "--deepep-dispatcher-output-dtype": ("auto", "bf16", "fp8"),
    "--moe-runner-backend": (
        "auto",
        "deep_gemm",
        "triton",
        "marlin",
        "flashinfer_mxfp4",
        "flashinfer_trtllm",
        "flashinfer_trtllm_routed",
        "flashinfer_cutlass",
        "flashinfer_cutedsl",
        "cutlass",
    ),
    "--disable-shared-experts-fusion": (True,),
    "--enforce-shared-experts-fusion": (True,),
    "--enable-two-batch-overlap": (True,),
    "--enable-single-batch-overlap": (True,),
    "--elastic-ep-backend": ("mooncake",),
    "--ep-dispatch-algorithm": ("static", "dynamic", "fake", "lp"),
    "--enable-eplb": (True,),
    "--eplb-rebalance-num-iterations": (100, 1000),
    "--eplb-rebalance-layers-per-chunk": (1, 4),
    "--expert-balancedness-report-mode": ("off", "server_log", "prometheus"),
    "--enable-expert-distribution-metrics": (True,),
    "--disaggregation-decode-allocation-policy": ("early", "prefill_complete"),
    "--disaggregation-decode-enable-radix-cache": (True,),
    "--disaggregation-decode-enable-offload-kvcache": (True,),
    "--disaggregation-decode-retraction-backup": ("cpu_tensor", "host_pool", "none"),
    "--num-reserved-decode-tokens": (512, 0),
    "--disaggregation-decode-extra-slots": (0, 8),
    "--disaggregation-decode-polling-interval": (1, 4),
    "--disaggregation-decode-host-receive-threshold": (0.5, 1.0, 2.0),
    "--enable-pd-role-switch": (True,),
    "--optimistic-prefill-attempts": (0, 2),
    "--optimistic-prefill-retries": (0, 2),
    "--cuda-graph-backend-decode": ("full", "breakable", "disabled"),
    "--cuda-graph-backend-prefill": ("full", "breakable", "disabled"),
    "--cuda-graph-bs-decode": ([1, 2, 4, 8], [64]),
    "--disable-cuda-graph": (True,),
    "--disable-decode-cuda-graph": (True,),
    "--disable-prefill-cuda-graph": (True,),
    "--disable-cuda-graph-padding": (True,),
    "--attention-backend": ("dsv4", "triton", "compressed", "fa3"),
    "--dsv4-attn-backend": ("auto", "flashmla", "flashmla_mega", "trtllm"),
    "--dsv4-prefill-backend": ("auto", "flashmla_sparse", "flashmla_sparse_q8"),
    "--enable-deepseek-v4-fp4-indexer": (True,),
    "--max-prefill-tokens": (16384, 1024),
    "--max-queued-requests": (1, 512),
    "--max-total-tokens": (262144,),
    "--schedule-policy": ("lpm", "fcfs", "random", "dfs-weight"),
    "--schedule-conservativeness": (0.5, 1.0),
    "--enable-prefill-delayer": (True,),
    "--disable-overlap-schedule": (True,),
    "--enable-mixed-chunk": (True,),
    "--stream-interval": (1, 4),
    "--hicache-mem-layout": ("layer_first", "page_first", "page_first_direct"),
    "--hicache-io-backend": ("direct", "kernel"),
    "--hicache-storage-prefetch-policy": ("best_effort", "timeout"),
    "--tokenizer-worker-num": (1, 4),
    "--enable-cache-report": (True,),
    "--log-level": ("info", "debug"),
    "--decode-log-interval": (10,),
    "--watchdog-timeout": (300, 0),
    "--soft-watchdog-timeout": (60,),
    "--skip-server-warmup": (True,),
    "--reasoning-parser": ("deepseek-v4", "deepseek-r1", "nonsense"),
    "--tool-call-parser": ("deepseekv4", "nonsense"),
    "--random-seed": (42,),
    "--dtype": ("auto", "bfloat16", "float16"),
    "--quantization": ("fp8", "modelopt_fp4"),
    "--sampling-backend": ("pytorch", "flashinfer"),
    "--grammar-backend": ("none", "xgrammar"),
    "--speculative-moe-runner-backend": ("auto", "triton", "deep_gemm"),
    "--speculative-moe-a2a-backend": ("none", "deepep"),
    "--speculative-attention-mode": ("prefill", "decode"),
    "--enable-torch-compile": (True,),
    "--disable-custom-all-reduce": (True,),
    "--enable-nccl-nvls": (True,),
    "--enable-symm-mem": (True,),
    "--prefill-max-requests": (1, 8),
    "--enable-priority-scheduling": (True,),
    "--skip-tokenizer-init": (True,),
    "--bucket-time-to-first-token": ([0.1, 1.5],),
    "--nccl-port": (28000, 70000),
    "--kv-events-config": (KV_EVENTS, '{"publisher": "zmq", "endpoint": 5}', "{", "[]"),
    "--hicache-storage-backend-extra-config": ("{}", '{"prefetch_threshold": 128}', "{", "[1]"),
    "--model-loader-extra-config": ("{}", '{"enable_multithread_load": true}', "{"),
    "--cuda-graph-config": (
        '{"decode": {"max_bs": 32}}',
        '{"decode": {"backend": "full"}, "prefill": {"backend": "disabled"}}',
        '{"decode": {"backend": "nonsense"}}',
        "{",
    ),
    "--hisparse-config": ('{"top_k": 2048}', "{"),
    "--cuda-graph-bs-prefill": ([256, 512],),
    "--cuda-graph-max-bs-prefill": (512,),
    "--debug-cuda-graph": (True,),
    "--hicache-host-memory-fraction": (0.5, 0.0, 1.5),
    "--enable-metrics-for-all-schedulers": (True,),
    "--disaggregation-enable-kv-checksum": (True,),
    "--elastic-ep-join-mode": ("scale", "recover"),
    "--eplb-min-rebalancing-utilization-threshold": (0.9,),
    "--enable-tp-lm-head-all-to-all": (True,),
    "--enable-w4a4-mxfp4-megamoe": (True,),
    "--swa-prefix-tails": (0, 2, -1),
    "--speculative-adaptive": (True,),
    "--speculative-accept-threshold-single": (0.5, 1.0, 2.0),
    "--speculative-draft-attention-backend": ("dsv4", "triton"),
    "--speculative-use-rejection-sampling": (True,),
    "--speculative-draft-load-format": ("auto", "dummy"),
    "--speculative-token-map": ("/models/map.pt",),
    "--num-continuous-decode-steps": (2,),
    "--min-free-slots-delay": (4,),
    "--prefill-decode-interval": (2, -1),
    "--prefill-delayer-max-delay-passes": (30,),
    "--scheduler-recv-interval": (2,),
    "--retraction-policy": ("length", "priority"),
    "--radix-eviction-policy": ("lru", "lfu", "priority"),
    "--enable-response-store": (True,),
    "--enable-watermark": (True,),
    "--enable-deterministic-inference": (True,),
    "--enable-return-routed-experts": (True,),
    "--enable-flashinfer-allreduce-fusion": (True,),
    "--enable-mscclpp": (True,),
    "--enable-torch-symm-mem": (True,),
    "--enable-memory-saver": (True,),
    "--enable-pdmux": (True,),
    "--enable-lmcache": (True,),
    "--enable-streaming-session": (True,),
    "--enable-session-radix-cache": (True,),
    "--enable-dynamic-batch-tokenizer": (True,),
    "--enable-tokenizer-batch-encode": (True,),
    "--detokenizer-worker-num": (1, 2, 0),
    "--enable-trace": (True,),
    "--export-metrics-to-file": (True,),
    "--extra-metric-labels": ('{"pool": "a"}', "{"),
    "--fp8-gemm-backend": ("auto", "deep_gemm", "triton"),
    "--prefill-attention-backend": ("triton", "fa3"),
    "--decode-attention-backend": ("triton", "flashmla"),
    "--cpu-offload-gb": (4,),
    "--weight-loader-disable-mmap": (True,),
    "--no-such-argument": (True,),
    "--tp-size": (8,),
    "--stream-int": (4,),
}
"""Extra arguments with values worth trying; some exist in some releases only, some nowhere."""

ENV: Mapping[str, Sequence[str]] = {
    "SGLANG_SHARED_EXPERT_TP1": ("1", "perhaps"),
    "SGLANG_DSV4_FP4_DEQUANT": ("1",),
    "SGLANG_DSV4_KV_LAYOUT": ("v4", "nonsense"),
    "SGLANG_DSV4_COMPRESS_STATE_DTYPE": ("float32", "bf16"),
    "SGLANG_OPT_USE_ONLINE_COMPRESS": ("1",),
    "SGLANG_SWA_EVICTION_INTERVAL": ("128", "often"),
    "SGLANG_DISABLE_STATIC_WATERFILL": ("1",),
    "SGLANG_DEEPEP_BF16_DISPATCH": ("1", "bf16"),
    "SGLANG_DEEPEP_LL_COMBINE_SEND_NUM_SMS": ("16", "many"),
    "SGLANG_OPT_USE_DEEPGEMM_MEGA_MOE": ("1",),
    "SGLANG_DISAGG_STAGING_BUFFER": ("1", "yes"),
    "SGLANG_DISAGGREGATION_BOOTSTRAP_TIMEOUT": ("600", "soon"),
    "SGLANG_DISAGGREGATION_HEARTBEAT_INTERVAL": ("5.0", "slow"),
    "SGLANG_DISAGGREGATION_THREAD_POOL_SIZE": ("8", "eight"),
    "SGLANG_DISAGGREGATION_NIXL_BACKEND": ("UCX", "nonsense"),
    "SGLANG_DISAGGREGATION_NIXL_BACKEND_PARAMS": ("{}", "{"),
    "SGLANG_MOONCAKE_CUSTOM_MEM_POOL": ("NVLINK", "nonsense"),
    "MOONCAKE_PROTOCOL": ("rdma", "tcp"),
    "SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION": ("0", "off"),
    "SGLANG_WARMUP_TIMEOUT": ("600", "long"),
    "SGLANG_REQ_WAITING_TIMEOUT": ("60", "short"),
    "SGLANG_TIMEOUT_KEEP_ALIVE": ("75", "ever"),
    "SGLANG_ENABLE_JIT_DEEPGEMM": ("0", "1"),
    "SGLANG_JIT_DEEPGEMM_PRECOMPILE": ("0", "maybe"),
    "SGLANG_EPLB_HEATMAP_COLLECTION_INTERVAL": ("10", "ten"),
    "SGLANG_LOG_EXPERT_LOCATION_METADATA": ("1",),
    "SGL_LOG_MS": ("1", "maybe"),
    "NCCL_CUMEM_ENABLE": ("1",),
    "NCCL_MNNVL_ENABLE": ("1",),
    "NCCL_DEBUG": ("INFO",),
    "NVSHMEM_QP_DEPTH": ("2048",),
    "HF_HUB_OFFLINE": ("1",),
}


@st.composite
def specs(draw: st.DrawFn, version: str) -> dict[str, Any]:
    """A spec as plain data for one SGLang release."""
    variant = draw(st.sampled_from(["flash", "flash", "pro", "tiny"]))
    gpu = draw(st.sampled_from(GPUS))
    spec: dict[str, Any] = {
        "name": "drawn",
        "engine": {"sglang": version, "image": f"lmsysorg/sglang:v{version}"},
        "model": {
            "variant": variant,
            "path": f"/models/{variant}",
            "experts": draw(st.sampled_from(["fp8", "fp8", "fp4"])),
            "cache": {"claim": "models"},
        },
        "hardware": {
            "gpu": gpu,
            "gpus_per_node": gpus()[gpu].gpus_per_node,
            "fabric": draw(st.sampled_from(["infiniband", "infiniband", "roce"])),
        },
    }
    shape = draw(st.sampled_from(["pd", "pd", "pd", "aggregated"]))
    roles = ["aggregated"] if shape == "aggregated" else ["prefill", "decode"]
    roles += draw(st.sampled_from([[], [], [], [roles[-1]]]))
    spec["pools"] = [draw(_pools(role, spec)) for role in roles]
    for number, pool in enumerate(spec["pools"][2:]):
        pool["name"] += f"-{number}"
    if shape == "pd":
        spec["router"] = {"replicas": 1}
    if draw(st.booleans()):
        spec["experts"] = draw(_experts(variant, [p["parallelism"]["tp"] for p in spec["pools"]]))
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        _change(spec, draw)
    return spec


@st.composite
def _pools(draw: st.DrawFn, role: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A pool that is usually valid, and of a size at which the model usually fits."""
    least = {"tiny": 1, "flash": 8, "pro": 16}[spec["model"]["variant"]]
    tp = draw(st.sampled_from([size for size in (2, 4, 8, 16, 32) if size >= least]))
    dp = draw(st.sampled_from([tp, tp, tp, max(1, tp // 2), 1]))
    pool: dict[str, Any] = {
        "name": role,
        "role": role,
        "parallelism": {"tp": tp, "attention_dp": dp},
    }
    if draw(st.booleans()):
        pool["memory_fraction"] = draw(st.sampled_from([0.7, 0.8, 0.85, 0.9]))
    if role != "decode" and draw(st.booleans()):
        pool["chunked_prefill"] = dp * draw(st.sampled_from([256, 1024, 2048, 8192]))
    if role != "prefill":
        batch = draw(st.sampled_from([8, 32, 64, 128]))
        pool |= {"cuda_graph_max_batch": batch, "max_running_requests": batch * dp}
        pool["dispatch_tokens"] = draw(st.sampled_from([128, 256, 512]))
    return pool


@st.composite
def _experts(draw: st.DrawFn, variant: str, sizes: Sequence[int]) -> dict[str, Any]:
    """Expert placement, with a file that is at hand where one fits the model."""
    experts: dict[str, Any] = {
        "redundant": max(sizes) * draw(st.sampled_from([0, 1, 2])),
        "algorithm": draw(st.sampled_from(["auto", "deepseek", "deepseek"])),
        "waterfill": draw(st.booleans()),
    }
    if draw(st.sampled_from([True, True, False])):
        file = RECORDINGS.get(variant)
        experts["distribution"] = {"claim": "experts", "path": "file.pt", "access": "ReadOnlyMany"}
        experts["distribution"] |= {"local": f"recordings/{file}"} if file else {}
    return experts


def _change(spec: dict[str, Any], draw: st.DrawFn) -> None:
    """Change one thing about the spec, for better or worse."""
    pool = draw(st.sampled_from(spec["pools"]))
    kind = draw(st.sampled_from(["extra", "extra", "extra", "env", "field", "field", "cluster"]))
    if kind == "extra":
        flag = draw(st.sampled_from(sorted(known_or_not(spec["engine"]["sglang"]))))
        pool.setdefault("extra_args", {})[flag] = draw(st.sampled_from(EXTRA[flag]))
    elif kind == "env":
        name = draw(st.sampled_from(sorted(ENV)))
        pool.setdefault("pod", {}).setdefault("env", {})[name] = draw(st.sampled_from(ENV[name]))
    elif kind == "field":
        _set(pool, *draw(st.sampled_from(POOL_CHANGES)))
    else:
        _set(spec, *draw(st.sampled_from(CLUSTER_CHANGES)))


def known_or_not(version: str) -> set[str]:
    """Return the extra arguments to draw from: what the release knows, and a few it does not."""
    engine = catalogue(version)
    odd = {"--no-such-argument", "--tp-size", "--stream-int", "--optimistic-prefill-retries"}
    return {flag for flag in EXTRA if flag in odd or (engine and engine.option(flag))}


def _set(holder: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for step in parents:
        holder = holder.setdefault(step, {})
    if value is None:
        holder.pop(last, None)
    else:
        holder[last] = copy.deepcopy(value)


MTP = [("mtp", {"steps": 1}), ("mtp", {"steps": 3}), ("mtp", {"steps": 2, "draft_tokens": 5})]
RECORDER = [
    ("recorder", {"mode": mode, "claim": "recordings"})
    for mode in ("stat", "stat_approx", "per_pass", "per_token")
]
POOL_CHANGES: list[tuple[str, Any]] = [
    *(("parallelism.tp", size) for size in SIZES),
    *(("parallelism.attention_dp", size) for size in (1, 2, 3, 4, 8, 16)),
    *(("parallelism.ep", size) for size in (1, 2, 4, 8, 16)),
    *(("parallelism.nodes", nodes) for nodes in (1, 2, 3, 4)),
    *(("all_to_all", kind) for kind in ("deepep", "none", "none", "megamoe", "deepep_v2")),
    *(("deepep_mode", mode) for mode in ("normal", "low_latency", "auto")),
    *(("max_running_requests", number) for number in (1, 7, 64, 512, 4096)),
    *(("cuda_graph_max_batch", number) for number in (1, 16, 256, 512)),
    *(("dispatch_tokens", number) for number in (16, 1024, 2048)),
    *(("chunked_prefill", number) for number in (256, 1000, 4096, 8192, 65536)),
    *(("memory_fraction", share) for share in (0.3, 0.95)),
    *(("context_length", length) for length in (4096, 131072, 2097152)),
    *(("kv_cache_dtype", kind) for kind in ("fp8_e4m3", "bfloat16")),
    *MTP,
    *MTP,
    *RECORDER,
    ("hicache", {"ratio": 2.0}),
    ("hicache", {"size_gb": 64, "write_policy": "write_back"}),
    *(
        ("hicache", {"storage_backend": kind})
        for kind in ("mooncake", "file", "nixl", "hf3fs", "dynamic", "nonsense")
    ),
    ("recorder", {"mode": "stat", "claim": "recordings", "buffer": 100}),
    ("mtp", {"steps": 3, "draft_tokens": 4}),
    ("experts", {"redundant": 4}),
    ("experts", {"redundant": 32}),
    ("experts", {"waterfill": True}),
    ("experts", {"algorithm": "deepseek_vec"}),
]
CLUSTER_CHANGES: list[tuple[str, Any]] = [
    *(("experts.algorithm", name) for name in ("deepseek_hierarchical", "nonsense")),
    *(("experts.redundant", number) for number in (1, 8, 16, 24, 128)),
    ("experts.waterfill", True),
    ("experts.distribution", {"claim": "experts", "path": "x.pt", "access": "ReadOnlyMany"}),
    *(("transfer.backend", kind) for kind in ("mooncake", "mooncake_tcp", "nixl")),
    ("transfer.bootstrap_port", 9000),
    *(("hardware.gpu", gpu) for gpu in ("h100", "b200", "gb200")),
    ("hardware.fabric", "tcp"),
    ("hardware.nics", ["mlx5_0", "mlx5_1"]),
    ("hardware.nics", {str(gpu): f"mlx5_{gpu}" for gpu in range(8)}),
    ("hardware.gpus_per_node", 4),
    ("model.experts", "fp4"),
    ("model.experts", "fp8"),
    ("model.served_name", "deepseek-v4"),
    ("model.load_format", "dummy"),
    ("model.variant", "pro"),
    ("engine.api_key", {"secret": "keys", "key": "api"}),
    ("engine.admin_api_key", {"secret": "keys", "key": "admin"}),
    ("model.revision", "main"),
]
