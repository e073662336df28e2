"""Writes the small dumps of this folder: SGLang's own recorder, run on a CPU, and torch.save.

    python write_recorder_dumps.py WHEEL FOLDER

WHEEL is an sglang wheel; the python needs torch and einops. The source of the recorder
(srt/eplb/expert_distribution.py) runs unchanged out of the wheel; the modules around it (server
arguments, metrics, forward batches) are stand-ins, and the world has one rank.
"""

from __future__ import annotations

import json
import sys
import types
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

LAYERS, EXPERTS, SLOTS, TOP_K = 4, 8, 10, 2
PASSES, TOKENS = 3, 5


class Withable:
    """A value for the length of a `with`, as in sglang.srt.utils."""

    def __init__(self) -> None:
        self.value: object = None

    def with_value(self, value: object) -> Withable:
        """Hold `value` until the `with` ends."""
        self.value = value
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self.value = None


def recorder_module(wheel: Path, settings: SimpleNamespace, folder: Path) -> Any:
    """Return the recorder's module out of the wheel, its imports replaced by stand-ins."""
    folder_setting = SimpleNamespace(get=lambda: str(folder))
    flag = SimpleNamespace(get=lambda: False)
    stand_ins: dict[str, dict[str, object]] = {
        "environ": {
            "envs": SimpleNamespace(
                SGLANG_EXPERT_DISTRIBUTION_RECORDER_DIR=folder_setting,
                SGLANG_AITER_MEGA_EPLB_PREFILL_ONLY=flag,
                SGLANG_AITER_MEGA_RANK_SYNC=flag,
            )
        },
        "model_executor.forward_batch_info": {"ForwardBatch": object, "ForwardMode": object},
        "observability.metrics_collector": {
            "STAT_LOGGER_ROLE_EXPERT_DISPATCH": "",
            "ExpertDispatchCollector": object,
            "resolve_collector_class": lambda *_: object,
        },
        "runtime_context": {
            "get_device": lambda: SimpleNamespace(device="cpu"),
            "get_exec": lambda: settings,
            "get_platform": lambda: SimpleNamespace(is_hip=False),
            "get_schedule": lambda: SimpleNamespace(chunked_prefill_size=TOKENS),
            "logs_expert_balancedness_to_server_log": lambda: False,
            "reports_expert_balancedness": lambda: False,
        },
        "layers.moe": {
            "get_moe_a2a_backend": lambda: SimpleNamespace(is_megamoe=lambda: False),
        },
        "utils": {
            "Withable": Withable,
            "get_device": lambda: "cpu",
            "get_int_env_var": lambda _, default: default,
        },
    }
    for name, members in stand_ins.items():
        module = types.ModuleType(f"sglang.srt.{name}")
        vars(module).update(members)
        sys.modules[module.__name__] = module
    path = "sglang/srt/eplb/expert_distribution.py"
    recorder = types.ModuleType("sglang.srt.eplb.expert_distribution")
    sys.modules[recorder.__name__] = recorder
    source = zipfile.ZipFile(wheel).read(path).decode()
    exec(compile(source, path, "exec"), vars(recorder))  # noqa: S102 - the engine's own source
    return recorder


def slot_map() -> torch.Tensor:
    """Return [layers, slots]: the experts in order, then two replicas that differ by layer."""
    replicas = torch.arange(LAYERS)[:, None] + torch.tensor([1, 3])
    return torch.cat([torch.arange(EXPERTS).repeat(LAYERS, 1), replicas % EXPERTS], dim=1)


