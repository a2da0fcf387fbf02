"""Which pillar file a value came from: whoever changes the value there changes the value that Eos uses."""

import subprocess

from saltext.eos.origins.places import at, leaves, text
from support import pillars
from support.pillars import Pillar

WEB = ["infrastructure", "components", "web", "variables"]


def number_leaves(pillar):
    """Each number below `infrastructure`, with its path as texts."""
    found = leaves(pillar.get("infrastructure") or {})
    return [
        (["infrastructure", *map(text, path)], value)
        for path, value in found
        if type(value) is int and 1000 <= value <= 9999
    ]


def changed(pillar, file, old, new, row=None):
    """The pillar after a number was changed in a file, there only in this row. The file is as before then."""
    before = file.read_text()
    rows = before.splitlines(keepends=True)
    for index in range(len(rows)) if row is None else [row - 1]:
        rows[index] = rows[index].replace(str(old), str(new))
    assert "".join(rows) != before, f"{old} is not in row {row} of {file}:\n{before}"
    file.write_text("".join(rows))
    try:
        return pillar.compiled()
    finally:
        file.write_text(before)


def file_of(pillar, source):
    if source["ext_pillar"]:
        return pillar.folder / "ext.yaml"
    return pillar.folder / source["file"]


def check(pillar, seed):
    """Checks every number of a pillar. Returns how many, how many with a line, and how many sources that lost."""
    before = pillar.compiled()
    found = number_leaves(before)
    answers = pillar.answers([path for path, _ in found])
    known = lines = lost = 0
    for (path, value), answer in zip(found, answers, strict=True):
        place = f"seed {seed}, {path} = {value}: {answer}"
        winners = [one for one in answer["sources"] if one["effect"] != "overridden"]
        if answer["unknown"]:
            continue
        known += 1
        assert len(winners) == 1, place
        (winner,) = winners
        row = winner["anchor"] or winner["line"]
        lines += row is not None
        after = changed(pillar, file_of(pillar, winner), value, 10001, row)
        assert at(after, path)[0] == 10001, place
        for loser in answer["sources"]:
            if loser["effect"] == "overridden" and loser["line"]:
                lost += 1
                file = file_of(pillar, loser)
                row = loser["anchor"] or loser["line"]
                for number in pillars.numbers_in(file.read_text().splitlines()[row - 1]):
                    if int(number) != value:
                        after = changed(pillar, file, number, 10002, row)
                        assert at(after, path)[0] == value, f"{place}: {loser}"
    return len(found), known, lines, lost


