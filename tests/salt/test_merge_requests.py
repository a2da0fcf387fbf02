"""Plans of a branch: what a merge request would change. They are never applied."""

import json
import os
import shutil
import subprocess

import pytest

from support import modules
from support.result import assert_refused

NET = modules.ECHO["main.tf"]


class Repository:
    """A repository with a pillar and its modules. What is on `main` is in force."""

    def __init__(self, site):
        self.site = site
        self.folder = site.folder / "infra"
        self.pillar, self.files = self.folder / "pillar", self.folder / "salt"

    def write(self, path, text):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def components(self, components, **settings):
        infrastructure = {
            "settings": {"root": str(self.site.root), **settings},
            "components": components,
            "environments": {"staging": {}},
        }
        self.write("pillar/top.sls", "base: {'*': [infrastructure]}\n")
        self.write(
            "pillar/infrastructure.sls",
            "#!json\n" + json.dumps({"infrastructure": infrastructure}),
        )

    def git(self, *words):
        argv = ["git", "-C", self.folder, "-c", "user.name=ada", "-c", "user.email=ada@example"]
        done = subprocess.run([*argv, *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x")

    def put_in_force(self):
        """What the master does after a merge."""
        shutil.copytree(self.pillar, self.site.pillars, dirs_exist_ok=True)
        shutil.copytree(self.files, self.site.states, dirs_exist_ok=True)

    def eos(self, *words, **how):
        return self.site.eos(*words, cwd=self.folder, **how)


@pytest.fixture
def repository(site):
    """Three components, of which the first reads the second. The branch `more` is checked out."""
    made = Repository(site)
    made.write("salt/net/main.tf", NET)
    made.write("salt/app/main.tf", NET)
    made.components(
        {
            "app": {"source": "salt://app", "from_outputs": {"value": "net.value"}},
            "net": {"source": "salt://net", "variables": {"value": "one"}},
            "other": {"source": "salt://app", "variables": {"value": "three"}},
        }
    )
    made.folder.joinpath(".gitignore").write_text("*.tfstate\n")
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit()
    made.put_in_force()
    made.git("checkout", "--quiet", "-b", "more")
    return made


def test_a_merge_request_plans_what_its_branch_changes_and_nothing_is_ever_applied(repository):
    site = repository.site
    assert site.eos("apply", "staging").rc == 0
    where = ["--pillar", "pillar", "--files", "salt"]
    nothing = repository.eos("plan", "-e", "staging", *where, "--affected", "main")
    assert nothing.rc == 0 and "nothing is affected" in nothing.stdout, nothing

    repository.write("salt/net/main.tf", NET.replace("var.value", '"${var.value}!"'))
    repository.commit()
    words = ["plan", "-e", "staging", *where, "--affected", "main"]
    page = repository.eos(*words, "--format", "markdown")
    assert page.rc == 0 and page.stdout.startswith("### `plan of staging`, run `"), page
    main = repository.git("rev-parse", "main")[:12]
    for part in (
        "Plan of `branch more, commit ",
        "It only shows what would change: it is never applied.",
        f"affected since main ({main}): 2 of 3 components",
        "app: depends on net",
        "net: its module",
        '"one!"',
    ):
        assert part in page.stdout, (part, page)

    planned = repository.eos(*words, "--json")
    report = json.loads(planned.stdout)
    assert set(report["components"]) == {"app", "net"}, planned
    assert report["affected"]["components"]["net"] == "its module", planned
    assert report["branch"]["name"] == "more" and report["of_branch"], planned
    for verb in ("apply", "approve"):
        refused = site.eos(verb, report["plan_id"], "--json")
        assert_refused(refused, "plan_of_branch", "branch more", "eos -c")
    shown = site.eos("show", report["plan_id"])
    assert "it is of a branch, so it is never applied" in shown.stdout, shown
    # What the master uses is as before.
    assert site.eos("plan", "staging").stdout.startswith("staging (plan): 3 unchanged"), site.folder

    checked = repository.eos("validate", "staging", *where)
    assert checked.rc == 0 and "of branch more" in checked.stdout, checked
    repository.write("pillar/infrastructure.sls", "infrastructure: {% broken\n")
    checked = repository.eos("validate", "staging", *where)
    assert checked.rc == 1 and "Salt could not compile the pillar" in checked.stdout, checked


def test_a_commit_is_compared_by_each_way_to_name_a_branch(repository):
    site = repository.site
    text = repository.pillar.joinpath("infrastructure.sls").read_text()
    changed = text.replace("three", "four")
    where = [f"pillar_root={repository.pillar}", f"file_root={repository.files}"]
    missing = site.run("infrastructure.plan", "staging", *where, "affected=nowhere")
    assert_refused(missing, "not_comparable", "there is no commit nowhere")
    outside = site.run("infrastructure.plan", "staging", "affected=main")
    assert_refused(outside, "not_comparable", "the pillar is not in a git repository")

    # A pillarenv of the master.
    repository.write("pillar/top.sls", "more: {'*': [infrastructure]}\n")
    repository.write("pillar/infrastructure.sls", changed)
    opts = json.loads((site.conf / "master").read_text())
    opts["pillar_roots"]["more"] = [str(repository.pillar)]
    (site.conf / "master").write_text(json.dumps(opts))
    checked = site.run("infrastructure.validate", "staging", "pillarenv=more")
    assert checked.rc == 0 and checked.report["of_branch"] == "pillarenv more", checked

    # A checkout on a minion without a master.
    repository.write("pillar/top.sls", "base: {'*': [infrastructure]}\n")
    minion = json.loads((site.conf / "minion").read_text())
    (site.conf / "minion").write_text(json.dumps(minion | {"file_client": "local"}))
    words = ["plan", "staging", "--pillar", "pillar", "--files", "salt", "--as-minion"]
    planned = repository.eos(*words, "--affected", "main")
    assert planned.stdout.startswith("staging (plan): 1 planned"), planned
    assert "other: its pillar" in planned.stdout, planned

    # A branch that repairs a broken main can be planned: all of it counts as new.
    repository.write("pillar/infrastructure.sls", "infrastructure: {% broken\n")
    repository.commit()
    repository.write("pillar/infrastructure.sls", changed)
    since = site.run("infrastructure.plan", "staging", *where, "affected=more", "components=other")
    assert since.report["affected"]["components"] == {"other": "new"}, since
    assert "the pillar of more has problems" in since.report["affected"]["notes"][0], since


@pytest.mark.quick
def test_only_the_user_of_the_process_may_name_a_folder(tmp_path):
    from saltext.eos import branch, command_line
    from saltext.eos.caller import Caller

    (tmp_path / "top.sls").write_text("base: {}\n")
    given = {"pillar_root": str(tmp_path)}
    line = {"program": "salt-run", "words": ["salt-run"]}
    assert branch.of(given, Caller("root", "system"), line).problems == ()
    for how in ("salt", "job", "unknown"):
        (problem,) = branch.of(given, Caller("ada", how), line).problems
        assert "only for the user as whom Eos runs" in problem, problem
    for wrong, word in (
        ({"pillar_root": "pillar"}, "absolute"),
        ({"pillar_root": str(tmp_path / "no")}, "not a folder"),
        ({"pillar_root": os.path.dirname(tmp_path)}, "no top.sls"),
        ({**given, "pillarenv": "x"}, "exclude each other"),
        ({"pillarenv": ["x"]}, "must be a text"),
    ):
        (problem,) = branch.of(wrong, Caller("root", "system"), line).problems
        assert word in problem, problem
    assert branch.of({"pillarenv": None, "saltenv": ""}, Caller("root"), line) is None
    # The texts name an option as the caller writes it.
    for typed, option in ((line, "pillar_root=x"), (command_line.of_eos(), "--pillar x")):
        (problem,) = branch.of({"pillar_root": "x"}, Caller("root", "system"), typed).problems
        assert problem == f"{option} must be an absolute path"


@pytest.mark.quick
@pytest.mark.parametrize("how", ["salt", "job", "unknown"])
def test_only_the_user_of_the_process_may_compare_with_a_commit(how):
    from saltext.eos.caller import Caller
    from saltext.eos.host import Host

    host = object.__new__(Host)
    host.caller = Caller("ada", how)
    with pytest.raises(PermissionError, match="only for the user as whom Eos runs"):
        host.at_commit("main")


@pytest.mark.quick
def test_a_folder_takes_the_place_of_git_pillar_and_other_sources_stay():
    from saltext.eos import branch

    chosen = branch.Branch(pillar_root="/checkout", file_root="/files")
    opts = {"ext_pillar": [{"git": ["main url"]}, {"cmd_json": "x"}], "pillarenv": "dev"}
    chosen = chosen.options(opts)
    assert chosen["ext_pillar"] == [{"cmd_json": "x"}] and chosen["pillarenv"] is None
    assert chosen["pillar_roots"] == {"base": ["/checkout"]}
    assert chosen["file_roots"] == {"base": ["/files"]}


@pytest.mark.quick
@pytest.mark.parametrize("argument", ["pillarenv", "saltenv", "pillar_root", "file_root"])
def test_a_master_that_fixes_the_minion_takes_no_branch(argument):
    from saltext.eos import fixed

    opts = {"eos": {"minion": "web1", "fixed": ["minion"]}}
    ((name, fact),) = fixed.refused(opts, {argument: "more"})
    assert (name, fact) == (
        argument,
        "the master's option eos:fixed does not allow it: leave it out",
    )
    assert fixed.refused({"eos": {"fixed": ["variables"]}}, {argument: "more"}) == []
