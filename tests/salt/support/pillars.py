"""Generated pillars: several files, includes, anchors, Jinja and an ext_pillar, compiled by Salt in this process."""

import copy
import random
import re
import textwrap

FILES = ("a", "b", "c/init", "d/e")
NAMES = ("size", "zone", "tags", "list")
MINION = "web1"


class Pillar:
    """Pillar files in a folder. A number in them occurs once, so it can be found and changed."""

    def __init__(self, folder, **options):
        self.folder = folder
        self.options = options
        self.roots = options.pop("pillar_roots", {"base": ["pillar"]})
        roots = {env: [str(folder / one) for one in all_] for env, all_ in self.roots.items()}
        # Salt changes how modules are imported, and pytest could not collect other tests.
        import salt.config

        self.opts = salt.config.apply_master_config(
            {
                "id": "master",
                "root_dir": str(folder),
                "cachedir": str(folder / "cache"),
                "extension_modules": str(folder / "modules"),
                "pillar_roots": roots,
                **options,
            }
        )
        self._salt = None

    def write(self, files, root="pillar"):
        for name, text in files.items():
            path = self.folder / root / f"{name}.sls"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    def compiled(self):
        """The pillar as Salt compiles it, without Eos."""
        import salt.pillar

        if self._salt is None:
            self._salt = salt.pillar.Pillar(
                copy.deepcopy(self.opts),
                {"id": MINION},
                MINION,
                "base",
                pillarenv=self.opts["pillarenv"],
            )
        self._salt.pillar_data = {}
        self._salt.ignored_pillars = {}
        return copy.deepcopy(self._salt.compile_pillar())

    def answers(self, paths):
        from saltext.eos.origins import answer

        known = self.compiled()
        return answer.answers(
            copy.deepcopy(self.opts), {"id": MINION}, MINION, "base", known, paths
        )


def generated(folder, seed):
    """A pillar that is made from the seed."""
    draw = random.Random(seed)
    options = {
        "pillar_source_merging_strategy": draw.choice(
            ["smart", "smart", "recurse", "overwrite", "list", "aggregate", "none"]
        ),
        "pillar_merge_lists": draw.random() < 0.3,
        "pillar_includes_override_sls": draw.random() < 0.3,
        "ext_pillar_first": draw.random() < 0.3,
        "pillar_roots": {"base": ["pillar", "more"]},
    }
    if draw.random() < 0.15:
        options["renderer"] = "jinja|yamlex"
    if draw.random() < 0.3:
        options["ext_pillar"] = [{"cmd_yaml": f"cat {folder}/ext.yaml"}]
    pillar = Pillar(folder, **options)
    numbers = iter(range(1000, 9999))
    named = draw.sample(FILES, draw.randint(1, 3))
    sls = [name.removesuffix("/init").replace("/", ".") for name in named]
    pillar.write({"top": f"base: {{'*': {sls}}}"})
    for name in FILES:
        pillar.write({name: _file(draw, numbers, name)}, draw.choice(["pillar", "pillar", "more"]))
    (folder / "ext.yaml").write_text(_document(draw, numbers, top=""))
    return pillar


def _file(draw, numbers, name):
    kind = draw.random()
    top = ""
    if kind < 0.4:
        others = [one for one in FILES if one != name]
        entries = [f"  - {draw.choice(others).removesuffix('/init').replace('/', '.')}\n"]
        if draw.random() < 0.5:
            # The document of another file lands somewhere else.
            key = draw.choice(
                ["infrastructure:components:web:variables:tags", "infrastructure:more"]
            )
            entries = [entries[0].rstrip("\n") + ": {key: '" + key + "'}\n"]
        top += "include:\n" + "".join(entries)
    if kind > 0.7:
        top += "{% set one = 1 %}\n"
    if kind > 0.95:
        return "#!py\ndef run():\n    return " + repr(
            {"infrastructure": {"components": {"web": {"variables": {"size": next(numbers)}}}}}
        )
    return _document(draw, numbers, top)


def _document(draw, numbers, top):
    text = top
    has_anchor = draw.random() < 0.4
    if has_anchor:
        text += f"shared: &shared\n  size: {next(numbers)}\n  tags:\n    a: {next(numbers)}\n"
        text += f"number: &number {next(numbers)}\n"
    text += "infrastructure:\n  components:\n"
    for component in draw.sample(["web", "db"], draw.randint(1, 2)):
        text += f"    {component}:\n      variables:\n"
        names = draw.sample(NAMES, draw.randint(1, 4))
        if has_anchor and draw.random() < 0.3:
            text = text.rstrip("\n") + " *shared\n"
            continue
        if has_anchor and draw.random() < 0.5:
            text += "        <<: *shared\n"
        for name in names:
            text += _variable(draw, numbers, name, has_anchor)
    return text


def _variable(draw, numbers, name, has_anchor):
    if name == "tags":
        keys = draw.sample("abc", draw.randint(0, 3))
        if not keys:
            return "        tags: {}\n"
        if draw.random() < 0.4:
            return f"        tags: {{{', '.join(f'{key}: {next(numbers)}' for key in keys)}}}\n"
        return "        tags:\n" + "".join(f"          {key}: {next(numbers)}\n" for key in keys)
    if name == "list":
        return f"        list:\n          - {next(numbers)}\n          - {next(numbers)}\n"
    if has_anchor and draw.random() < 0.3:
        return f"        {name}: *number\n"
    return f"        {name}: {next(numbers)}\n"


def numbers_in(text):
    return re.findall(r"\b[1-9]\d{3}\b", text)
