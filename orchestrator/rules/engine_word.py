"""Pages of the findings that are the engine's own word, made by `deploy validate --engine`.

Texts only; what is asked and compared is `orchestrator/oracle/`.
"""

from orchestrator.diagnostics.model import Impact, Severity

ENGINE_WORD_PAGES = (
    (
        "ENG821",
        "refused-by-engine",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "said by the engine itself, asked without a GPU",
        """SGLang's own argument pipeline refuses the command line of a pool.

## Why it matters
Every pod of the pool would end the same way, after it has been scheduled and its image pulled.
The message is the engine's; the place is the field without which the engine no longer says it,
found by asking again with one field after the other taken away.

## How to fix
Change the field that is pointed at. A rule often says the same in plainer words beside it.
""",
    ),
    (
        "ENG822",
        "unpredicted-rewrite",
        Severity.WARNING,
        Impact.SILENTLY_WRONG,
        "rules and memory were computed with other values",
        """The engine resolves an argument to something that the plan does not say.

## Why it matters
SGLang replaces arguments without asking. `deploy plan` predicts it from
`orchestrator/engine/behaviours.yaml`; a replacement that no row predicts, or a prediction that does
not come, means that rules and memory counted with a value that will not run.

## How to fix
Compare the two values in the details. Where the engine's is fine, nothing needs to change; please
report it, so that a row predicts it.
""",
    ),
    (
        "ENG823",
        "engine-check-incomplete",
        Severity.WARNING,
        Impact.OPERATIONAL_RISK,
        "the check lacks something that only a pod has; it is no refusal",
        """What the engine makes of a pool could not be found out here.

## Why it matters
The check fakes a GPU and nothing else: a file that only the pod has, the model hub or a real device
is not there. Silence about such a pool would read as success.

## How to fix
`deploy validate --engine=cluster` runs the same check in the engine's own image on a node of the
cluster. Where the message names a file, give it as `experts.distribution.local`.
""",
    ),
    (
        "ENG824",
        "image-holds-another-release",
        Severity.WARNING,
        Impact.SILENTLY_WRONG,
        "rules, plan and command lines are made for the release that engine.sglang names",
        """`engine.image` holds another SGLang than the one that `engine.sglang` names.

## Why it matters
`deploy validate --engine=cluster` asks the SGLang in the image itself, and that one told its own
version. Flags, defaults and what is rewritten differ from release to release: what the rules
checked and the plan predicts is not what these pods would do.

## How to fix
Name an image of the release in `engine.image`, or the release of the image in `engine.sglang`.
""",
    ),
    (
        "ENG825",
        "experts-placed-otherwise",
        Severity.WARNING,
        Impact.SILENTLY_SLOW,
        "what is said here about balance holds for another placement",
        """The engine places experts from the same file in other slots than we compute.

## Why it matters
Placement decides which GPU holds which expert. Ours follows SGLang's own arithmetic, ties included;
where the engine's differs, its release places in a way that nobody here has seen.

## How to fix
Nothing in the spec is wrong. Please report it with release and digest of the file.
""",
    ),
    (
        "ENG826",
        "waterfill-without-effect",
        Severity.ERROR,
        Impact.SILENTLY_SLOW,
        "shared experts stay apart, and nothing but a missing line in the log says so",
        """Waterfill is asked for, and the engine's own code decides that it is off for this model.

## Why it matters
Waterfill needs the shared expert as a slot like the routed ones. Where the checkpoint keeps it in
another number format, or the model has several, the engine leaves it apart and starts without a word.

## How to fix
Set `experts.waterfill` to false, or take a checkpoint whose shared experts can be fused.
""",
    ),
)
