"""The probe's Jobs on a real API server; what their pods print needs containers and GPUs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from orchestrator.cluster.connect import connect
from orchestrator.cluster.probe.job import probe_job
from orchestrator.cluster.probe.run import probe
from orchestrator.manifests.build import build
from tests.cluster.conftest import Kubectl
from tests.cluster.deployments import Deployment
from tests.helm.charts import planned
from tests.schema import strict
from tests.schema.test_rendered import CASES


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_api_server_admits_the_probe(name: str, kubectl: Kubectl, namespace: str) -> None:
    """A strict dry run takes the Job of every pool, and no selector of the deployment matches it."""
    plan = planned(*CASES[name])
    assert plan
    jobs = [probe_job(plan, pool, 600) for pool in plan.pools]
    for job in jobs:
        assert strict.validate(job) == []
        job["metadata"]["namespace"] = namespace
    said = kubectl(
        "create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=yaml.safe_dump_all(jobs)
    )
    assert len(said.splitlines()) == len(jobs)
    text = json.dumps(build(plan))
    for job in jobs:
        labels = job["spec"]["template"]["metadata"]["labels"]
        assert "deploy.dsv4/pool" not in labels
        assert '"app.kubernetes.io/component": "probe"' not in text


def test_pods_are_placed_as_the_engines_and_nothing_stays(
    deployment: Deployment, kubectl: Kubectl
) -> None:
    """A pod for each node of a group runs on H200 nodes; fake nodes have no log, and that is told."""
    plan = planned(deployment.spec.read_text(encoding="utf-8"), Path(deployment.spec).parent)
    assert plan
    said: list[str] = []
    api = connect(deployment.kubeconfig, None, warn=said.append)
    answers = probe(api, plan, seconds=60, say=said.append)
    assert {"prefill": 1, "decode": 2} == {pool: len(all_) for pool, all_ in answers.items()}
    for answer in (*answers["prefill"], *answers["decode"]):
        assert str(answer).startswith("it ended, and its log cannot be read: ")
    assert kubectl("-n", deployment.namespace, "get", "jobs", "-o", "name") == ""


def test_a_busy_cluster_is_told(deployment: Deployment, kubectl: Kubectl) -> None:
    """Where no node has the GPUs, the scheduler's reason is the answer."""
    deployment.change("gpus_per_node: 8", "gpus_per_node: 8\n  rdma_resource: example.com/none")
    plan = planned(deployment.spec.read_text(encoding="utf-8"), Path(deployment.spec).parent)
    assert plan
    answers = probe(connect(deployment.kubeconfig, None), plan, seconds=3, say=lambda _: None)
    assert "Insufficient example.com/none" in str(answers["prefill"][0])
    assert kubectl("-n", deployment.namespace, "get", "jobs", "-o", "name") == ""
