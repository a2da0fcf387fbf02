"""The states of `eos_terraform`, also under test=True."""

import json

import pytest

from support import modules


@pytest.fixture
def pair(site):
    source = site.module("echo", modules.ECHO)
    site.components = {
        "first": {"source": source, "variables": {"value": "one"}},
        "second": {"source": source, "from_outputs": {"value": "first.value"}},
    }
    site.environment(site.components)
    site.sls(
        "first",
        """
first:
  eos_terraform.apply:
    - environment: staging
    - variables:
        value: from the state
""",
    )
    site.sls("all", "everything:\n  eos_terraform.orchestrate:\n    - environment: staging\n")
    return site


def rows(done):
    """Every row of a state run, by its id and name."""
    return {key.split("_|-")[2]: row for key, row in done.report.items()}


def test_a_state_predicts_then_applies_then_finds_nothing_to_do(pair):
    tested = pair.call("state.apply", "first", "test=True")
    (row,) = rows(tested).values()
    assert row["result"] is None, tested
    assert "terraform_data.this" in json.dumps(row["changes"])
    assert not (pair.workdir("first") / "terraform.tfstate").exists()
    applied = pair.call("state.apply", "first")
    (row,) = rows(applied).values()
    assert applied.rc == 0 and row["result"] is True and row["changes"], applied
    attributes = pair.state("first")[0]["instances"][0]["attributes"]
    assert attributes["input"]["value"] == "from the state"
    for words in ([], ["test=True"]):
        again = pair.call("state.apply", "first", *words)
        (row,) = rows(again).values()
        assert row["result"] is True and row["changes"] == {}, again


def test_the_documented_form_with_component_and_workspace_is_accepted(pair):
    pair.sls(
        "documents",
        """
deploy_first:
  eos_terraform.apply:
    - component: first
    - workspace: staging
    - variables: {value: two}
""",
    )
    done = pair.call("state.apply", "documents")
    assert done.rc == 0, done
    assert pair.state("first")


def test_a_whole_environment_is_a_state_with_a_row_for_each_component(pair):
    tested = pair.call("state.apply", "all", "test=True")
    assert all(row["result"] is None for row in rows(tested).values()), tested
    assert "first" in tested.stdout and "second" in tested.stdout
    assert not list(pair.root.rglob("terraform.tfstate"))
    done = pair.call("state.apply", "all")
    assert done.rc == 0, done
    assert all(row["result"] is True for row in rows(done).values()), done
    assert pair.state("first") and pair.state("second")
    again = pair.call("state.apply", "all")
    assert all(row["changes"] == {} for row in rows(again).values()), again


def test_a_failed_state_fails_the_state_run_with_terraforms_message(site):
    site.environment({"bad": {"source": site.module("bad", modules.FAILS)}})
    site.sls("bad", "bad:\n  eos_terraform.apply:\n    - environment: staging\n")
    done = site.call("state.apply", "bad")
    assert done.rc != 0, done
    (row,) = rows(done).values()
    assert row["result"] is False and "on fire" in row["comment"], done


def test_an_unknown_keyword_fails_its_own_state_and_no_other(pair):
    pair.sls(
        "mixed",
        """
wrong:
  eos_terraform.apply:
    - component: first
    - environment: staging
    - colour: blue
right:
  test.succeed_without_changes: []
""",
    )
    done = pair.call("state.apply", "mixed")
    assert done.rc != 0, done
    by_id = rows(done) | {key.split("_|-")[1]: row for key, row in done.report.items()}
    assert by_id["wrong"]["result"] is False and "colour" in by_id["wrong"]["comment"]
    assert by_id["right"]["result"] is True


def test_a_state_can_watch_another(pair):
    pair.sls(
        "watching",
        """
changed:
  test.succeed_with_changes: []
first:
  eos_terraform.apply:
    - environment: staging
    - watch:
      - test: changed
""",
    )
    done = pair.call("state.apply", "watching")
    assert done.rc == 0, done
    assert pair.state("first")


CHAIN = """
first:
  eos_terraform.apply:
    - environment: staging
    - parallel: {parallel}
second:
  eos_terraform.apply:
    - environment: staging
    - parallel: {parallel}
    - require:
      - eos_terraform: first
"""


@pytest.mark.parametrize("parallel", [False, True])
def test_a_chain_of_states_in_a_test_is_none_until_what_it_reads_is_applied(pair, parallel):
    pair.sls("chain", CHAIN.format(parallel=parallel))

    def results(*words):
        done = pair.call("state.apply", "chain", *words)
        assert done.rc == 0, done
        return {name: row["result"] for name, row in rows(done).items()}

    assert results("test=True") == {"first": None, "second": None}
    assert results() == {"first": True, "second": True}
    assert results("test=True") == {"first": True, "second": True}
    pair.components["first"]["variables"] = {"value": "two"}
    pair.environment(pair.components)
    tested = pair.call("state.apply", "chain", "test=True")
    second = rows(tested)["second"]
    assert tested.rc == 0 and second["result"] is None and second["changes"], tested
    assert "first.value" in second["comment"], tested
    assert results() == {"first": True, "second": True}
    assert results("test=True") == {"first": True, "second": True}


def test_the_orchestrations_deploy_then_destroy_an_environment(pair):
    pillar = "pillar={environment: staging, confirm: staging}"
    tested = pair.run("state.orchestrate", "orchestrate.deploy", pillar, "test=True")
    assert tested.rc == 0, tested
    assert not list(pair.root.rglob("terraform.tfstate")), "a test applies nothing"
    deployed = pair.run("state.orchestrate", "orchestrate.deploy", pillar)
    assert deployed.rc == 0, deployed
    assert pair.state("first") and pair.state("second")
    refused = pair.run("state.orchestrate", "orchestrate.destroy", "pillar={environment: staging}")
    assert refused.rc == 1, refused
    assert pair.state("first")
    destroyed = pair.run("state.orchestrate", "orchestrate.destroy", pillar)
    assert destroyed.rc == 0, destroyed
    assert pair.state("first") == [] and pair.state("second") == []


def test_a_failed_check_is_in_the_comment_and_in_the_text_and_fails_nothing(site):
    source = site.module(
        "old",
        {
            "main.tf": """
resource "terraform_data" "cert" { input = { age = 9 } }
check "young" {
  assert {
    condition     = terraform_data.cert.output.age < 5
    error_message = "it is ${terraform_data.cert.output.age} days old"
  }
}
"""
        },
    )
    site.environment({"first": {"source": source}, "second": {"source": source}})
    site.sls("one", "first:\n  eos_terraform.apply:\n    - environment: staging\n")
    site.sls("all", "everything:\n  eos_terraform.orchestrate:\n    - environment: staging\n")
    said = "(check young, main.tf:5): Check block assertion failed: it is 9 days old"
    for word in ("warning", "still warns"):
        done = site.call("state.apply", "one")
        (row,) = rows(done).values()
        assert done.rc == 0 and row["result"] is True, done
        assert f"{word} {said}" in row["comment"].splitlines(), done
    done = site.call("state.apply", "all")
    both = [
        row
        for row in rows(done).values()
        if "first: " in row["comment"] and "second: " in row["comment"]
    ]
    (whole,) = both or [pytest.fail(str(done))]
    assert done.rc == 0 and f"second: warning {said}" in whole["comment"].splitlines(), done
    text = site.orchestrate(out="eos")
    assert text.rc == 0 and f"\n  first, second: still warns {said}\n" in text.stdout, text
