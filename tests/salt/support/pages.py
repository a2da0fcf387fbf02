"""Follows pages of the documentation from top to bottom, as a reader does.

A fenced block whose paragraph names a file, such as `/srv/pillar/top.sls`, becomes that file. Each line of a `sh`
block is run as it is written. A `text` block after it is the expected output: `...` replaces omitted text, and
numbers, ids and times may differ.
"""

import contextlib
import dataclasses
import json
import re
import shlex
import shutil
from pathlib import Path

import yaml

import configure
from support.master import Master
from support.sink import Sink
from support.site import BIN, CHECKOUT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
FILE = re.compile(r"`(/(?:srv|etc)/[^`]+)`[^`\n]*:$")
ID = "[0-9A-HJKMNP-TV-Z]{26}"
# The id in earlier output with which a reader replaces such a word.
PRINTED = {
    "PLAN_ID": rf"(?:plan_id=|infrastructure\.apply |^  plan +)({ID})",
    "RUN_ID": rf"\brun ({ID})",
    "SNAPSHOT_ID": rf"^ *(?:snapshot )?({ID}) ",
    "DRIFT_ID": r"drift_id=([0-9a-f]{32})",
}
MINION = "infra-1"  # the minion of salt-call
# Pages outside docs/.
OUTSIDE = ("README.md", "CONTRIBUTING.md", "pillar-examples/README.md")
SALT = ("eos", "salt", "salt-call", "salt-run")
# Lines that change the shell itself, so that they apply to all later lines.
FOR_THE_SHELL = ("alias ", "export ", "cd ")


@dataclasses.dataclass(frozen=True)
class Block:
    language: str
    text: str
    file: str | None

    @property
    def lines(self):
        """The command lines. A line that ends with a backslash continues on the next line."""
        return self.text.replace("\\\n", "").splitlines()


def names():
    """Every page, by its path in the checkout."""
    pages = [CHECKOUT / name for name in OUTSIDE]
    pages += sorted((CHECKOUT / "docs").rglob("*.md"))
    return [str(page.relative_to(CHECKOUT)) for page in pages]


def blocks(page):
    """The fenced blocks of a page, in order."""
    text = (CHECKOUT / page).read_text()
    for fence in FENCE.finditer(text):
        paragraph = text[: fence.start()].rstrip().rsplit("\n\n", 1)[-1]
        named = FILE.search(paragraph)
        yield Block(fence[1], fence[2], named and named[1])


def promised(line):
    """The exit code and the counts that a line's own comment promises."""
    comment = line.partition("  # ")[2]
    code = re.search(r"exit code (\d+)", comment)
    counts = re.match(r"\d+ [a-z ]+(?:, \d+ [a-z ]+)*", comment)
    return int(code[1]) if code else 0, counts[0].strip() if counts else ""


def line_pattern(shown):
    """A pattern for a shown line. Numbers, ids and the width of gaps may differ."""
    free = {"...": ".*"}
    parts = re.split(rf"(\.\.\.|{ID}|[0-9a-f]{{32}}|[\d.]*\d|\s+)", shown.strip())
    like = [
        re.escape(part) if at % 2 == 0 else free.get(part, r"\s+" if part.isspace() else r"[\w.]+")
        for at, part in enumerate(parts)
    ]
    return re.compile(r"\s*" + "".join(like) + r"\s*$")


def missing(shown, printed):
    """The first shown line that the printed lines do not contain, in order."""
    lines = iter(printed.splitlines())
    for line in shown.splitlines():
        if line.strip() not in ("", "..."):
            wanted = line_pattern(line)
            if not any(wanted.match(one) for one in lines):
                return line
    return None


def checkout(folder):
    """Makes a separate checkout that is already built: a reader may edit its pillars, and make has nothing to build."""
    own = {".git", ".venv", ".demo", "target", "pillar-examples"}
    folder.mkdir()
    for path in CHECKOUT.iterdir():
        if path.name not in own:
            (folder / path.name).symlink_to(path)
    shutil.copytree(CHECKOUT / "pillar-examples", folder / "pillar-examples")
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "include", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(CHECKOUT / ".venv" / name)
    for name in (".tools", ".core"):
        (folder / ".venv" / name).touch()
    return folder


@contextlib.contextmanager
def hearing(folder):
    """Receives the events of the demo in a folder, as `Site` does for its own. See `Sink`."""
    folder.mkdir(mode=0o700)
    root = configure.salt_root(folder)
    (root / "sock").mkdir(mode=0o700)
    sink = Sink(root / "sock")
    try:
        yield
    finally:
        sink.close()
        if root.is_symlink():
            shutil.rmtree(root.parent)


