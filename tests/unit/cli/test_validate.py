"""`deploy validate` on several files, in every form, with a selection of codes, and mending."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from orchestrator.cli.parser import build_parser
from orchestrator.cli.spec_text import EditedSpec
from orchestrator.cli.terminal import UserError
from orchestrator.diagnostics.model import Edit, Fix, Impact
from orchestrator.rules.book import RULES
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, Rule, rule
from orchestrator.rules.pages import pages
from scripts.breakages import Breakage, breakages, broken

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / "configs"
SCHEMA = ROOT / "tests" / "data" / "sarif" / "sarif-schema-2.1.0.json"
COMMAND = re.compile(
    r"::(?P<level>error|warning) (?P<properties>[^:]*)::(?P<message>(?:[^%\r\n]|%[0-9A-F]{2})*)"
)
"""A workflow command of GitHub Actions: everything that would end a part is escaped."""


def run(*words: object) -> int:
    options = build_parser().parse_args(["validate", *map(str, words)])
    code: int = options.run(options)
    return code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copies of the reference specs, one of them broken twice, beside a file that is none."""
    shutil.copytree(CONFIGS, tmp_path / "specs")
    path = tmp_path / "specs" / "flash-pd-h200.yaml"
    text = path.read_text(encoding="utf-8").replace("redundant: 16", "redundant: 24")
    text = text.replace(
        "  - name: decode\n", "  - name: decode  # answers\n    deepep_mode: normal\n"
    )
    path.write_text(text, encoding="utf-8")
    (tmp_path / "specs" / "service.yaml").write_text("kind: Service\n", encoding="utf-8")
    return tmp_path / "specs"


def test_a_folder_is_all_specs_in_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file has its report, the last line counts, what is no spec is said; one exit code."""
    assert 1 == run(folder)
    said = capsys.readouterr()
    assert said.out.endswith("\n8 files: 2 errors, 0 warnings\n")
    assert f"\n{folder / 'flash-pd-h200.yaml'}: 2 errors, 0 warnings\n" in said.out
    assert f"{folder}: passed over, for they are no specs: service.yaml\n" in said.err
    assert 0 == run(folder / "pro-pd-h200.yaml", folder / "tiny-tcp-trial.yaml")
    with pytest.raises(UserError, match=r"no \.yaml or \.yml file in this folder is a spec"):
        run(folder / "recordings")


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        ("engine: {}\nmodel: {}\npool: []\n", True),
        ("engine: {}\nmodel: {}\nengine: {]\n", True),
        ("\ufeffengine: {}\r\npools: []\r\n", True),
        ("", False),
        ("pools: {a: {replicas: 1}}\nrouter: {}\n", False),
        ("spec:\n  engine: {}\n  model: {}\n  pools: []\n", False),
    ],
)
def test_a_spec_in_a_folder_is_known_by_its_fields(
    text: str, *, judged: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Misspelt, broken and with either kind of line ends it is judged; a chart's values are not."""
    (folder / "odd.yml").write_bytes(text.encode())
    run(folder, "--format", "concise")
    said = capsys.readouterr()
    assert judged == (f"{folder / 'odd.yml'}:" in said.out)
    assert judged != ("odd.yml, service.yaml" in said.err)


def test_a_folder_has_one_form_however_many_specs_it_holds(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What reads the data need not look into the folder first."""
    for path in folder.glob("*.yaml"):
        if path.name not in ("pro-pd-h200.yaml", "service.yaml"):
            path.unlink()
    assert 0 == run(folder, "--format", "json")
    data = json.loads(capsys.readouterr().out)
    assert [str(folder / "pro-pd-h200.yaml")] == [one["file"] for one in data["files"]]
    assert 0 == run(folder)
    assert capsys.readouterr().out.endswith("\n1 file: 0 errors, 0 warnings\n")


@pytest.mark.parametrize("words", [(), ("--fix",)])
def test_one_unreadable_file_hides_no_report(
    folder: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every other file is reported, the unreadable one is told, and the exit code is 2."""
    (folder / "binary.yaml").write_bytes(b"engine:\nmodel: \xff\n")
    assert 2 == run(folder, folder / "gone.yaml", "--format", "concise", *words)
    said = capsys.readouterr()
    assert "error[EXP401]" in said.out
    assert ("error[DEP202]" in said.out) == (not words)
    assert f"{folder / 'binary.yaml'}" in said.err
    assert f"{folder / 'gone.yaml'}" in said.err


def test_a_file_named_twice_is_read_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By itself and as part of its folder."""
    run(folder / "tiny-tcp-trial.yaml", folder, "--format", "json")
    found = json.loads(capsys.readouterr().out)
    assert (8, 2, 0) == (len(found["files"]), found["errors"], found["warnings"])


def test_standard_input_is_a_spec(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Relative paths in it start where the command runs."""
    content = (folder / "flash-pd-h200.yaml").read_bytes()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    assert 1 == run("-", "--format", "concise")
    assert capsys.readouterr().out.startswith("<stdin>:35:14: error[EXP401]")
    with pytest.raises(UserError, match="standard input is none"):
        run("-", "--fix")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UserError, match="standard input is closed"):
        run("-")


