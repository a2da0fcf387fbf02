"""What the states of one state run share with each other."""

import copy

# The key in Salt's __context__. Its value is a mapping from the id of a state run to what the core keeps.
_PENDING = "eos_terraform.pending"


class StateRun:
    """One state run, as a state sees it.

    ``context``: Salt's ``__context__``. The states of a run share it, except those that run in parallel: they get a copy.
    ``injected``: the globals that Salt adds to the call of a state.
    """

    def __init__(self, context, injected):
        self._context = context
        self._id = str(injected.get("__instance_id__") or "")
        self._states = injected.get("__lowstate__") or ()

    def pending(self):
        """What the core has kept for this state run."""
        return (self._context.get(_PENDING) or {}).get(self._id)

    def keep_pending(self, pending):
        """Keep it for the later states of this state run, and for no other."""
        self._context[_PENDING] = {self._id: pending}

    def apply_states(self):
        """The arguments of all states ``eos_terraform.apply``."""
        return [
            {key: value for key, value in copy.deepcopy(low).items() if not key.startswith("__")}
            for low in self._states
            if low.get("state") == "eos_terraform" and low.get("fun") == "apply"
        ]
