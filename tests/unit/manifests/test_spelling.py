"""Plan values in Kubernetes' words: user texts survive the kubelet's expansion, references expand."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.asked import Placeholder
from orchestrator.manifests.spelling import literal, variables, words
from orchestrator.plan.model import FromPod, FromSecret


def kubelet_expansion(text: str, known: dict[str, str]) -> str:
    """Expand `$(NAME)` as k8s.io/kubernetes third_party/forked/golang/expansion does (v1.37)."""
    out, cursor = "", 0
    while cursor < len(text):
        if text[cursor] != "$" or cursor + 1 == len(text):
            out, cursor = out + text[cursor], cursor + 1
        elif text[cursor + 1] == "$":
            out, cursor = out + "$", cursor + 2
        elif text[cursor + 1] == "(" and (end := text.find(")", cursor)) > 0:
            name = text[cursor + 2 : end]
            out, cursor = out + known.get(name, f"$({name})"), end + 1
        else:
            out, cursor = out + text[cursor : cursor + 2], cursor + 2
    return out


@given(st.text(alphabet="$()aA_ ", max_size=30))
def test_user_text_comes_through_unchanged(text: str) -> None:
    """Whatever a user writes, the container sees it as written."""
    assert text == kubelet_expansion(literal(text), {"A": "expanded", "a": "expanded"})


def test_placeholder_is_expanded() -> None:
    """The plan's own references are left for the kubelet."""
    (word,) = words([Placeholder("LWS_LEADER_ADDRESS", after=":20000")])
    assert kubelet_expansion(word, {"LWS_LEADER_ADDRESS": "leader"}) == "leader:20000"


def test_variables_keep_secrets_as_references() -> None:
    """A secret is never a value; the pod's own fields are references too."""
    env = {"T": FromSecret("s", "k"), "IP": FromPod("status.podIP"), "D": "$5"}
    assert [
        {"name": "T", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "D", "value": "$5"},
    ] == variables(env)
