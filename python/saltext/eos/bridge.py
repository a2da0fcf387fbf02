"""From a call of Salt to the core and back. Whatever happens, a report comes back."""

import functools
import inspect
import logging

from saltext.eos import _core
from saltext.eos.host import MasterHost, MinionHost

log = logging.getLogger(__name__)


def runner(function):
    """Guard a runner function: the report names its outputter and sets the exit code."""

    def finish(report, _args, _kwargs):
        return {**report, "outputter": "eos"}

    return _guard(function, finish, in_context=True)


def module(function):
    """Guard a function of the execution module: the report sets the exit code."""
    return _guard(function, lambda report, _args, _kwargs: report, in_context=True)


def question(function):
    """Guard a function whose answer is yes or no, in Jinja too: there a report would always be true."""

    def finish(report, _args, _kwargs):
        if report.get("error"):
            log.error("%s: %s", function.__name__, report["error"]["message"])
        return report["result"] is True

    return _guard(function, finish, in_context=True)


def state(function):
    """Guard a state function: Salt's four keys come back, or a failed state."""

    def finish(returned, args, kwargs):
        if "changes" in returned:
            return returned
        return _core.state(returned, str((*args, kwargs.get("name"))[0]))

    return _guard(function, finish, in_context=False)


def on_master(operation, call, dunders):
    """Run an operation with the pillar that the master compiles for a minion."""
    arguments, surplus = _gather(call)
    host = MasterHost(dunders, _injected(), arguments.pop("minion", None))
    host.identity["scheduled"] = _is_scheduled(call)
    return _run(operation, arguments, surplus, host)


def on_minion(operation, call, dunders):
    """Run an operation with the minion's own pillar."""
    arguments, surplus = _gather(call)
    host = MinionHost(dunders, {**_injected(), **call["kwargs"]})
    host.identity["scheduled"] = _is_scheduled(call)
    return _run(operation, arguments, surplus, host)


def as_state(operation, call, dunders, component=None):
    """Run an operation for a state: of one component, or with a row for each."""
    arguments, surplus = _gather(call)
    name = arguments.pop("name", "")
    low = _injected().get("__low__") or {}
    host = MinionHost(dunders, {**_injected(), **low})
    host.nested = True
    report = _run(operation, arguments, surplus, host)
    return _core.state(report, str(name), component)


def _run(operation, arguments, surplus, host):
    with host:
        return _core.run(operation, arguments, surplus, host.infrastructure(), host)


def _gather(call):
    """A function's locals: parameters and unknown keywords in one, and how many were left over."""
    named = {key: value for key, value in call.items() if key not in ("args", "kwargs")}
    unknown = {key: value for key, value in call["kwargs"].items() if not str(key).startswith("__")}
    return {**named, **unknown}, len(call["args"])


def _is_scheduled(call):
    """Whether Salt's schedule made this call: it packs its own name for the job into the keywords."""
    return "__pub_schedule" in call["kwargs"]


def _injected():
    """What Salt puts into the globals of the function it calls, which is the guard below."""
    return globals()


def _guard(function, finish, in_context):
    parameters = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def guarded(*args, **kwargs):
        try:
            report = function(*_both_environments(parameters, args, kwargs), **kwargs)
        except (KeyboardInterrupt, SystemExit):
            report = _core.failed(function.__name__, "cancelled", "interrupted")
        except TypeError as error:
            # A traceback of one frame: the call did not fit, the function was never entered.
            kind = "invalid" if error.__traceback__.tb_next is None else "internal"
            report = _core.failed(function.__name__, kind, _sentence(error))
        except BaseException as error:  # noqa: BLE001 an exception would exit 0, or with a traceback
            report = _core.failed(function.__name__, "internal", _sentence(error))
        if in_context:
            function.__globals__["__context__"]["retcode"] = report.get("retcode", 0)
        return finish(report, args, kwargs)

    return guarded


def _both_environments(parameters, args, kwargs):
    """The positional arguments. One environment by its place and one by its name are two names, for the core to judge."""
    place = parameters.index("environment")
    if len(args) <= place or kwargs.get("environment") is None:
        return args
    given, named = args[place], kwargs.pop("environment")
    both = given if given == named else [given, named]
    return (*args[:place], both, *args[place + 1 :])


def _sentence(error):
    return f"{type(error).__name__}: {error}"
