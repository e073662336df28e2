"""KUB902: what looks like a secret stands in the spec as plain text."""

from collections.abc import Iterator, Mapping

from orchestrator.diagnostics.model import FieldPath, Fix, Impact
from orchestrator.engine.intents import owned_flags
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.spec.base import SecretKey

WORDS = {"token", "password", "passwd", "passphrase", "secret", "apikey", "credentials"}
SWITCHES = {"0", "1", "true", "false", "yes", "no"}
"""Values of variables such as `HF_HUB_DISABLE_IMPLICIT_TOKEN`, which hide nothing."""
PAIRS = {"api", "access", "secret", "private", "encryption"}
"""`..._API_KEY` and the like: a `key` after one of these is a secret."""


@rule(
    "KUB902",
    "plain-text-secret",
    Impact.OPERATIONAL_RISK,
    because="everybody who may read the spec or a pod can read it",
)
def plain_text_secret(context: Context) -> Iterator[Finding]:
    """A variable or an argument that is called like a secret has its value in plain text.

    ## Why it matters
    The spec is kept in version control, and what is rendered from it can be read by everybody who
    may look at pods. A command line is also shown by the engine itself, in its log and in
    `/server_info`.

    ## How to fix
    Put the value in a Secret and refer to it: `{secret: NAME, key: KEY}`. The hub's token has a
    field of its own, `model.hf_token`, and so have `engine.api_key` and `engine.admin_api_key`.

    ## Examples
    ```yaml fail
    pod: {env: {HF_TOKEN: not-a-real-token}}
    ```
    ```yaml fail
    router: {pod: {env: {ROUTER_PASSWORD: not-a-real-password}}}
    ```
    ```yaml pass
    pod: {env: {WANDB_API_KEY: {secret: wandb, key: api-key}, SGLANG_MAX_THINK_TOKENS: "8"}}
    ```

    ## Evidence
    - seen in the field: LeaderWorkerSet 0.9.0, docs/examples/tensorrt-llm/lws.yaml:27-28
    - SGLang 0.5.23, srt/arg_groups/fields/serving.py:148-150: a password as an argument
    """
    spec = context.spec
    yield from _variables(("pod", "env"), "pod.env", spec.pod.env)
    for view in context.pools:
        name = f"pool {view.pool.name}:"
        yield from _variables(view.at("pod", "env"), f"{name} pod.env", view.pool.pod.env)
        for flag, value in view.pool.extra_args.items():
            if isinstance(value, str) and flag not in owned_flags() and names_secret(flag):
                yield _finding(
                    view.at("extra_args", flag),
                    f"{name} extra_args",
                    flag,
                    "take the argument out: an argument cannot come from a Secret",
                )
    if spec.router:
        yield from _variables(("router", "pod", "env"), "router.pod.env", spec.router.pod.env)


def _variables(
    place: FieldPath, where: str, env: Mapping[str, str | SecretKey]
) -> Iterator[Finding]:
    for name, value in env.items():
        if isinstance(value, str) and hides(value) and names_secret(name):
            said = "put it in a Secret and write {secret: NAME, key: KEY}"
            yield _finding((*place, name), where, name, said)


def _finding(place: FieldPath, where: str, name: str, fix: str) -> Finding:
    return Finding(place, f"{where} has {name} in plain text", Fix(fix), on_key=True)


def hides(value: str) -> bool:
    """Return whether a value may be a secret: it is no switch."""
    return bool(value) and value.lower() not in SWITCHES


def names_secret(name: str) -> bool:
    """Return whether a variable or an argument is called like a secret."""
    words = name.lower().strip("-_").replace("-", "_").split("_")
    return words[-1] in WORDS or (words[-1] == "key" and PAIRS.intersection(words[-2:-1]) != set())
