"""Variables of an engine into fields of the spec; all others are kept as the pool's own.

What the plan sets for every pod is left to it, and what looks like a secret is never copied.
"""

from __future__ import annotations

import re
from dataclasses import replace

from orchestrator.engine.catalog import Catalogue
from orchestrator.engine.intents import UnknownIntentError
from orchestrator.engine.intents import variable as spelled
from orchestrator.launches.draft import Draft, Entry, FieldPath, pool
from orchestrator.launches.model import Complaint, Word
from orchestrator.pools import DEFAULT_MODES
from orchestrator.rules.kubernetes.plain_text_secret import hides, names_secret

OLD_PREFIX, PREFIX = "SGL_", "SGLANG_"
"""The engine copies every `SGL_X` over `SGLANG_X` (SGLang 0.5.23, srt/environ.py:2298-2305)."""
HUB_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN")
DEVICES = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")
INTENTS = (
    *("dispatch_tokens", "deepep_v2_dispatch_tokens", "fp4_experts", "recorder_folder"),
    *("jit_cache", "deep_gemm_cache", "host_ip"),
)
PLANS_OWN = ("deep_gemm_cache", "host_ip")
EXPERTS = {"1": "fp4", "true": "fp4", "0": "fp8", "false": "fp8"}


def environment(draft: Draft, release: Catalogue) -> None:
    """Put the variables of a launch into its draft."""
    own = _own(release)
    for name, word in draft.launch.env.items():
        intent = own.get(re.sub(f"^{OLD_PREFIX}", PREFIX, name))
        entry = Entry(word.text, word.line, f"{name}={word.text}")
        if name in HUB_TOKENS:
            _token(draft, name, entry)
        elif name in DEVICES:
            draft.complain(entry, "a pod sees the GPUs of its ranks alone; it is left out")
        elif intent and not word.unknown:
            _field(draft, intent, entry)
        elif intent not in PLANS_OWN:
            variable(draft, pool("pod", "env", name), name, word)


def variable(draft: Draft, path: FieldPath, name: str, word: Word) -> None:
    """Put a variable that is none of the plan's where the pods get it from."""
    entry = Entry(word.text, word.line, f"{name}={word.text}")
    if hides(word.text) and names_secret(name):
        key = {"secret": name.lower().replace("_", "-"), "key": name}
        draft.fields[path] = Entry(key, word.line, name)
        why = f"is read from a Secret `{key['secret']}`, key `{name}`, which you create"
        draft.complain(draft.fields[path], why)
    elif word.unknown:
        unknown = ", ".join(word.unknown)
        draft.complain(entry, f"only a shell knows {unknown}; it is left out")
    else:
        draft.fields[path] = entry


def _own(release: Catalogue) -> dict[str, str]:
    """Return the intents of the variables that the plan sets in this release."""
    found: dict[str, str] = {}
    for intent in INTENTS:
        try:
            found[spelled(intent, release.version)] = intent
        except UnknownIntentError:
            continue
    return found


def _token(draft: Draft, name: str, entry: Entry) -> None:
    key = {"secret": "hf-token", "key": "token"}
    draft.fields["model", "hf_token"] = replace(entry, value=key, said=name)
    why = "is read from a Secret `hf-token`, key `token`, which you create"
    draft.complaints.append(Complaint(entry.line, name, why))


def _field(draft: Draft, intent: str, entry: Entry) -> None:
    at: FieldPath | None = None
    value: object = entry.value
    if intent in ("dispatch_tokens", "deepep_v2_dispatch_tokens"):
        at, value = pool("dispatch_tokens"), _whole(entry.value)
    elif intent == "fp4_experts":
        at, value = ("model", "experts"), EXPERTS.get(entry.value.lower())
    elif intent == "jit_cache":
        at = ("engine", "jit_cache", "mount")
    elif intent == "recorder_folder" and pool("recorder", "mode") in draft.fields:
        at = pool("recorder", "mount")
    if at and value is None:
        draft.complain(entry, "has no such value; it is left out")
    elif at:
        draft.fields[at] = replace(entry, value=value)


def _whole(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def unread(draft: Draft) -> None:
    """Take out dispatch tokens that nothing reads in this pool."""
    at = pool("dispatch_tokens")
    entry = draft.fields.get(at)
    if entry is None:
        return
    second = "_V2_" in entry.said
    mode = draft.value(pool("deepep_mode")) or DEFAULT_MODES.get(draft.value(pool("role")))
    if draft.value(pool("all_to_all")) != ("deepep_v2" if second else "deepep"):
        draft.drop(at, f"nothing reads it without {'DeepEP v2' if second else 'DeepEP'}")
    elif not second and mode == "normal":
        draft.drop(at, "nothing reads it in normal mode")
