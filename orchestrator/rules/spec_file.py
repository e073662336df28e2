"""Pages of the SPC codes: findings about the file itself, made while it is read (`load/`).

Texts only; the checks are where the file is parsed and its shape is validated.
"""

from orchestrator.diagnostics.model import Impact, Severity

_STOPS = (
    Severity.ERROR,
    Impact.REFUSES_TO_START,
    "nothing is rendered from a spec that cannot be read",
)

SPEC_FILE_PAGES = (
    (
        "SPC001",
        "unreadable-yaml",
        *_STOPS,
        """The file is not YAML, or not YAML that a spec may be.

## Why it matters
Nothing can be said about a spec that cannot be read. Endless or exploding aliases count as
unreadable, so that a small file cannot take the machine down.

## How to fix
Mend the place that the message names; the usual cause is a missing quote, bracket or indent just
above it.
""",
    ),
    (
        "SPC002",
        "empty-file",
        *_STOPS,
        """The file holds no spec.

## How to fix
`deploy init -o cluster.yaml` writes one that validates.
""",
    ),
    (
        "SPC003",
        "duplicate-key",
        *_STOPS,
        """A key is given twice in one mapping.

## Why it matters
YAML readers disagree about which one wins, so the spec would mean different things to different
tools.

## How to fix
Keep one.
""",
    ),
    (
        "SPC004",
        "unknown-field",
        *_STOPS,
        """A field is not part of the spec.

## Why it matters
A misspelt field would otherwise be dropped and its default used. The other rules run on the
nearest field, so that one typo does not hide what else is wrong.

## How to fix
Take the name that the message proposes. `deploy schema` lists all fields.
""",
    ),
    (
        "SPC005",
        "missing-field",
        *_STOPS,
        """A required field is missing.

## How to fix
Add it. `deploy init` writes a spec with all of them.
""",
    ),
    (
        "SPC006",
        "invalid-value",
        *_STOPS,
        """A value has the wrong type, or lies outside what the field takes.

## Why it matters
Values are never converted silently: `"8"` is a text, `8` a number, and a version such as 0.5 must
be quoted, since YAML reads it as a number.

## How to fix
Give a value of the kind that the message names.
""",
    ),
    (
        "SPC007",
        "useless-allow-entry",
        Severity.WARNING,
        Impact.OPERATIONAL_RISK,
        "a stale entry would hide the next real finding",
        """An entry of `allow:` silences nothing.

## Why it matters
An entry that outlived its finding would hide the next real one. What makes the engine refuse to
start cannot be allowed at all.

## How to fix
Remove the entry.
""",
    ),
)
