"""A module from salt:// is the module that is there: modes, awkward names, Salt environments, child modules."""

import json
import os
import stat

import pytest

from support.result import assert_refused

SCRIPT = {
    "main.tf": """
variable "out" { type = string }
resource "terraform_data" "this" {
  triggers_replace = timestamp()
  provisioner "local-exec" { command = "${path.module}/bin/register.sh '${var.out}'" }
}
output "texts" {
  value = [for name in sort(fileset(path.module, "data/*")) : file("${path.module}/${name}")]
}
""",
    "bin/register.sh": '#!/bin/sh\nmkdir -p "$1/site" && echo registered > "$1/site/index.html"\n',
    "data/a?b.txt": "question",
    "data/c\\d.txt": "backslash",
    "data/e.tfstate.tpl": "template",
}


@pytest.fixture
def script(site):
    """A module with a script and awkward names. `source` is below salt://, `folder` is the same on this host."""
    source = site.module("script", SCRIPT)
    folder = site.states / "modules" / "script"
    (folder / "bin/register.sh").chmod(0o755)
    return source, folder


def environment(site, source, out):
    web = {"source": str(source), "variables": {"out": str(site.folder / out)}}
    site.environment({"web": web}, settings={"policy": {"allow_destroy": True}})


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_scripts_and_awkward_names_arrive_from_salt_as_from_a_folder(site, script):
    ids, outputs = set(), []
    for source in script:
        environment(site, source, "out")
        done = site.orchestrate()
        assert done.rc == 0, done
        web = done.report["components"]["web"]
        ids.add(web["deployment_id"])
        outputs.append(web["outputs"]["texts"])
    assert len(ids) == 1
    assert outputs == [["question", "backslash", "template"]] * 2
    # A minion without a master reads the same files.
    environment(site, script[0], "minion")
    called = site.call("eos_terraform.apply", "web", "staging", "auto_approve=True")
    assert called.rc == 0 and (site.folder / "minion/site/index.html").exists(), called
    # The bit is taken away again, and with it the file's right to be executed.
    (script[1] / "bin/register.sh").chmod(0o644)
    done = site.orchestrate()
    assert "ermission denied" in done.said, done


def test_what_a_module_writes_for_others_has_the_callers_umask(site, script):
    out = site.folder / "out"
    environment(site, script[0], "out")
    before = os.umask(0o022)
    try:
        done = site.orchestrate(forks=False)
    finally:
        os.umask(before)
    assert done.rc == 0, done
    assert (mode(out / "site"), mode(out / "site/index.html")) == (0o755, 0o644)
    assert mode(site.workdir("web")) == 0o700
    assert mode(site.workdir("web") / "terraform.tfstate") == 0o600


def test_a_child_module_outside_of_the_source_is_refused_and_the_named_source_works(site):
    site.module("shared/tag", {"main.tf": 'output "t" { value = "tagged" }'})
    child = 'module "tag" { source = "../../shared/tag" }\noutput "t" { value = module.tag.t }'
    source = site.module("live/web", {"main.tf": child})
    site.environment({"web": {"source": source}})
    refused = site.run("infrastructure.validate", "staging")
    way = "Write the source as salt://modules//live/web"
    assert_refused(refused, 'module \\"tag\\"', "../../shared/tag", way)
    # The top of file_roots has all that is below it.
    for source in ["salt://modules//live/web", "salt:////modules/live/web"]:
        site.environment({"web": {"source": source}})
        done = site.orchestrate()
        assert done.rc == 0 and done.report["components"]["web"]["outputs"]["t"] == "tagged", done


def test_the_salt_environment_may_stand_behind_the_subfolder(site):
    dev = site.folder / "dev"
    for name in ("master", "minion"):
        options = json.loads((site.conf / name).read_text())
        options["file_roots"]["dev"] = [str(dev)]
        (site.conf / name).write_text(json.dumps(options))
    (dev / "tree/sub").mkdir(parents=True)
    (dev / "tree/sub/main.tf").write_text('output "v" { value = "of dev" }')
    site.environment(
        {
            "terraforms": {"source": "salt://tree//sub?saltenv=dev"},
            "other": {"source": "salt://tree?saltenv=dev//sub"},
        }
    )
    done = site.orchestrate()
    assert done.rc == 0, done
    values = {name: one["outputs"]["v"] for name, one in done.report["components"].items()}
    assert values == {"terraforms": "of dev", "other": "of dev"}
