"""Every way in which data is no spec is one finding a place, and a typo hides nothing else."""

import pytest
import yaml

from orchestrator.load.guesses import nearest, pair_up
from orchestrator.load.shape import check_shape
from orchestrator.load.yaml_source import parse
from tests.unit.load.base import BASE, broken, loaded, told

TOP = "1:1 SPC005 the spec lacks the field"


def test_base_is_a_spec() -> None:
    """The text that the tests below break is itself without findings."""
    result = loaded(BASE)
    assert ((), frozenset()) == (result.diagnostics, result.guessed)
    assert result.spec
    assert BASE == result.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- name: x\n", "1:1 SPC006 the spec is a list, not a mapping of fields"),
        ("just text\n", "1:1 SPC006 the spec is 'just text', not a mapping of fields"),
        ("5\n", "1:1 SPC006 the spec is the number 5, not a mapping of fields"),
        ("~\n", "1:1 SPC006 the spec is empty, not a mapping of fields"),
        ("true\n", "1:1 SPC006 the spec is true, not a mapping of fields"),
    ],
)
def test_root_that_is_no_mapping(text: str, said: str) -> None:
    """A list, a scalar or nothing in place of fields is one finding."""
    assert [said] == told(loaded(text))


def test_foreign_file_lacks_every_required_field() -> None:
    """All required fields are named at once, at the first line."""
    found = told(loaded("apiVersion: v1\n"))
    fields = ["engine", "hardware", "model", "name", "pools"]
    assert [f"{TOP} `{field}`" for field in fields] == [said for said in found if "SPC005" in said]


