"""Gives tests to workers. `order.group` says which tests belong together."""

from xdist.scheduler import LoadScopeScheduling

from support import order


class Scheduler(LoadScopeScheduling):
    """Starts the largest group first, then the other tests one by one.

    `--dist loadgroup` of xdist 3.8 would be enough, but it does not support the ids of pytest 9.2.
    """

    def schedule(self):
        self.groups = order.groups()
        super().schedule()

    def _split_scope(self, nodeid):
        return self.groups.get(nodeid, nodeid)