def record(wheel: Path, folder: Path, mode: str) -> Path:
    """Run a recording of three forward passes in `mode`; return the dump."""
    moe = SimpleNamespace(
        expert_distribution_recorder_mode=mode,
        expert_distribution_recorder_buffer_size=PASSES + 2,
        moe_a2a_backend="deepep",
        deepep_mode="normal",
        elastic_ep_backend=None,
        eplb_min_rebalancing_utilization_threshold=1.0,
    )
    settings = SimpleNamespace(moe=moe, overlap=SimpleNamespace(enable_two_batch_overlap=False))
    module = recorder_module(wheel, settings, folder)
    location = SimpleNamespace(
        num_layers=LAYERS,
        num_logical_experts=EXPERTS,
        num_physical_experts=SLOTS,
        num_local_physical_experts=SLOTS,
        ep_size=1,
        physical_to_logical_map=slot_map(),
    )
    recorder = module.ExpertDistributionRecorder.init_new(location, rank=0)
    recorder.start_record()
    chance = torch.Generator().manual_seed(7)
    for number in range(PASSES):
        batch = SimpleNamespace(
            input_ids=torch.randint(0, 8192, (TOKENS,), generator=chance),
            positions=torch.arange(TOKENS),
            extend_seq_lens_cpu=[TOKENS],
            forward_mode=SimpleNamespace(value=1),
        )
        with recorder.with_forward_pass(number, batch):
            for layer in range(LAYERS):
                chosen = torch.rand(TOKENS, SLOTS, generator=chance).topk(TOP_K).indices
                counts = torch.bincount(chosen.flatten(), minlength=SLOTS)
                with recorder.with_current_layer(layer):
                    recorder.on_select_experts(topk_ids=chosen)
                    recorder.on_deepep_dispatch_normal(
                        counts.tolist(), torch.tensor([TOKENS]), None, counts
                    )
    before = set(folder.iterdir())
    recorder.dump_record()
    (dump,) = set(folder.iterdir()) - before
    return dump


def main(wheel: Path, folder: Path) -> None:
    """Write all files."""
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    if not hasattr(torch.cpu, "empty_cache"):
        torch.cpu.empty_cache = lambda: None
    version = wheel.name.split("-")[1]
    for mode in ("stat", "stat_approx", "per_pass", "per_token"):
        dump = record(wheel, folder, mode)
        dump.rename(folder / f"recorder-{version}-{mode}.pt")
    torch.distributed.destroy_process_group()
    stat = torch.load(folder / f"recorder-{version}-stat.pt", weights_only=True)
    counts = stat["logical_count"]
    stat["logical_count"] = counts.sum(dim=0)
    rest = {
        "counts-reduced-int64": stat,
        "counts-float32": {"logical_count": counts.float() + 0.25},
        "counts-float16": {"logical_count": counts.half()},
        "counts-bfloat16": {"logical_count": counts.bfloat16() * 1.5},
        "counts-float64-nan": {
            "logical_count": counts.double().index_fill(2, torch.tensor([1]), float("nan"))
        },
        "counts-uint16": {"logical_count": counts.to(torch.uint16)},
        "counts-negative-int16": {"logical_count": counts.to(torch.int16) - 1},
        "counts-int8": {"logical_count": counts.to(torch.int8)},
        "counts-bool": {"logical_count": counts > 0},
        "counts-view-of-larger": {"logical_count": counts[1:, :3, 2:7]},
        "counts-transposed": {"logical_count": counts.sum(dim=0).t().contiguous().t()},
        "counts-lists": {"logical_count": counts[0].tolist(), "shape": counts.shape},
        "counts-no-layers": {"logical_count": counts[0, :0]},
        "map": {"physical_to_logical_map": slot_map()},
        "map-int32-extra-key": {"physical_to_logical_map": slot_map().int(), "rank": 0},
        "neither": {"weights": counts, "dtype": counts.dtype},
    }
    for name, data in rest.items():
        torch.save(data, folder / f"{name}.pt")
    as_json = {
        "counts": {"logical_count": counts.tolist(), "rank": 0},
        "counts-float": {"logical_count": (counts[0] + 0.5).tolist()},
        "map": {"physical_to_logical_map": slot_map().tolist()},
    }
    for name, data in as_json.items():
        (folder / f"{name}.json").write_text(json.dumps(data) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).resolve())
