"""What Salt's configuration says about Eos, for ``doctor``. Nothing is changed, and no file is copied into a cache."""

import glob
import importlib
import importlib.metadata
import inspect
import os
import re

import salt.config
import salt.utils.files

_PACKAGE = "saltext-eos"
# The modules of Eos by their names in Salt.
_RUNNERS = ("eos_notify", "infrastructure", "terraform")
_MODULES = ("eos_orchestrator", "eos_terraform", "terraform")
# Folders of Salt's copies, and the package of the originals.
_COPIES = {"runners": "runners", "modules": "modules", "states": "states", "output": "output"}
# How a reactor names a function: ``runner.infrastructure.remediate``.
_IN_REACTOR = re.compile(r"\b(runner|local|caller)\.(\w+)\.(\w+)")
# Options of a master that let other hosts do more than Eos needs.
_OPEN = ("auto_accept", "file_recv", "open_mode")


def read(opts, pillar):
    """All parts, as far as they can be read."""
    found = {
        "package": "",
        "stale_copies": [],
        "named": 0,
        "unknown": [],
        "missing_reactors": [],
        "masters": [],
        "masters_in": "",
        "open": [],
        "unreadable": [],
    }
    for part in (_package, _stale_copies, _schedules, _reactors, _masters, _open):
        try:
            part(found, opts, pillar)
        except Exception as error:  # noqa: BLE001 a part that cannot be read must not hide the others
            found["unreadable"].append(
                f"{part.__name__.strip('_')}: {type(error).__name__}: {error}"
            )
    return found


def _package(found, _opts, _pillar):
    try:
        found["package"] = importlib.metadata.version(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        # A checkout that is on PYTHONPATH has no version.
        found["package"] = ""


def _stale_copies(found, opts, _pillar):
    """Copies that saltutil.sync_all made from a file_roots tree. Salt prefers them to the package."""
    for folder, package in _COPIES.items():
        ours = importlib.import_module(f"saltext.eos.{package}").__path__[0]
        for name in sorted(os.listdir(ours)):
            copy = os.path.join(opts["extension_modules"], folder, name)
            if not (name.endswith(".py") and name != "__init__.py" and os.path.isfile(copy)):
                continue
            if _bytes(copy) != _bytes(os.path.join(ours, name)):
                found["stale_copies"].append(copy)


def _schedules(found, opts, pillar):
    """On a master the schedule calls runners, on a minion execution functions. A pillar's schedule is for its minion."""
    is_master = opts.get("__role") == "master"
    kind = "runners" if is_master else "modules"
    _jobs(found, opts.get("schedule"), kind, "the schedule")
    _jobs(found, pillar.get("schedule"), "modules", "the schedule of the pillar")


def _jobs(found, schedule, kind, place):
    for name, job in (schedule if isinstance(schedule, dict) else {}).items():
        function = job.get("function") if isinstance(job, dict) else None
        for one in function if isinstance(function, list) else [function]:
            module, dot, name_of_function = str(one or "").partition(".")
            if dot:
                _judge(found, kind, module, name_of_function, f"the job {name} of {place}")


def _reactors(found, opts, _pillar):
    for entry in opts.get("reactor") or ():
        for tag, files in entry.items() if isinstance(entry, dict) else ():
            place = f"the reactor of {tag}"
            for named in files if isinstance(files, list) else [files]:
                paths = _paths(str(named), opts)
                if paths == []:
                    found["missing_reactors"].append({"function": str(named), "place": place})
                for path in paths or ():
                    _reactor(found, path, place)


def _paths(named, opts):
    """The files that a reactor names. None if only a file server knows them."""
    if not named.startswith("salt://"):
        return sorted(glob.glob(named))
    name = named.removeprefix("salt://").partition("?")[0]
    roots = [root for roots in (opts.get("file_roots") or {}).values() for root in roots]
    found = [os.path.join(root, name) for root in roots]
    found = [path for path in found if os.path.isfile(path)]
    others = set(opts.get("fileserver_backend") or ()) - {"roots"}
    return found or (None if others else [])


def _reactor(found, path, place):
    lines = _bytes(path).decode(errors="replace").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    for kind, module, function in _IN_REACTOR.findall(text):
        kinds = "runners" if kind == "runner" else "modules"
        _judge(found, kinds, module, function, f"{place} ({path})")


def _judge(found, kind, module, function, place):
    """Count a function of Eos, and note one that does not exist. Other functions are no matter of Eos."""
    if module not in (_RUNNERS if kind == "runners" else _MODULES):
        return
    found["named"] += 1
    ours = importlib.import_module(f"saltext.eos.{kind}.{module}")
    known = getattr(ours, function, None)
    if function.startswith("_") or not inspect.isfunction(known):
        found["unknown"].append({"function": f"{module}.{function}", "place": place})


def _masters(found, opts, _pillar):
    """The masters of a cluster, else those that the minion of this host has."""
    peers = [str(peer) for peer in opts.get("cluster_peers") or ()]
    if peers:
        found["masters"] = [str(opts["id"]), *peers]
        found["masters_in"] = "cluster_peers of the master"
        return
    is_master = opts.get("__role") == "master"
    path = opts["conf_file"]
    if is_master:
        path = os.path.join(opts.get("config_dir") or os.path.dirname(path), "minion")
    if not os.path.isfile(path) or not os.access(path, os.R_OK):
        return
    named = _configuration(path)
    if isinstance(named.get("master"), list) and named.get("master_type") not in (
        "disable",
        "func",
    ):
        found["masters"] = [str(master) for master in named["master"]]
        found["masters_in"] = f"the option master of {path}"


def _configuration(path):
    """A minion's configuration as it is written. Salt's own reading would look the host's name up."""
    options = salt.config.load_config(path, "", default_path="", exit_on_config_errors=False)
    usual = salt.config.DEFAULT_MINION_OPTS["default_include"]
    for include in (options.get("default_include", usual), options.get("include", [])):
        options.update(salt.config.include_config(include, path, verbose=False))
    return options


def _open(found, opts, _pillar):
    if opts.get("__role") == "master":
        found["open"] = [f"{option}: True" for option in _OPEN if opts.get(option) is True]


def _bytes(path):
    with salt.utils.files.fopen(path, "rb") as file:
        return file.read()
