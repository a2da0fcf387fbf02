"""The README's first deployment, done as it is written."""

import re
import shlex

import yaml

from support.site import CHECKOUT

README = (CHECKOUT / "README.md").read_text()


def blocks(section, language):
    """The code blocks of one section, in their order."""
    body = README.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(rf"```{language}\n(.*?)```", body, re.S)


def words(line):
    """A `salt-run` line of the README, without the program."""
    program, *rest = shlex.split(line, comments=True)
    assert program == "salt-run", line
    return rest


def test_the_first_deployment_works_as_the_readme_has_it(site):
    (module,) = blocks("A first deployment", "hcl")
    pillar, option, top, state = blocks("A first deployment", "yaml")
    commands = [words(line) for line in blocks("A first deployment", "sh")[0].splitlines()]
    greeting = site.states / "components" / "greeting"
    greeting.mkdir(parents=True)
    (greeting / "main.tf").write_text(module)
    (site.pillars / "infrastructure.sls").write_text(pillar)
    assert set(yaml.safe_load(option)["eos"]) == {"minion"}
    # The README's workdirs are in /srv/terraform, a test's are its own; its states need the pillar too.
    roots = {"infrastructure": {"settings": {"root": str(site.root)}}}
    (site.pillars / "root.sls").write_text(yaml.safe_dump(roots))
    target = yaml.safe_load(top)
    target["base"] = {"*_master": [*target["base"]["*_master"], "root"]}
    target["base"]["minion"] = target["base"]["*_master"]
    (site.pillars / "top.sls").write_text(yaml.safe_dump(target))

    validate, look, do = commands
    assert site.run(*validate).rc == 0
    assert not list(site.root.rglob("*.tfstate")), "validate runs nothing"
    looked = site.run(*look)
    assert looked.rc == 0 and looked.report["result"] is None, looked
    assert looked.statuses == {"greeting": "planned", "echo": "pending_inputs"}
    done = site.run(*do)
    assert done.statuses == {"greeting": "applied", "echo": "applied"}, done
    assert done.report["components"]["greeting"]["outputs"]["said"] == "Hello, staging"

    site.sls("staging", state)
    again = site.call("state.apply", "staging", "test=True")
    assert again.rc == 0, again
    rows = [row for key, row in again.report.items() if key.startswith("eos_terraform_|-")]
    assert rows and all(row["result"] is True and not row["changes"] for row in rows), again
    (destroy,) = re.findall(
        r"`salt-run (infrastructure\.destroy [^`]*)`", README.split("## Reading")[0]
    )
    down = site.run(*destroy.split())
    assert down.rc == 0 and set(down.statuses.values()) == {"destroyed"}, down
