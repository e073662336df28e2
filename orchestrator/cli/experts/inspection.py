"""All that `deploy experts inspect` found out about its files, before it is spelled as text or data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.catalog.model_config import ModelShape, published
from orchestrator.cli.experts.setting import Setting
from orchestrator.cli.terminal import UserError
from orchestrator.diagnostics.model import Severity, spell
from orchestrator.experts.balancedness import Layout, Placed, placed, usable_counts
from orchestrator.experts.comparison import Comparison, compared
from orchestrator.experts.defects import Defect, defects, fits, of_other_width
from orchestrator.experts.expert_file import ExpertFile
from orchestrator.experts.placement import Counts, Undivided

KNOWN_MODELS = ("flash", "pro", "tiny")


@dataclass(frozen=True, slots=True)
class Inspected:
    """One file; `counts` and `placed` are empty where nothing can be computed from it.

    `models` are the names of the published models that it fits, `model` the spec's or else the
    first of those.
    """

    file: ExpertFile
    models: tuple[str, ...]
    model: ModelShape | None
    defects: tuple[Defect, ...]
    counts: Counts
    placed: tuple[Placed, ...]

    @property
    def refused(self) -> bool:
        """Whether a spec with this file is refused."""
        return any(defect.severity is Severity.ERROR for defect in self.defects)

    @property
    def experts(self) -> int:
        """Logical experts of a layer, as far as the file names them."""
        if self.file.mapping:
            return 1 + max((expert for row in self.file.mapping for expert in row), default=-1)
        return self.file.columns

    @property
    def usual_total(self) -> float:
        """The counts of most layers that have any; 0 without."""
        totals = Counter(total for total in self.file.layer_totals if total)
        return totals.most_common(1)[0][0] if totals else 0

    @property
    def tokens(self) -> int | None:
        """Tokens that were recorded: each is counted once for each of its experts, in every layer.

        None where the model, and with it the experts of a token, is not known.
        """
        if self.model is None or not fits(self.file, self.model):
            return None
        tokens, left = divmod(self.usual_total, self.model.experts_per_token)
        return None if left else int(tokens)


@dataclass(frozen=True, slots=True)
class Compared:
    """The files with counts of one shape, side by side; `others` have another shape, or no counts."""

    files: tuple[Inspected, ...]
    others: tuple[Inspected, ...]
    layouts: tuple[Layout, ...]
    comparison: Comparison | None


def inspected(file: ExpertFile, setting: Setting) -> Inspected:
    """Return what there is to say about a file.

    Raises `UserError` where its experts do not divide among the ranks asked for.
    """
    models = tuple(name for name in KNOWN_MODELS if fits(file, published(name)))
    model = setting.model or (published(models[0]) if models else None)
    found = defects(file, model)
    if setting.model and file.layers == setting.model.layers:
        for view in setting.pools:
            place = spell(view.experts_at("redundant"))
            found += tuple(
                of_other_width(
                    file, setting.model.routed_experts, view.redundant, view.pool.name, place
                )
            )
    usable = setting.model is None or fits(file, setting.model)
    counts = usable_counts(file) if usable else ()
    layouts = setting.layouts(len(counts[0])) if counts else ()
    return Inspected(
        file, models, model, found, counts, tuple(_placed(counts, one) for one in layouts)
    )


def side_by_side(files: Sequence[Inspected], setting: Setting) -> Compared:
    """Return how the files compare that have the shape of the first one with counts."""
    shapes = [_shape(one) for one in files]
    shape = next((shape for shape in shapes if shape), None)
    alike = tuple(one for one, its in zip(files, shapes, strict=True) if its and its == shape)
    others = tuple(one for one, its in zip(files, shapes, strict=True) if not its or its != shape)
    layouts = setting.few_layouts(shape[1]) if shape else ()
    if len(alike) < 2 or not layouts:  # noqa: PLR2004 - a pair
        return Compared(alike, others, layouts, None)
    placements = [[had for had in one.placed if had.layout in layouts] for one in alike]
    return Compared(alike, others, layouts, compared([one.counts for one in alike], placements))


def _shape(one: Inspected) -> tuple[int, int] | None:
    return (len(one.counts), len(one.counts[0])) if one.counts else None


def _placed(counts: Counts, layout: Layout) -> Placed:
    found = placed(counts, layout)
    if not isinstance(found, Undivided):
        return found
    experts, below = len(counts[0]), layout.redundant - found.remainder
    valid = [str(number) for number in (below, below + layout.ranks) if number >= 0]
    raise UserError(
        f"{experts} experts and {layout.redundant} redundant ones do not divide over EP "
        f"{layout.ranks} (remainder {found.remainder}): {' or '.join(valid)} redundant ones would"
    )