class Reader:
    """Follows pages in one site. Its folders replace those of a real host."""

    def __init__(self, site, *, settings=None, env=None, before=None, addresses=None):
        self.site, self.before = site, before or {}
        self.checkout = checkout(site.folder / "checkout")
        # Where programs of Salt run. The shell follows each `cd` itself.
        self.folder = self.checkout
        self.places = {
            "/tmp/try": site.folder / "try",
            "/srv/pillar": site.pillars,
            "/srv/salt": site.states,
            "/srv/terraform": site.root,
            "/etc/salt": site.conf,
            **(addresses or {}),
        }
        # The last pillar: it replaces the paths in /srv and the fixed addresses of a host with those of this site.
        own = {"infrastructure": {"settings": {"root": str(site.root), **(settings or {})}}}
        (site.pillars / "of_this_site.sls").write_text(yaml.safe_dump(own))
        self.top({"*": ["infrastructure"]})
        if isinstance(site, Master):
            self.places[MINION] = "minion"
        else:
            # The minion of this site has no master.
            minion = json.loads((site.conf / "minion").read_text())
            minion |= {"file_client": "local", "id": MINION}
            (site.conf / "minion").write_text(json.dumps(minion))
        self.env = {"SALT_CONFIG_DIR": str(site.conf), **(env or {})}
        self.sticky, self.printed, self.aliases = [], [], {}

    def place(self, text):
        """The text with this site's folders instead of a host's."""
        for name, folder in self.places.items():
            text = re.sub(rf"(?<![\w/.]){re.escape(name)}(?!\w)", str(folder), text)
        return text

    def top(self, base):
        """Writes the pillar's top file. The site's own pillar is last, so it has priority."""
        last = base.pop("*", [])
        top = {"base": base | {"*": [*last, "of_this_site"]}}
        (self.site.pillars / "top.sls").write_text(yaml.safe_dump(top, sort_keys=False))

    def write(self, block):
        """Writes a block to the file that the page names."""
        if block.file == "/srv/pillar/top.sls":
            return self.top(yaml.safe_load(self.place(block.text))["base"])
        path = Path(self.place(block.file))
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.write_text(self.place(block.text))

    def filled(self, line):
        """The line with ids instead of words such as PLAN_ID: the first id of the latest output that has one."""
        for word, where in PRINTED.items():
            if word in line:
                found = [re.search(where, printed, re.M) for printed in reversed(self.printed)]
                found = [one[1] for one in found if one]
                assert found, f"nothing printed a {word} for {line!r}:\n{self.printed}"
                line = line.replace(word, found[0])
        return line

    def run(self, line):
        """Runs one line as a shell does. Its exit code must be the promised one."""
        for begins, action in self.before.items():
            if line.startswith(begins):
                action(self)
        if line.startswith(FOR_THE_SHELL):
            self.sticky.append(line)
        if line.startswith("alias "):
            name, _, words = shlex.split(line)[1].partition("=")
            self.aliases[name] = words
        typed = self.place(self.filled(line))
        if line.startswith("cd "):
            self.folder = Path(self.folder, typed.removeprefix("cd "))
        first, _, others = typed.partition(" ")
        expanded = f"{self.aliases.get(first, first)} {others}"
        program, folder = expanded.split()[0].removeprefix(".venv/bin/"), self.checkout
        if program in SALT:
            folder = self.folder
            # The line needs no shell, and the site has a quick way to start Salt.
            argv = [BIN / program, *shlex.split(expanded, comments=True)[1:]]
        else:
            script = "\n".join([*self.sticky, typed])
            argv = ["bash", "-O", "expand_aliases", "-c", script]
        done = self.site.finish(argv, env=self.env, cwd=folder)
        said = done.said
        for name, folder in self.places.items():
            said = said.replace(str(folder), name)
        self.printed.append(said)
        code, counts = promised(line)
        assert done.rc == code, f"{line}\nexit code {done.rc}\n{said}"
        assert counts in said, f"{line}\n{said}"

    def follow(self, page, cannot=()):
        """Follows a page in order, except for the lines in `cannot`."""
        for block in blocks(page):
            if block.file:
                self.write(block)
            elif block.language == "sh":
                for line in block.lines:
                    if line.strip() and not line.startswith("#") and line not in cannot:
                        self.run(line)
            elif block.language == "text":
                line = missing(block.text, self.printed[-1])
                assert line is None, f"{page} shows {line!r}, but:\n{self.printed[-1]}"