UNKNOWN = {
    "root": (
        "name: demo",
        "naem: demo",
        "1:1",
        "`naem` is no field of the spec; did you mean `name`?",
    ),
    "flow": (
        "sglang:",
        "sglnag:",
        "2:10",
        "`sglnag` is no field of `engine`; did you mean `sglang`?",
    ),
    "list item": (
        "    role: d",
        "    roel: d",
        "17:5",
        "`roel` is no field of `pools[1]`; did you mean `role`?",
    ),
    "first key of a list item": (
        "- name: prefill",
        "- nmae: prefill",
        "13:5",
        "`nmae` is no field of `pools[0]`; did you mean `name`?",
    ),
    "inside a flow mapping of a list item": (
        "attention_dp: 8",
        "attn_dp: 8",
        "15:26",
        "`attn_dp` is no field of `pools[0].parallelism`; did you mean `attention_dp`?",
    ),
    "engine's name for it": (
        "{tp: 8",
        "{tp_size: 8",
        "15:19",
        "`tp_size` is no field of `pools[0].parallelism`; did you mean `tp`?",
    ),
    "camel case": (
        "gpu: h200",
        "gpusPerNode: 8\n  gpu: h200",
        "8:3",
        "`gpusPerNode` is no field of `hardware`; did you mean `gpus_per_node`?",
    ),
    "dashes": (
        "redundant: 16",
        "redundant: 16\n  Water-Fill: true",
        "12:3",
        "`Water-Fill` is no field of `experts`; did you mean `waterfill`?",
    ),
    "inside a union": (
        "key: token}",
        "kye: token}",
        "22:31",
        "`kye` is no field of `pools[1].pod.env.SECRET`; did you mean `key`?",
    ),
    "inside pod.resources": (
        "    pod:\n",
        "    pod:\n      resources: {memroy: 1Gi}\n",
        "20:19",
        "`memroy` is no field of `pools[1].pod.resources`; did you mean `memory`?",
    ),
    "inside a recorder": (
        "    pod:\n",
        "    recorder: {claim: r, moed: stat}\n    pod:\n",
        "19:26",
        "`moed` is no field of `pools[1].recorder`; did you mean `mode`?",
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_misspelt_field_is_one_finding_and_the_spec_goes_on(case: str) -> None:
    """The nearest free field is proposed at the key, nothing is called missing, rules can run."""
    old, new, place, said = UNKNOWN[case]
    result = broken(old, new)
    assert [f"{place} SPC004 {said}"] == told(result)
    assert result.spec
    assert frozenset() == result.guessed


def test_value_of_a_misspelt_field_is_found_under_the_right_name() -> None:
    """Rules speak of the field that was meant; their findings point at the line as written."""
    result = broken("parallelism: {tp: 16", "paralelism: {tp: 16")
    assert result.spec
    assert 16 == result.spec.pools[1].parallelism.tp
    value = result.spans.place(("pools", 1, "parallelism", "tp"))
    key = result.spans.place(("pools", 1, "parallelism"), on_key=True)
    assert value
    assert key
    assert (18, 22) == (value.line, value.column)
    assert (18, 5) == (key.line, key.column)


def test_misspelt_section_does_not_hide_what_is_wrong_inside() -> None:
    """What a renamed mapping holds is checked in its turn, at its own places."""
    result = broken("parallelism: {tp: 16, attention_dp", "paralelism: {tp: '16', atention_dp")
    assert [
        "18:5 SPC004 `paralelism` is no field of `pools[1]`; did you mean `parallelism`?",
        "18:22 SPC006 `pools[1].parallelism.tp` is the text '16', not a whole number",
        (
            "18:28 SPC004 `atention_dp` is no field of `pools[1].parallelism`; "
            "did you mean `attention_dp`?"
        ),
    ] == told(result)
    assert result.spec


def test_field_that_is_given_already_is_not_proposed() -> None:
    """A second spelling of a field that stands there is no typo of a third."""
    result = broken("  redundant: 16", "  redundant: 16\n  redundnat: 24")
    assert [
        "12:3 SPC004 `redundnat` is no field of `experts`, and `redundant` is given already"
    ] == told(result)
    assert result.spec
    assert result.spec.experts.redundant == 16


def test_missing_text_hides_nothing_else() -> None:
    """The rules run without a missing text, and are kept from speaking of it."""
    result = broken(', image: "sglang:v0.5.23"', "")
    assert ["2:1 SPC005 `engine` lacks the field `image`"] == told(result)
    assert result.spec
    assert frozenset({("engine", "image")}) == result.guessed


def test_part_with_a_missing_text_is_kept_from_the_rules() -> None:
    """What a rule says of a pool or a volume names it, and the name is not the user's."""
    volume = broken("  redundant: 16", "  distribution: {claim: x}")
    assert {("experts", "distribution")} == volume.guessed
    unnamed = broken("  - name: prefill\n    role", "  - role")
    assert {("pools", 0)} == unnamed.guessed
    assert volume.spec
    assert unnamed.spec


def test_two_typos_of_one_field_are_not_guessed_twice() -> None:
    """Only the nearer of two keys is taken for the field."""
    result = broken("name: demo", "naem: demo\nnam: other")
    assert [
        "1:1 SPC004 `naem` is no field of the spec, and `name` is given already",
        "2:1 SPC004 `nam` is no field of the spec; did you mean `name`?",
    ] == told(result)


def test_field_that_resembles_none_lists_what_is_free() -> None:
    """Without a guess the fix names the fields that could be meant."""
    (found,) = broken("  redundant: 16", "  zzz: 1").diagnostics
    assert "`zzz` is no field of `experts`" == found.message
    assert found.fix
    assert "remove it; free here: algorithm, distribution, redundant, waterfill" == found.fix.text


def test_wrong_guess_of_a_field_is_not_pursued() -> None:
    """A value of another kind than the guessed field takes shows that the guess was wrong."""
    result = broken("name: demo", "name: demo\nrouting: [a]").diagnostics
    assert ["`routing` is no field of the spec, and `router` is given already"] == [
        found.message for found in result
    ]
    text = BASE.replace("router:\n  replicas: 2\n", "routing: [a]\n")
    assert ["25:1 SPC004 `routing` is no field of the spec; did you mean `router`?"] == told(
        loaded(text)
    )
    assert loaded(text).spec is None


WRONG = {
    "version as a number": (
        '"0.5.23"',
        "0.50",
        "2:18",
        "`engine.sglang` is 0.50, read as the number 0.5, not a text",
        'put it in quotes: "0.50"',
    ),
    "whole number as version": (
        '"0.5.23"',
        "5",
        "2:18",
        "`engine.sglang` is the number 5, not a text",
        'put it in quotes: "5"',
    ),
    "yes as a text": (
        "PLAIN: text",
        "PLAIN: yes",
        "21:16",
        "`pools[1].pod.env.PLAIN` is yes, read as true, not a text or a mapping",
        'put it in quotes: "yes"',
    ),
    "sexagesimal": (
        "PLAIN: text",
        "PLAIN: 12:30",
        "21:16",
        "`pools[1].pod.env.PLAIN` is 12:30, read as the number 750, not a text or a mapping",
        'put it in quotes: "12:30"',
    ),
    "number in quotes": (
        "{tp: 8",
        "{tp: '8'",
        "15:23",
        "`pools[0].parallelism.tp` is the text '8', not a whole number",
        "write it without quotes: 8",
    ),
    "whole number with a point": (
        "{tp: 8",
        "{tp: 8.0",
        "15:23",
        "`pools[0].parallelism.tp` is the number 8.0, not a whole number",
        "write 8",
    ),
    "fraction in quotes": (
        "role: prefill",
        "role: prefill\n    memory_fraction: '0.9'",
        "15:22",
        "`pools[0].memory_fraction` is the text '0.9', not a number",
        "write it without quotes: 0.9",
    ),
    "truth in quotes": (
        "redundant: 16",
        "waterfill: 'true'",
        "11:14",
        "`experts.waterfill` is the text 'true', not true or false",
        "write it without quotes: true",
    ),
    "literal": (
        "role: decode",
        "role: decod",
        "17:11",
        "`pools[1].role` is 'decod', not one of prefill, decode, aggregated; did you mean `decode`?",
        "set it to `decode`",
    ),
    "literal's beginning": (
        "role: decode",
        "role: agg",
        "17:11",
        "`pools[1].role` is 'agg', not one of prefill, decode, aggregated; did you mean `aggregated`?",
        "set it to `aggregated`",
    ),
    "no as a literal": (
        "role: decode",
        "role: decode\n    all_to_all: no",
        "18:17",
        "`pools[1].all_to_all` is no, read as false, not one of deepep, deepep_v2, megamoe, none; did you mean `none`?",
        "set it to `none`",
    ),
    "capitals": (
        "name: demo",
        "name: My_Demo",
        "1:7",
        "`name` is 'My_Demo', not a text that matches ^[a-z]([-a-z0-9]*[a-z0-9])?$; did you mean `my-demo`?",
        "set it to `my-demo`",
    ),
    "one NIC, no list": (
        "fabric: infiniband",
        "fabric: infiniband\n  nics: mlx5_0",
        "10:9",
        "`hardware.nics` is the text 'mlx5_0', not a list or a mapping",
        "write a list: [mlx5_0]",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_value_with_a_plain_meaning_lets_the_spec_go_on(case: str) -> None:
    """The value is shown as written and as read, its meaning is proposed, and no rule speaks of it."""
    old, new, place, said, fix = WRONG[case]
    result = broken(old, new)
    assert [f"{place} SPC006 {said}"] == told(result)
    assert result.spec
    (found,) = result.diagnostics
    assert found.fix
    assert fix == found.fix.text
    assert {found.path} == result.guessed


UNCLEAR = {
    "list for a text": ("h200", "[h200]", "8:8", "`hardware.gpu` is a list, not a text"),
    "empty for a text": ("gpu: h200", "gpu:", "8:3", "`hardware.gpu` is empty, not a text"),
    "below the range": (
        "redundant: 16",
        "redundant: -1",
        "11:14",
        "`experts.redundant` is the number -1, not at least 0",
    ),
    "above the range": (
        "redundant: 16",
        "redundant: 5000",
        "11:14",
        "`experts.redundant` is the number 5000, not at most 4,096",
    ),
    "too long": (
        "secret: hub",
        f"secret: {'x' * 300}",
        "22:26",
        f"`pools[1].pod.env.SECRET.secret` is '{'x' * 60}…', not a text of at most 253 characters",
    ),
    "no characters": (
        "path: /models/flash",
        'path: ""',
        "5:9",
        "`model.path` is '', not a text of 1 or more characters",
    ),
    "far from any literal": (
        "fp8",
        "wxyz",
        "6:12",
        "`model.experts` is 'wxyz', not one of fp8, fp4",
    ),
    "list for a mapping": (
        "{tp: 8, attention_dp: 8}",
        "[8, 8]",
        "15:18",
        "`pools[0].parallelism` is a list, not a mapping",
    ),
    "text for an item": (
        "- {key: gpu, operator: Exists}",
        "- gpu",
        "24:11",
        "`pools[1].pod.tolerations[0]` is the text 'gpu', not a mapping",
    ),
    "number that is none": (
        "{tp: 8",
        "{tp: 8x",
        "15:23",
        "`pools[0].parallelism.tp` is the text '8x', not a whole number",
    ),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_wrong_value_without_a_meaning_is_one_finding(case: str) -> None:
    """The value is shown, and nothing that depends on it is left for the rules to judge."""
    old, new, place, said = UNCLEAR[case]
    result = broken(old, new)
    assert [f"{place} SPC006 {said}"] == told(result)
    pool = result.diagnostics[0].path[:2]
    assert result.spec is None or result.guessed == {pool}


def test_no_pools() -> None:
    """An empty list of pools is told as what it is."""
    head, _, _ = BASE.partition("pools:")
    assert ["12:8 SPC006 `pools` is an empty list, not a list of 1 or more"] == told(
        loaded(head + "pools: []\n")
    )


def test_unreadable_value_is_not_told_a_second_time() -> None:
    """A place that YAML itself could not give a value has one finding, not one of the shape too."""
    assert ["11:14 SPC001 `experts.redundant` is .inf, which is no finite number"] == told(
        broken("redundant: 16", "redundant: .inf")
    )


UNIONS = {
    "number for env": (
        "PLAIN: text",
        "PLAIN: 5",
        ["21:16 SPC006 `pools[1].pod.env.PLAIN` is the number 5, not a text or a mapping"],
    ),
    "list for env": (
        "PLAIN: text",
        "PLAIN: [a]",
        ["21:16 SPC006 `pools[1].pod.env.PLAIN` is a list, not a text or a mapping"],
    ),
    "secret without key": (
        "{secret: hub, key: token}",
        "{secret: hub}",
        ["22:9 SPC005 `pools[1].pod.env.SECRET` lacks the field `key`"],
    ),
    "number inside a secret": (
        "secret: hub",
        "secret: 5",
        ["22:26 SPC006 `pools[1].pod.env.SECRET.secret` is the number 5, not a text"],
    ),
    "env name": (
        "PLAIN: text",
        "NOT-PLAIN: text",
        ["21:9 SPC006 `NOT-PLAIN` is no key that `pools[1].pod.env` takes"],
    ),
    "env named like a branch": (
        "PLAIN: text",
        "str: [a]",
        ["21:14 SPC006 `pools[1].pod.env.str` is a list, not a text or a mapping"],
    ),
    "secret named like a branch": (
        "SECRET: {secret: hub, key: token}",
        "SecretKey: {str: 1}",
        [
            "22:9 SPC005 `pools[1].pod.env.SecretKey` lacks the field `key`",
            "22:9 SPC005 `pools[1].pod.env.SecretKey` lacks the field `secret`",
        ],
    ),
    "empty argument": (
        "role: prefill",
        "role: prefill\n    extra_args: {--x: }",
        [
            "15:18 SPC006 `pools[0].extra_args.--x` is empty, not true or false, a number, a text or a list"
        ],
    ),
    "argument with a mapping": (
        "role: prefill",
        "role: prefill\n    extra_args: {--x: {a: 1}}",
        [
            "15:23 SPC006 `pools[0].extra_args.--x` is a mapping, not true or false, a number, a text or a list"
        ],
    ),
    "item of an argument": (
        "role: prefill",
        "role: prefill\n    extra_args: {--x: [1, [2]]}",
        ["15:27 SPC006 `pools[0].extra_args.--x[1]` is a list, not a number or a text"],
    ),
    "argument without dashes": (
        "role: prefill",
        "role: prefill\n    extra_args: {log-level: x}",
        ["15:18 SPC006 `log-level` is no key that `pools[0].extra_args` takes"],
    ),
    "number of NICs": (
        "fabric: infiniband",
        "fabric: infiniband\n  nics: [5]",
        ["10:10 SPC006 `hardware.nics[0]` is the number 5, not a text"],
    ),
    "NIC by index": (
        "fabric: infiniband",
        "fabric: infiniband\n  nics: {0: 5}",
        ["10:13 SPC006 `hardware.nics.0` is the number 5, not a text"],
    ),
}


@pytest.mark.parametrize("case", UNIONS)
def test_place_that_takes_several_kinds_has_one_finding(case: str) -> None:
    """However many branches refuse a value, the user reads one sentence about it."""
    old, new, said = UNIONS[case]
    found = told(broken(old, new))
    place = said[0].split(" ")[0]
    assert said == [one for one in found if "SPC004" not in one], place
    assert len(found) <= len(said) + 1


def test_second_wrong_item_of_a_list_that_is_left_out() -> None:
    """Each item is told, also one whose meaning is plain, and the list as a whole is left out."""
    result = broken("fabric: infiniband", "fabric: infiniband\n  nics: [a b, 5]")
    assert [
        "10:10 SPC006 `hardware.nics[0]` is 'a b', not a text that matches ^[A-Za-z0-9_.\\-]+$",
        "10:15 SPC006 `hardware.nics[1]` is the number 5, not a text",
    ] == told(result)
    assert {()} == result.guessed


def test_key_with_a_line_break_is_told_on_one_line() -> None:
    """Keys stand in messages as quotes would spell them."""
    unknown = broken("    role: decode", '    role: decode\n    "a\\r\\nb": 1')
    assert ["18:5 SPC004 `a\\r\\nb` is no field of `pools[1]`"] == told(unknown)
    free = broken("    role: decode", '    role: decode\n    extra_args: {"a\\nb": x}')
    assert ["18:18 SPC006 `a\\nb` is no key that `pools[1].extra_args` takes"] == told(free)


@pytest.mark.parametrize(
    ("field", "written", "what"),
    [
        ("affinity", "{a: [{b: 9007199254740993}]}", "9007199254740993"),
        ("patch", "{spec: {a: -9007199254740993}}", "-9007199254740993"),
        ("tolerations", "[{tolerationSeconds: 1.0e+300}]", "1e+300"),
        ("affinity", f"{{a: {{{'k' * 318}: 1}}}}", "a key of 318 characters"),
    ],
)
def test_free_data_that_no_writer_can_write(field: str, written: str, what: str) -> None:
    """Numbers that readers of the objects would change, and endless keys, are told at their field."""
    section = "experts:\n  redundant: 16"
    (found,) = broken(section, f"pod: {{{field}: {written}}}\n{section}").diagnostics
    assert "SPC006" == found.code
    assert f"not data that Kubernetes can hold: {what}" in found.message
    assert found.span
    assert 10 == found.span.line
    kept = "[{a: 1}]" if field == "tolerations" else "{a: 9007199254740992}"
    assert () == broken(section, f"pod: {{{field}: {kept}}}\n{section}").diagnostics


def test_valid_unions_load() -> None:
    """Text or secret, list or map of NICs, and every kind of argument are taken."""
    result = broken(
        "role: prefill",
        "role: prefill\n    extra_args: {--a: true, --b: 1, --c: 0.5, --d: x, --e: [1, x]}",
    )
    assert () == result.diagnostics
    for nics in ("[mlx5_0, mlx5_1]", "{0: mlx5_0}", "~"):
        assert () == broken("fabric: infiniband", f"fabric: infiniband\n  nics: {nics}").diagnostics


@pytest.mark.parametrize("empty", ["", " ~", " null"])
def test_null_leaves_an_optional_field_out(empty: str) -> None:
    """Where `null` is the default, writing it changes nothing."""
    result = broken(
        "    role: decode", f"    role: decode\n    mtp:{empty}\n    deepep_mode:{empty}"
    )
    assert () == result.diagnostics
    assert loaded(BASE).spec == result.spec


def test_section_left_empty_is_told_and_read_as_left_out() -> None:
    """A heading whose fields are all commented out is a finding, and its defaults are assumed."""
    result = broken("experts:\n  redundant: 16", "experts:\n#  redundant: 16")
    assert ["10:1 SPC006 `experts` is empty, not a mapping"] == told(result)
    assert result.diagnostics[0].fix
    assert "give a mapping, or remove the line" == result.diagnostics[0].fix.text
    assert result.spec
    assert {("experts",)} == result.guessed


def test_missing_field_is_told_at_its_mapping_with_what_it_is() -> None:
    """The place is the parent's key or first line; the fix says what to write."""
    result = broken("    role: decode\n", "")
    assert ["16:5 SPC005 `pools[1]` lacks the field `role`"] == told(result)
    assert result.spec is None
    (found,) = broken("  path: /models/flash\n", "").diagnostics
    assert found.fix
    assert found.span
    assert 3 == found.span.line
    assert found.fix.text.startswith("add `path`: Hugging Face id, or a folder")


def test_several_mistakes_are_told_at_once() -> None:
    """One round of reading names everything that is wrong, each at its line."""
    text = (
        BASE.replace("name: demo", "naem: demo")
        .replace("h200", "yes")
        .replace("role: decode", "role: decod")
        .replace("replicas: 2", "replicas: 0")
        .replace("redundant: 16", "redundnat: '16'")
    )
    assert ["1:1", "8:8", "11:3", "11:14", "17:11", "26:13"] == [
        said.split(" ")[0] for said in told(loaded(text))
    ]


def test_what_is_unclear_in_one_pool_leaves_the_others_to_the_rules() -> None:
    """A pool with a value of no meaning is kept from the rules; the spec itself is not."""
    result = broken("    role: prefill", "    role: prefill\n    replicas: many")
    assert result.spec
    assert {("pools", 0)} == result.guessed


def test_item_of_no_meaning_leaves_its_pool_out_and_the_spec_stands() -> None:
    """What cannot be removed from a list goes with the list, as far as a spec can do without it."""
    result = broken("- {key: gpu, operator: Exists}", "- gpu")
    assert result.spec
    assert [] == result.spec.pools[1].pod.tolerations
    assert {("pools", 1)} == result.guessed


def test_repairs_leave_the_data_as_it_was_read() -> None:
    """The spec for the rules is made from a copy."""
    source = parse(BASE.replace("name: demo", "naem: demo"))
    assert check_shape(source).spec
    assert "demo" == source.data["naem"]


def test_duplicate_key_keeps_the_rules_from_its_pool() -> None:
    """Which of two values is meant cannot be told, so no rule judges the pool."""
    result = broken("    role: decode", "    role: decode\n    role: prefill")
    assert ["18:5 SPC003 `role` is given twice; the first is in line 17"] == told(result)
    assert {("pools", 1)} == result.guessed


def test_wrong_value_behind_an_anchor_is_told_once() -> None:
    """However many pools refer to it, there is one place to mend and one finding."""
    text = BASE.replace("{tp: 8, attention_dp: 8}", "&p {tp: [8], attention_dp: 8}").replace(
        "{tp: 16, attention_dp: 16}", "*p"
    )
    assert ["15:26 SPC006 `pools[0].parallelism.tp` is a list, not a whole number"] == told(
        loaded(text)
    )
    text = text.replace("tp: [8], ", "")
    assert [
        "15:5 SPC005 `pools[0].parallelism` lacks the field `tp`",
        "18:5 SPC005 `pools[1].parallelism` lacks the field `tp`",
    ] == told(loaded(text))


def test_merged_spec_is_the_written_out_spec() -> None:
    """Anchors, aliases and `<<` are only another way to write the same data."""
    text = BASE.replace(
        "- name: prefill\n    role", "- &base\n    name: prefill\n    role"
    ).replace(
        "- name: decode\n    role: decode\n    parallelism: {tp: 16, attention_dp: 16}\n",
        "- <<: *base\n    name: decode\n    role: decode\n",
    )
    written_out = yaml.safe_load(BASE)
    written_out["pools"][1]["parallelism"] = {"tp": 8, "attention_dp": 8}
    assert loaded(yaml.safe_dump(written_out)).spec == loaded(text).spec


@pytest.mark.parametrize(
    ("word", "choices", "guess"),
    [
        ("redundnat", ["redundant", "algorithm"], "redundant"),
        ("tp_size", ["tp", "attention_dp", "ep"], "tp"),
        ("dp", ["tp", "attention_dp", "ep"], "attention_dp"),
        ("Tp", ["tp", "ep"], "tp"),
        ("attentionDp", ["attention_dp", "tp"], "attention_dp"),
        ("agg", ["prefill", "decode", "aggregated"], "aggregated"),
        ("bf16", ["auto", "fp8_e4m3", "bfloat16"], "bfloat16"),
        ("gpu", ["name", "engine"], None),
        ("x", [], None),
        ("", ["name"], None),
    ],
)
def test_nearest_word(word: str, choices: list[str], guess: str | None) -> None:
    """Swapped letters, other cases and more or fewer words are near; other words are not."""
    assert guess == nearest(word, choices)


def test_pairs_are_made_nearest_first() -> None:
    """The likelier of two words gets the choice, and no choice is given twice."""
    assert {"rolee": "role"} == pair_up(["roll", "rolee"], ["role"])
    assert {"naem": "name", "rol": "role"} == pair_up(["naem", "rol"], ["role", "name"])
