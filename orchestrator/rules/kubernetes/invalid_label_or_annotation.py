"""KUB904: keys and values of labels and annotations have a syntax of their own."""

import re
from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.rules.context import Context
from orchestrator.rules.kubernetes.metadata import Entry, entries
from orchestrator.rules.model import Finding, rule

NAME_LIMIT, PREFIX_LIMIT = 63, 253
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_PREFIX = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_SYNTAX = "letters, digits, '-', '_' and '.', a letter or digit at both ends"


@rule(
    "KUB904",
    "invalid-label-or-annotation",
    Impact.REFUSES_TO_START,
    because="Kubernetes refuses the object",
)
def invalid_label_or_annotation(context: Context) -> Iterator[Finding]:
    """A key or value of a label, an annotation or a node selector is not valid in Kubernetes.

    ## Why it matters
    The API server refuses the whole object, or the StatefulSet controller fails to make pods.

    ## How to fix
    A key is a name of up to 63 letters, digits, `-`, `_` and `.`, optionally behind a DNS name of
    up to 253 characters and a slash. The value of a label or node selector has the syntax of such
    a name, or is empty; an annotation's value is free.

    ## Examples
    ```yaml fail
    pod: {labels: {team: "search & ranking"}}
    ```
    ```yaml fail
    pools: [{name: decode, pod: {annotations: {"a/b/c": "1"}}}]
    ```
    ```yaml pass
    pod:
      labels: {example.com/team: search-ranking}
      annotations: {example.com/note: "search & ranking"}
    ```

    ## Evidence
    - Kubernetes 1.37.2, k8s.io/apimachinery 0.37.2, pkg/api/validate/content/kube.go:26-96 and
      pkg/api/validation/objectmeta.go:47-58
    """
    for entry in entries(context):
        said = _wrong_key(entry) or _wrong_value(entry)
        if said:
            yield Finding(
                entry.path,
                f"{entry.where} {_short(entry.key)}: {said}",
                Fix("shorten or spell it as Kubernetes asks"),
                on_key=True,
            )


def _wrong_key(entry: Entry) -> str:
    # The API server lowers an annotation's key before it looks at it.
    key = entry.key.lower() if entry.kind == "annotations" else entry.key
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > PREFIX_LIMIT or not _PREFIX.fullmatch(prefix)):
        return (
            f"the key's prefix {_short(prefix)} is no DNS name of up to {PREFIX_LIMIT} characters"
        )
    if len(name) > NAME_LIMIT:
        return f"the key's name has {len(name)} characters, {NAME_LIMIT} are allowed"
    return "" if _NAME.fullmatch(name) else f"the key's name may have {_SYNTAX}"


def _wrong_value(entry: Entry) -> str:
    if entry.kind == "annotations" or not entry.value:
        return ""
    if len(entry.value) > NAME_LIMIT:
        return f"the value has {len(entry.value)} characters, {NAME_LIMIT} are allowed"
    if _NAME.fullmatch(entry.value):
        return ""
    return f"the value {_short(entry.value)} may have {_SYNTAX}"


def _short(text: str) -> str:
    return repr(text if len(text) <= NAME_LIMIT else f"{text[:NAME_LIMIT]}...")
