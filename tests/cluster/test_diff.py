"""`deploy diff` on a real API server: nothing is written, and each change is told in the engine's words."""

from tests.cluster.deployments import Deployment

COPY = "    local: recordings/synthetic-dsv4-flash.pt\n"
DIGEST = "ab" * 32


def test_everything_is_new_at_first(deployment: Deployment) -> None:
    """Before the first apply all objects are new, exit code 1, and nothing is written."""
    done = deployment.deploy("diff")
    assert (1, "") == (done.returncode, done.stderr)
    assert (
        "prefill\n  new: 2 groups start, 16 GPUs\ndecode\n  new: 1 group starts, 16" in done.stdout
    )
    assert "12 to create" in done.stdout
    assert [] == deployment.names("lws")


def test_nothing_differs_after_an_apply(deployment: Deployment) -> None:
    """What was just applied does not differ: the server's defaults are no change."""
    deployment.applied()
    done = deployment.deploy("diff")
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.endswith(": nothing would change\n")


def test_errors_are_no_difference(deployment: Deployment) -> None:
    """A spec that cannot be compared exits 2, so that a pipeline tells it from a difference."""
    deployment.change("redundant: 16", "redundant: 24")
    done = deployment.deploy("diff")
    assert 2 == done.returncode
    assert "EXP401" in done.stderr


def test_changes_are_told_by_what_they_do(deployment: Deployment) -> None:
    """Redundancy restarts engines, replicas do not, an image restarts all but the router."""
    deployment.applied()
    deployment.change("redundant: 16", "redundant: 32")
    said = deployment.deploy("diff").stdout
    assert (
        "decode\n"
        "  the group restarts, 16 GPUs\n"
        "  no decode group serves meanwhile, up to 37 min\n"
        "  expert map still valid: the file holds counts, from which the engine places anew\n"
        "    --ep-num-redundant-experts: 16 → 32\n"
    ) in said
    assert "prefill\n  all 2 groups restart, 16 GPUs\n  one group after the other" in said
    deployment.change("redundant: 32", "redundant: 16")
    deployment.change("replicas: 1", "replicas: 2")
    said = deployment.deploy("diff").stdout
    assert "decode\n  1 → 2 groups: 1 group starts, +16 GPUs\n  no running group restarts\n" in said
    assert "prefill\n" not in said
    deployment.change(
        "replicas: 2\n    parallelism: {tp: 16", "replicas: 1\n    parallelism: {tp: 16"
    )
    deployment.change("image: lmsysorg/sglang:v0.5.23", "image: lmsysorg/sglang:v0.5.23-cu130")
    said = deployment.deploy("diff").stdout
    assert "    image: lmsysorg/sglang:v0.5.23 → lmsysorg/sglang:v0.5.23-cu130\n" in said
    assert "2 to change" in said or "3 to change" in said


def test_another_expert_file_restarts_what_replays_it(deployment: Deployment) -> None:
    """A new digest restarts every pool that replays the file, and an unread file is called unchecked."""
    deployment.applied()
    deployment.change(COPY, f"    sha256: {DIGEST}\n")
    said = deployment.deploy("diff").stdout
    assert 2 == said.count("  expert map unchecked: the file was not read here")
    assert 2 == said.count("    expert file: f5bd79a528ef… (dsv4-flash/synthetic-dsv4-")


def test_a_cluster_that_does_not_answer_is_told(deployment: Deployment) -> None:
    """Without a cluster there is nothing to compare with: exit code 2, one line."""
    done = deployment.deploy("diff", "--context", "elsewhere")
    assert 2 == done.returncode
    assert "elsewhere" in done.stderr
    assert 1 == len(done.stderr.splitlines())
