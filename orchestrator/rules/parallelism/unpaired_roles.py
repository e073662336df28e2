"""PAR105: which pools can serve together: prefill with decode behind a router, or one aggregated."""

from collections.abc import Iterator, Sequence

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "PAR105",
    "unpaired-roles",
    Impact.WASTES_GPUS,
    because="engines start, get ready and answer no request",
)
def unpaired_roles(context: Context) -> Iterator[Finding]:
    """The pools' roles do not make a cluster that can answer a request.

    ## Why it matters
    A prefill engine only fills KV cache and hands it on; a decode engine only continues what a
    prefill engine began. The router pairs one with the other and knows no third kind, and an
    aggregated pool is spoken to directly. Anything else starts, becomes ready and idles.

    ## How to fix
    Have at least one `prefill` and one `decode` pool and a `router`, or a single `aggregated`
    pool and no router.

    ## Examples
    ```yaml fail
    router: null
    ```
    ```yaml fail on aggregated
    pools: [{name: engine, role: prefill, cuda_graph_max_batch: null}]
    router: {replicas: 1}
    ```
    ```yaml fail on aggregated
    router: {replicas: 1}
    ```
    ```yaml fail on aggregated
    pools:
      - name: engine
      - name: second
        role: aggregated
        parallelism: {tp: 4, attention_dp: 4}
    ```
    ```yaml pass
    router: {replicas: 2}
    ```

    ## Evidence
    - sglang-router 0.3.2, router.py:217-226: prefill and decode workers where PD is on, plain ones
      where it is off
    - SGLang 0.5.23, srt/disaggregation/prefill.py:412 and decode.py:892-895: a request is handed
      over in a bootstrap room that both roles share
    """
    by_role = {role: list(context.in_role(role)) for role in ("prefill", "decode", "aggregated")}
    paired = [*by_role["prefill"], *by_role["decode"]]
    for role, other in (("prefill", "decode"), ("decode", "prefill")):
        if by_role[role] and not by_role[other]:
            yield _at_role(
                by_role[role][0],
                f"is {role}, but no pool is {other}",
                f"add a {other} pool, or make the role aggregated",
            )
    yield from _aggregated(by_role["aggregated"], paired)
    yield from _router(context, paired)


def _aggregated(pools: Sequence[PoolView], paired: Sequence[PoolView]) -> Iterator[Finding]:
    if not pools:
        return
    first, *more = pools
    if paired:
        other = paired[0]
        yield _at_role(
            first,
            f"is aggregated beside the {other.pool.role} pool {other.pool.name}",
            "make it prefill or decode, or put it into a spec of its own",
            Related(other.at("role"), f"the router serves {other.pool.role} pools only"),
        )
    for view in more:
        yield _at_role(
            view,
            f"is a second aggregated pool beside {first.pool.name}; no router shares requests "
            "among them",
            f"raise pools[{first.index}].replicas instead, or put it into a spec of its own",
            Related(first.at("role"), "the first aggregated pool"),
        )


def _router(context: Context, paired: Sequence[PoolView]) -> Iterator[Finding]:
    router = context.spec.router
    if paired and router is None:
        yield _at_role(
            paired[0],
            f"is {paired[0].pool.role}, but there is no router to pair prefill with decode",
            "add `router: {replicas: 2}`",
        )
    if router is not None and not paired:
        yield Finding(
            ("router",),
            "the router has no prefill and decode pools to pair",
            Fix("remove `router`, or split the pool into prefill and decode"),
            on_key=True,
        )


def _at_role(view: PoolView, said: str, advice: str, *related: Related) -> Finding:
    return Finding(view.at("role"), f"pool {view.pool.name}: {said}", Fix(advice), related)
