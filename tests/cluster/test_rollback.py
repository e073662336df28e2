"""`deploy rollback` on a real API server: the cluster is as it was, and that is a new revision."""

from tests.cluster.deployments import NAME, Deployment
from tests.cluster.test_diff import COPY, DIGEST

ANNOTATION = "deploy.dsv4/expert-file-sha256"


def digest_of(deployment: Deployment, pool: str) -> str:
    """Return the digest that the pods of a pool are held to."""
    group = deployment.get("lws", f"{NAME}-{pool}")["spec"]["leaderWorkerTemplate"]
    return str(group["workerTemplate"]["metadata"]["annotations"][ANNOTATION])


def test_command_line_and_expert_file_come_back(deployment: Deployment) -> None:
    """A rollback restores argv, digest and group count, keeps the records, and can be undone."""
    deployment.applied()
    argv, digest = deployment.command_line("decode"), digest_of(deployment, "decode")
    deployment.change("redundant: 16", "redundant: 32")
    deployment.change(COPY, f"    sha256: {DIGEST}\n")
    deployment.applied()
    assert DIGEST == digest_of(deployment, "decode")
    changed = deployment.command_line("decode")
    assert argv != changed
    done = deployment.deploy("rollback", "--yes", "--wait")
    assert 0 == done.returncode, done.stderr
    assert "file and placement are those of revision 1" in done.stdout
    assert (argv, digest) == (deployment.command_line("decode"), digest_of(deployment, "decode"))
    assert {"1": "superseded", "2": "superseded", "3": "applied"} == deployment.revisions()
    said = deployment.deploy("status").stdout
    assert "revision 3 (applied, a rollback to 1)" in said
    assert f"expert file {digest[:12]}" in said
    assert 1 == deployment.deploy("diff").returncode
    assert 0 == deployment.deploy("rollback", "--yes").returncode
    assert changed == deployment.command_line("decode")


def test_only_what_was_recorded_can_be_returned_to(deployment: Deployment) -> None:
    """A number that is not recorded, or nothing earlier to return to, is told with what there is."""
    deployment.applied()
    none = deployment.deploy("rollback", "--yes")
    assert 1 == none.returncode
    assert "no earlier, different revision" in none.stderr
    wrong = deployment.deploy("rollback", "--yes", "--to", 7)
    assert 1 == wrong.returncode
    assert "no revision 7 to return to; recorded of dsv4-flash: 1 (applied)" in wrong.stderr


def test_ten_revisions_are_kept(deployment: Deployment) -> None:
    """The eleventh apply forgets the first."""
    for number in range(11):
        before, after = 2048 + 16 * (number - 1), 2048 + 16 * number
        if number:
            deployment.change(f"max_running_requests: {before}", f"max_running_requests: {after}")
        assert 0 == deployment.deploy("apply", "--yes").returncode
    assert {str(n) for n in range(2, 12)} == set(deployment.revisions())
