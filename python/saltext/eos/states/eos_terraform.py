"""Components and whole environments as Salt states, honest under ``test=True``.

.. code-block:: yaml

    networking:
      eos_terraform.apply:
        - environment: staging
        - variables:
            vpc_cidr: 10.1.0.0/16

    everything:
      eos_terraform.orchestrate:
        - environment: staging
"""

from saltext.eos import _core, skin

__virtualname__ = "eos_terraform"


def __virtual__():
    return __virtualname__


def apply(name, component=None, environment="production", variables=None, *args, **kwargs):
    """
    A component is as the pillar says. ``component`` is by default the state's name.
    """
    return _state("state.apply", locals())


def orchestrate(
    name,
    environment="production",
    components=None,
    include_dependencies=False,
    parallelism=None,
    on_failure=None,
    *args,
    **kwargs,
):
    """
    An environment is as the pillar says. Each of its components is a row of its own.
    """
    return _state("state.orchestrate", locals())


def destroy(name, environment="production", components=None, confirm=None, *args, **kwargs):
    """
    An environment, or some of its components, are gone. ``confirm`` repeats the environment's name.
    """
    return _state("state.destroy", locals())


def mod_watch(name, sfun="apply", **kwargs):
    """
    What is watched changed: runs the watching state once more.
    """
    return globals()[sfun](name, **kwargs)


def _state(operation, arguments):
    report = skin.on_minion(operation, arguments, __opts__, __salt__, __pillar__, __grains__, __context__)
    return _core.state(report, arguments["name"])