def test_the_named_file_and_line_decide_the_value_in_generated_pillars(tmp_path):
    totals = [0, 0, 0, 0]
    for seed in range(12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        totals = [
            sum(pair)
            for pair in zip(totals, check(pillars.generated(folder, seed), seed), strict=True)
        ]
    found, known, lines, lost = totals
    assert known == found > 50 and lines > found / 3 and lost > 10, totals


VARIABLES = "infrastructure: {components: {web: {variables: "


def test_an_ext_pillar_that_changes_what_it_gets_makes_the_answer_unknown(tmp_path):
    pillar = Pillar(tmp_path, ext_pillar=[{"changing": None}])
    folder = tmp_path / "modules" / "pillar"
    folder.mkdir(parents=True)
    (folder / "changing.py").write_text(
        "def ext_pillar(minion_id, pillar, *args):\n"
        "    pillar['infrastructure']['components']['web']['variables']['size'] = 3\n"
        "    return {}\n"
    )
    files = {
        "top": "base: {'*': [a, b]}",
        "a": f"{VARIABLES}{{size: 1}}}}}}}}",
        "b": f"{VARIABLES}{{size: 2}}}}}}}}",
    }
    pillar.write(files)
    assert at(pillar.compiled(), [*WEB, "size"])[0] == 3
    (answer,) = pillar.answers([[*WEB, "size"]])
    assert "an ext_pillar changes the pillar itself" in answer["unknown"]
    possible = [(one["file"] or one["ext_pillar"], one["effect"]) for one in answer["sources"]]
    names = [*(str(tmp_path / f"pillar/{name}.sls") for name in "ab"), "changing"]
    assert possible == [(name, "possible") for name in names]


def test_a_value_that_differs_each_time_has_only_possible_sources(tmp_path):
    pillar = Pillar(tmp_path)
    size = "{{ range(99999) | random }}"
    pillar.write({"top": "base: {'*': [a]}", "a": f"{VARIABLES}{{size: {size}}}}}}}}}\n"})
    (answer,) = pillar.answers([[*WEB, "size"]])
    assert answer["unknown"] and [one["effect"] for one in answer["sources"]] == ["possible"]
    assert answer["sources"][0]["line"] is None


def test_only_the_files_of_the_pillar_environment_count(tmp_path):
    roots = {"base": ["pillar"], "dev": ["dev"]}
    pillar = Pillar(tmp_path, pillar_roots=roots, pillarenv="dev")
    pillar.write({"top": "base: {'*': [a]}", "a": f"{VARIABLES}{{size: 1}}}}}}}}"})
    text = "infrastructure:\r\n  components:\r\n    web: {variables: {size: 2}}\r\n"
    (tmp_path / "dev" / "deep").mkdir(parents=True)
    (tmp_path / "dev" / "top.sls").write_text("dev: {'*': [deep]}")
    (tmp_path / "dev" / "deep" / "init.sls").write_bytes(text.encode())
    (answer,) = pillar.answers([[*WEB, "size"]])
    (source,) = answer["sources"]
    assert (source["file"], source["line"]) == (str(tmp_path / "dev/deep/init.sls"), 3)


def test_a_file_of_git_is_named_with_its_repository_and_without_a_login(tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    # The clone is a local file, and Salt's configuration has a login that nobody asks for.
    remote = f"main file://user:hunter2@localhost{repository}"
    files = {
        "top.sls": "base: {'*': [web]}\n",
        "web.sls": f"include: [more]\n{VARIABLES}{{size: 5}}}}}}}}\n",
        "more.sls": f"{VARIABLES}{{size: 6, zone: 7}}}}}}}}\n",
    }
    for name, written in files.items():
        (repository / name).write_text(written)
    git = ["git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], check=True)
    pillar = Pillar(
        tmp_path,
        ext_pillar=[{"git": [remote]}],
        git_pillar_provider="gitpython",
        git_pillar_base="main",
        # A minion without a master fetches the repository itself.
        __role="minion",
    )
    pillar.write({"top": "base: {'*': [a]}", "a": f"{VARIABLES}{{size: 1, own: 2}}}}}}}}"})
    size, zone, own = pillar.answers([[*WEB, name] for name in ("size", "zone", "own")])
    brief = [(one["file"], one["line"], one["effect"]) for one in size["sources"]]
    local = str(tmp_path / "pillar/a.sls")
    assert brief == [
        ("web.sls", 2, "wins"),
        (local, 1, "overridden"),
        ("more.sls", 1, "overridden"),
    ]
    assert size["sources"][0]["repository"] == f"main file://localhost{repository}"
    assert [(one["file"], one["ext_pillar"]) for one in zone["sources"]] == [("more.sls", "git")]
    assert [(one["file"], one["ext_pillar"]) for one in own["sources"]] == [(local, None)]


def test_a_service_at_the_top_of_the_pillar_is_found_there(tmp_path):
    pillar = Pillar(tmp_path)
    service = "nomad_service:\n  - name: web\n    config:\n      image: one\n"
    pillar.write({"top": "base: {'*': [a]}", "a": service})
    path = ["infrastructure", "nomad_service", "0", "config", "image"]
    (answer,) = pillar.answers([path])
    assert [(one["effect"], one["line"]) for one in answer["sources"]] == [("wins", 4)], answer
