"""Passes a call from Salt to the core. Every call returns a report.

A function that Salt loads is only a signature and a docstring. A decorator of this module binds the call to the
signature, calls the core, and returns the core's report. It also completes the docstring.
"""

import functools
import inspect
import logging

from saltext.eos import _core, answer_size, docstring, terminal
from saltext.eos.master_host import MasterHost
from saltext.eos.minion_host import MinionHost, StateHost

log = logging.getLogger(__name__)

# The command line of this process, if it is that of `eos`.
typed = None


def runner(function=None, *, operation=None, like=None):
    """Makes a runner function. The master compiles the pillar, and the report names its outputter.

    ``like``: a function of which this one is another name. It takes the same parameters.
    """
    if function is None:
        return functools.partial(runner, operation=operation, like=like)
    _take_parameters(function, like)

    @functools.wraps(function)
    def call(*args, **kwargs):
        arguments, surplus = _bind(function, args, kwargs)
        automation = _schedule(kwargs) or _state(kwargs)
        if _state(kwargs) and "saltenv" in arguments:
            # The saltenv of the state itself: Salt gives it to each runner that has the parameter.
            arguments["saltenv"] = None
        given = dict(arguments)
        arguments.pop("minion")
        way = kwargs.get("__eos_by")

        def host():
            return MasterHost(
                function.__globals__, _injected(), automation, given, typed=typed, way=way
            )

        report = _run(function, operation or function.__name__, arguments, surplus, host)
        if way:
            report = _sent(function, report)
        return {**_with_exit_code(function, report), "outputter": "eos"}

    return docstring.complete(call, like)


def runner_on_minion(function, dunders, arguments):
    """Call the operation of a runner's function with the pillar of this minion, for the command ``eos``.

    ``dunders``: what Salt's loader would put into the globals of a module.
    """
    bound, surplus = _bind(function, (), arguments)
    bound.pop("minion")

    def host():
        return MinionHost(
            dunders,
            _injected(),
            None,
            changes=True,
            function=function.__name__,
            typed=typed,
            arguments=bound,
        )

    return _run(function, function.__name__, bound, surplus, host)


def module(function=None, *, operation=None, changes=False, component="component", like=None):
    """Makes a function of an execution module. The pillar is that of its minion.

    ``changes``: whether the function changes something, or makes a plan of a change.
    ``component``: the parameter that names the component.
    ``like``: a function of which this one is another name. It takes the same parameters.
    """
    if function is None:
        return functools.partial(
            module, operation=operation, changes=changes, component=component, like=like
        )
    _take_parameters(function, like)

    @functools.wraps(function)
    def call(*args, **kwargs):
        arguments, surplus = _bind(function, args, kwargs)
        if component != "component":
            named = arguments.pop(component)
            # Both names at once would be two components.
            surplus += "component" in arguments and named is not None
            arguments.setdefault("component", named)

        def host():
            injected = {**_injected(), **kwargs}
            schedule = _schedule(kwargs)
            return MinionHost(
                function.__globals__,
                injected,
                schedule,
                changes=changes,
                function=function.__name__,
            )

        named = operation or f"module.{function.__name__}"
        return _with_exit_code(function, _run(function, named, arguments, surplus, host))

    # Salt's programs draw the return with this outputter, unless --out names another.
    function.__globals__.setdefault("__outputter__", {})[function.__name__] = "eos"
    return docstring.complete(call, like)


def question(function):
    """Makes a function of an execution module that returns True or False. In Jinja, a report would always be true."""
    reporting = module(function)
    del function.__globals__["__outputter__"][function.__name__]

    @functools.wraps(function)
    def call(*args, **kwargs):
        report = reporting(*args, **kwargs)
        if report.get("error"):
            log.error("%s: %s", function.__name__, report["error"]["message"])
        return report["result"] is True

    return docstring.complete(call)


def state(operation, *, name_is=None):
    """Makes a state function. If the call does not give the argument ``name_is``, the state's name is its value."""

    def decorate(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            arguments, surplus = _bind(function, args, kwargs)
            name = arguments.pop("name")
            if name_is:
                arguments[name_is] = arguments[name_is] or name

            def host():
                return StateHost(function.__globals__, _injected())

            report = _run(function, operation, arguments, surplus, host)
            # One row, or a row for each component.
            single = "component" in inspect.signature(function).parameters
            component = str(arguments["component"]) if single else None
            return _core.state(report, str(name or ""), component)

        return docstring.complete(call)

    return decorate


def _take_parameters(function, like):
    if like:
        function.__signature__ = inspect.signature(like)


def _bind(function, args, kwargs):
    """The value of each parameter and of each unknown keyword, and the number of surplus positional arguments.

    An argument that is given by position and by name is surplus. Both values of ``environment`` are kept, and the core
    compares them.
    """
    signature = inspect.signature(function)
    # Salt adds its own keywords.
    named = {key: value for key, value in kwargs.items() if not key.startswith("__")}
    placed, surplus = list(args), 0
    for index, parameter in enumerate(list(signature.parameters)[: len(placed)]):
        value = named.pop(parameter, None)
        if value is None or value == placed[index]:
            continue
        if parameter == "environment":
            placed[index] = [placed[index], value]
        else:
            surplus += 1
    bound = signature.bind(*placed, **named)
    bound.apply_defaults()
    arguments = dict(bound.arguments)
    surplus += len(arguments.pop("args"))
    return {**arguments.pop("kwargs"), **arguments}, surplus


def _run(function, operation, arguments, surplus, host):
    """The report of the core, or a report of the error that prevented the call."""
    try:
        with host() as salt:
            infrastructure = salt.infrastructure()
            with terminal.shared():
                return _core.run(operation, arguments, surplus, infrastructure, salt)
    except (KeyboardInterrupt, SystemExit):
        return _core.failed(function.__name__, "cancelled", "interrupted")
    except BaseException as error:  # noqa: BLE001 Salt would exit with 0, or show a traceback
        return _core.failed(function.__name__, "internal", f"{type(error).__name__}: {error}")


def _sent(function, report):
    """The report, or that the bus would cut it."""
    wrong = answer_size.wrong(report, function.__globals__["__opts__"])
    return _core.failed(function.__name__, "too_large", wrong) if wrong else report


def _with_exit_code(function, report):
    # Salt's loader gives each module its own context, which is known only during a call.
    function.__globals__["__context__"]["retcode"] = report.get("retcode", 0)
    return report


def _schedule(kwargs):
    """Salt's schedule adds the name of its job to the keywords."""
    return "a schedule" if "__pub_schedule" in kwargs else None


def _state(kwargs):
    """The state salt.runner calls saltutil.runner, and only that function adds the user to a runner's keywords."""
    return "a state or saltutil.runner" if "__pub_user" in kwargs else None


def _injected():
    """This module's globals. Salt puts its names there, because the wrappers above are the functions that it calls."""
    return globals()