def test_findings_are_selected_and_ignored(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By whole codes or beginnings; ignoring wins; what is left out is counted."""
    spec = folder / "flash-pd-h200.yaml"
    for words, codes in (
        (("--select", "EXP"), ["EXP401"]),
        (("--select", "exp401,DEP"), ["EXP401", "DEP202"]),
        (("--select", "EXP,DEP", "--ignore", "DEP2"), ["EXP401"]),
        (("--ignore", "EXP401"), ["EXP401", "DEP202"]),
    ):
        assert 1 == run(spec, *words)
        said = capsys.readouterr().out
        assert codes == re.findall(r"error\[(\w+)\]", said)
        assert said.endswith(", 1 ignored\n") == (len(codes) < 2)
    run(spec, "--ignore", "DEP", "--format", "json")
    data = json.loads(capsys.readouterr().out)
    assert (["EXP401"], ["DEP202"]) == tuple(
        [one["code"] for one in data[kind]] for kind in ("diagnostics", "ignored")
    )
    for wrong, hint in (("EXQ", "did you mean EXP"), ("", "they begin with CLU, DEP")):
        with pytest.raises(UserError, match=hint):
            run(spec, "--select", wrong)


def test_what_does_not_run_is_not_ignored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As with `allow:`: an error that stops the engine or the reading stays, and it is said why."""
    spec = folder / "flash-pd-h200.yaml"
    assert 1 == run(spec, "--ignore", "EXP,DEP", "--format", "concise")
    said = capsys.readouterr()
    assert ["EXP401"] == re.findall(r"error\[(\w+)\]", said.out)
    assert f"{spec}: EXP401 cannot be left out" in said.err
    spec.write_text(f"{spec.read_text(encoding='utf-8')}colour: red\n", encoding="utf-8")
    assert 1 == run(spec, "--select", "DEP", "--format", "concise")
    assert "SPC004" in capsys.readouterr().out
    stale = spec.read_text(encoding="utf-8").replace("colour: red", "allow: {KUB901: pinned}")
    spec.write_text(stale, encoding="utf-8")
    run(spec, "--ignore", "SPC007", "--format", "concise")
    assert "SPC007" not in capsys.readouterr().out


def test_rules_that_were_not_checked_are_told_where_selected(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a run is not about need not have been checked."""
    spec = folder / "flash-pd-h200.yaml"
    text = spec.read_text(encoding="utf-8").replace("    local: ", "    # local: ")
    spec.write_text(text, encoding="utf-8")
    for code in ("EXP412", "PAR"):
        run(spec, "--select", code, "--format", "json")
        skipped = json.loads(capsys.readouterr().out)["skipped"]
        assert (["EXP412"] if code == "EXP412" else []) == [one["code"] for one in skipped]


def sarif(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """Return the one run of the log that is written, which is as the published schema wants it."""
    run(*words, "--format", "sarif")
    log = json.loads(capsys.readouterr().out)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(log)
    with pytest.raises(jsonschema.ValidationError):  # the schema does refuse
        jsonschema.Draft4Validator(schema).validate({**log, "version": "2.2.0"})
    (one,) = log["runs"]
    rules = one["tool"]["driver"]["rules"]
    for result in one["results"]:
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"]
    for told in one["invocations"][0]["toolExecutionNotifications"]:
        assert told["associatedRule"]["id"] == rules[told["associatedRule"]["index"]]["id"]
    found: dict[str, Any] = one
    return found


def test_sarif_is_as_published(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings at their places with related ones, each with its rule's page."""
    one = sarif(capsys, folder)
    found = {result["ruleId"]: result for result in one["results"]}
    assert {"EXP401", "DEP202"} == set(found)
    (place,) = found["EXP401"]["locations"]
    physical = place["physicalLocation"]
    assert {"startLine": 35, "startColumn": 14, "endColumn": 16} == physical["region"]
    assert (folder / "flash-pd-h200.yaml").as_uri() == physical["artifactLocation"]["uri"]
    assert "ranks" in found["EXP401"]["relatedLocations"][0]["message"]["text"]
    page = pages()["EXP401"]
    rule = one["tool"]["driver"]["rules"][found["EXP401"]["ruleIndex"]]
    assert (page.title, page.markdown()) == (
        rule["shortDescription"]["text"],
        rule["help"]["markdown"],
    )


def test_sarif_of_what_cannot_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files with odd names, with no place, with odd characters; what was not checked is told."""
    shutil.copytree(ROOT / "tests" / "golden" / "diagnostics" / "specs", folder / "a: b%#é")
    (folder / "a: b%#é" / "empty.yaml").touch()
    monkeypatch.chdir(folder)
    files = sorted(Path("a: b%#é").iterdir())
    one = sarif(capsys, *files)
    places = [place for result in one["results"] for place in result["locations"]]
    uris = {place["physicalLocation"]["artifactLocation"]["uri"] for place in places}
    assert "a%3A%20b%25%23%C3%A9/empty.yaml" in uris
    assert uris <= {f"a%3A%20b%25%23%C3%A9/{path.name}" for path in files}
    told = one["invocations"][0]["toolExecutionNotifications"]
    assert (
        "EXP401 experts-not-divisible was not checked: the spec's shape must be mended first"
        in {each["message"]["text"] for each in told}
    )


def test_what_is_silenced_is_suppressed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason that the spec gives, or as asked for beside it; nothing else is."""
    spec = folder / "flash-pd-h200.yaml"
    text = spec.read_text(encoding="utf-8").replace("image: lmsysorg/sglang:v0.5.23", "image: a/b")
    spec.write_text(f"{text}allow: {{DEP202: measured}}\n", encoding="utf-8")
    results = sarif(capsys, spec, "--ignore", "KUB901")["results"]
    assert {
        "DEP202": [{"kind": "inSource", "justification": "measured"}],
        "KUB901": [{"kind": "external"}],
        "EXP401": None,
    } == {result["ruleId"]: result.get("suppressions") for result in results}


def test_annotations_follow_the_grammar(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One command a finding, at its line, nothing in it ends it early."""
    odd = folder / "a,b:c%.yaml"
    shutil.move(folder / "flash-pd-h200.yaml", odd)
    assert 1 == run(folder, "--format", "github")
    lines = capsys.readouterr().out.splitlines()
    assert 2 == len(lines)
    for line in lines:
        found = COMMAND.fullmatch(line)
        assert found
        given = dict(pair.split("=") for pair in found["properties"].split(","))
        assert {"file", "line", "endLine", "col", "endColumn", "title"} == set(given)
        assert given["file"].endswith("/a%2Cb%3Ac%25.yaml")
        assert "%0Afix: " in found["message"]
    assert "line=35,endLine=35,col=14,endColumn=16,title=EXP401 experts-not-divisible" in lines[0]


def test_safe_edits_are_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Comments and layout stay, what needs a person stays and is reported; again changes nothing."""
    spec = folder / "flash-pd-h200.yaml"
    before = spec.read_text(encoding="utf-8")
    assert 1 == run(spec, "--diff")
    said = capsys.readouterr()
    assert "-    deepep_mode: normal\n+    deepep_mode: low_latency\n" in said.out
    assert before == spec.read_text(encoding="utf-8")
    assert 1 == run(spec, "--fix", "--format", "concise")
    said = capsys.readouterr()
    assert f"{spec}: 1 finding mended\n" in said.err
    assert ["EXP401"] == re.findall(r"error\[(\w+)\]", said.out)
    after = before.replace("deepep_mode: normal", "deepep_mode: low_latency")
    assert after == spec.read_text(encoding="utf-8")
    assert 1 == run(spec, "--fix")
    assert after == spec.read_text(encoding="utf-8")
    assert 0 == run(spec, "--diff")
    with pytest.raises(UserError, match="leave --format"):
        run(spec, "--diff", "--format", "json")


def counting(code: str, pool: int, replicas: dict[int, int], *edits: Edit) -> Rule:
    """A rule that finds these numbers of replicas by pool wrong, and would mend them so."""

    @rule(code, f"test-{code}", Impact.WASTES_GPUS, because="of the test")
    def found(context: Context) -> Iterator[Finding]:
        now = {number: context.pools[number].pool.replicas for number in replicas}
        if now == replicas:
            yield Finding(("pools", pool, "replicas"), "too few", Fix("count anew", edits))

    return found


def offering(monkeypatch: pytest.MonkeyPatch, *rules: Rule) -> None:
    monkeypatch.setattr("orchestrator.rules.book.RULES", (*RULES, *rules))


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Edit(("pools", 1, "deepep_mode"), "normal"), "the edit would bring DEP202"),
        (Edit(("pools", 1, "replicas"), 7), "the edit does not mend it"),
        (Edit(("experts", "distribution", "local"), None), "after the edit EXP4"),
        (Edit(("pools", 9, "replicas"), 7), "pools holds no [9]"),
    ],
)
def test_an_edit_that_is_no_gain_is_not_made(
    edit: Edit,
    reason: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What brings another finding, mends nothing or hides a rule is left to the user, with the reason."""
    spec = folder / "flash-pd-h200.yaml"
    shutil.copy(CONFIGS / spec.name, spec)
    before = spec.read_text(encoding="utf-8")
    offering(monkeypatch, counting("TST001", 0, {0: 2}, edit))
    assert 1 == run(spec, "--fix", "--format", "concise")
    said = capsys.readouterr()
    assert before == spec.read_text(encoding="utf-8")
    assert "error[TST001]" in said.out
    assert f"{spec}: TST001 test-TST001 is left to you: {reason}" in said.err
    assert f"{spec}: 0 findings mended\n" in said.err


def test_an_edit_that_waits_for_another_is_made_after_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the same run, so that a second one has nothing to do."""
    spec = folder / "flash-pd-h200.yaml"
    shutil.copy(CONFIGS / spec.name, spec)
    offering(
        monkeypatch,
        counting("TST001", 0, {0: 2}, Edit(("pools", 0, "replicas"), 3)),
        counting("TST002", 1, {0: 3, 1: 1}),
        counting("TST003", 1, {1: 1}, Edit(("pools", 1, "replicas"), 2)),
        counting("TST004", 1, {}, Edit(("pools", 1, "replicas"), 9)),
    )
    run(spec, "--fix", "--format", "concise")
    said = capsys.readouterr()
    assert ["TST004"] == re.findall(r"error\[(\w+)\]", said.out)
    assert f"{spec}: 2 findings mended\n" in said.err
    mended = spec.read_text(encoding="utf-8")
    run(spec, "--fix")
    assert mended == spec.read_text(encoding="utf-8")


def test_of_several_findings_at_one_place_each_has_its_turn(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where their edits do not go together, those that mend are made."""
    spec = folder / "flash-pd-h200.yaml"
    shutil.copy(CONFIGS / spec.name, spec)
    good = Edit(("pools", 0, "replicas"), 3)
    bad = Edit(("pools", 1, "deepep_mode"), "normal")

    @rule("TST001", "test-TST001", Impact.WASTES_GPUS, because="of the test")
    def twice(context: Context) -> Iterator[Finding]:
        if context.pools[0].pool.replicas == 2:
            for number, (text, edit) in enumerate((("a", bad), ("b", good), ("a", bad))):
                yield Finding(("pools", 0, "replicas"), text, Fix(f"{text}{number}", (edit,)))

    offering(monkeypatch, twice)
    assert 0 == run(spec, "--fix", "--format", "concise")
    said = capsys.readouterr()
    assert f"{spec}: TST001 test-TST001: b1\n" in said.err
    expected = (CONFIGS / spec.name).read_text(encoding="utf-8")
    expected = expected.replace("replicas: 2\n", "replicas: 3\n", 1)
    assert expected == spec.read_text(encoding="utf-8")


def test_fixes_that_go_together_are_judged_together(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec of many pools is not checked once for each of them: before and after is enough."""
    spec = folder / "flash-pd-h200.yaml"
    head, decode = (CONFIGS / spec.name).read_text(encoding="utf-8").split("  - name: decode\n")
    pool, router = decode.split("\nrouter:")
    pools = [f"  - name: decode-{n}\n    deepep_mode: normal\n{pool}" for n in range(40)]
    spec.write_text(f"{head}{''.join(pools)}\nrouter:{router}", encoding="utf-8")
    judged, calls = EditedSpec.judged, []
    monkeypatch.setattr(
        EditedSpec, "judged", lambda self: (calls.append(self.edits), judged(self))[1]
    )
    run(spec, "--fix")
    assert [0, 40] == [len(edits) for edits in calls]
    assert "deepep_mode: normal" not in spec.read_text(encoding="utf-8")


def test_only_what_is_selected_is_mended(folder: Path) -> None:
    """The rest of the file stays."""
    spec = folder / "flash-pd-h200.yaml"
    before = spec.read_text(encoding="utf-8")
    run(spec, "--fix", "--ignore", "DEP")
    assert before == spec.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", breakages(), ids=lambda case: f"{case.code}-{case.put[:40]}")
def test_mending_any_breakage_makes_nothing_worse(
    case: Breakage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is broken, no finding is new afterwards, and mending again finds nothing to do."""
    shutil.copytree(CONFIGS / "recordings", tmp_path / "recordings")
    spec = tmp_path / case.spec
    text, _ = broken(case)
    spec.write_text(text, encoding="utf-8")

    def codes() -> list[str]:
        run(spec, "--format", "concise")
        return sorted(re.findall(r"(?:error|warning)\[(\w+)\]", capsys.readouterr().out))

    before = codes()
    run(spec, "--fix")
    mended = spec.read_text(encoding="utf-8")
    capsys.readouterr()
    after = codes()
    assert all(after.count(code) <= before.count(code) for code in after)
    assert (mended == text) == (after == before)
    run(spec, "--fix")
    assert mended == spec.read_text(encoding="utf-8")
