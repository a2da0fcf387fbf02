"""Which worker runs what: `order.group` says what belongs together."""

from xdist.scheduler import LoadScopeScheduling

from support import order


class Scheduler(LoadScopeScheduling):
    """The largest group first, then tests one by one.

    `--dist loadgroup` of xdist 3.8 would do, but it does not know the ids of pytest 9.2.
    """

    def schedule(self):
        self.groups = order.groups()
        super().schedule()

    def _split_scope(self, nodeid):
        return self.groups.get(nodeid, nodeid)
