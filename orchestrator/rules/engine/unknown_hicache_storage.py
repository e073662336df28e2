"""ENG806: HiCache's third tier is one of those that the release knows."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Stage
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

FLAG = "--hicache-storage-backend"


@rule(
    "ENG806",
    "unknown-hicache-storage",
    Impact.REFUSES_TO_START,
    because="the engine's parser exits with code 2 before it loads anything",
    needs=("engine",),
    refused_at=Stage.ARGUMENTS,
)
def unknown_hicache_storage(context: Context) -> Iterator[Finding]:
    """`hicache.storage_backend` is none that this SGLang release has.

    ## Why it matters
    The value becomes an engine argument with a fixed list of choices.

    ## How to fix
    Take one of the choices that the message names.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, hicache: {ratio: 2.0, storage_backend: mooncak}}]
    ```
    ```yaml pass
    pools: [{name: prefill, hicache: {ratio: 2.0, storage_backend: mooncake}}]
    ```

    ## Evidence
    - SGLang 0.5.15.post1 and 0.5.23: the releases' own parsers, dumped
    """
    option = context.engine.option(FLAG)
    if option is None or option.choices is None:
        return
    for view in context.pools:
        backend = view.pool.hicache and view.pool.hicache.storage_backend
        if backend and backend not in option.choices:
            choices = ", ".join(str(choice) for choice in option.choices)
            yield Finding(
                view.at("hicache", "storage_backend"),
                f"pool {view.pool.name}: SGLang {context.version} has no HiCache storage {backend!r}",
                Fix(f"choose one of {choices}"),
            )
