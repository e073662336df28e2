"""The command line and environment of a pool's engines, in intents; spelling is the engine's tables'."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.catalog.fabrics import Fabric
from orchestrator.engine.asked import ADMIN_API_KEY, API_KEY, Placeholder, asked, asked_variables
from orchestrator.engine.intents import flags, launch_command, variable
from orchestrator.plan.model import Argument, FromPod, FromSecret, Value
from orchestrator.pools import PoolView
from orchestrator.spec.pool import FlagValue

HF_TOKEN = "HF_TOKEN"  # noqa: S105 - the name of a variable


def argv(view: PoolView) -> tuple[Argument, ...]:
    """Return the command line that every rank of the pool runs.

    Raises `UnknownIntentError` where the version's spelling of something asked for is unknown.
    """
    version = view.cluster.engine.sglang
    words: list[Argument] = list(launch_command(version))
    for intent, value in asked(view):
        flag, beside = flags(intent, version)
        words.append(flag)
        if value is not True:
            words.append(value if isinstance(value, Placeholder) else _word(value))
        words += beside
    for flag, given in view.pool.extra_args.items():
        words += _extra(flag, given)
    return tuple(words)


def _extra(flag: str, value: FlagValue) -> list[str]:
    if isinstance(value, bool):
        return [flag] if value else []
    if isinstance(value, list):
        return [flag, *map(_word, value)]
    return [flag, _word(value)]


def _word(value: object) -> str:
    return value if isinstance(value, str) else f"{value}"


def env(view: PoolView, fabric: Fabric) -> dict[str, Value]:
    """Return the environment of every pod of the pool: the plan's own, over the user's, over the fabric's."""
    spec, version = view.cluster, view.cluster.engine.sglang
    cache = spec.engine.jit_cache.mount.rstrip("/")
    recorder = view.pool.recorder
    values: dict[str, Value] = {
        "host_ip": FromPod("status.podIP"),
        "fp4_experts": "1" if spec.model.experts == "fp4" else "0",
        "jit_cache": cache,
        "deep_gemm_cache": f"{cache}/deep_gemm",
        "dispatch_tokens": str(view.dispatch_tokens),
        "deepep_v2_dispatch_tokens": str(view.dispatch_tokens),
        # Both roles may share a claim, and a dump does not say whose it is.
        "recorder_folder": f"{recorder.mount}/{view.pool.name}" if recorder else "",
    }
    own = {variable(intent, version): values[intent] for intent in asked_variables(view)}
    if spec.model.cache and not spec.model.path.startswith("/"):
        mine = {**spec.pod.env, **view.pool.pod.env}
        own |= {} if "HF_HOME" in mine else {"HF_HOME": spec.model.cache.mount}
    for name, key in (
        (HF_TOKEN, spec.model.hf_token),
        (API_KEY, spec.engine.api_key),
        (ADMIN_API_KEY, spec.engine.admin_api_key),
    ):
        if key:
            own[name] = FromSecret(key.secret, key.key)
    return {**fabric.env, **user_env(spec.pod.env, view.pool.pod.env), **own}


def user_env(*layers: Mapping[str, object]) -> dict[str, Value]:
    """Return the user's variables, later layers over earlier ones."""
    merged: dict[str, Value] = {}
    for layer in layers:
        for name, value in layer.items():
            secret = getattr(value, "secret", None)
            key = getattr(value, "key", None)
            merged[name] = FromSecret(secret, key) if secret and key else str(value)
    return merged
