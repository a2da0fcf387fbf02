"""Salt's minion in this process. It signs in at its master first, and Salt waits there without a word."""

import contextlib
import logging
import os
import sys
import threading

from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.escape import printable

# In seconds. A master that is well answers sooner.
_PATIENCE = 2


def started(opts):
    """The minion, with its pillar. A master that does not answer at once is named on stderr."""
    import salt.exceptions
    import salt.minion

    notice = _Notice(opts)

    class Minion(salt.minion.SMinion):
        def eval_master(self, *args, **kwargs):
            # As salt-call does. Without this folder, Salt would ask again and again with a key that it cannot store.
            os.makedirs(opts["pki_dir"], 0o700, exist_ok=True)
            notice.begin()
            return super().eval_master(*args, **kwargs)

        def gen_modules(self, *args, **kwargs):
            notice.end()
            return super().gen_modules(*args, **kwargs)

    try:
        # Salt prints that a key is not accepted, and stdout is for the report.
        with contextlib.redirect_stdout(sys.stderr):
            return Minion(opts)
    except (OSError, salt.exceptions.SaltException, SystemExit) as error:
        # It would show the traceback of Salt's task, because nobody asks this task for its result.
        logging.getLogger("asyncio").disabled = True
        raise UsageError(_explained(error, notice, opts)) from error
    finally:
        notice.end()


class _Notice:
    """One line after a moment, unless the sign-in ends before."""

    def __init__(self, opts):
        self._opts = opts
        self._timer = None

    @property
    def is_waiting(self):
        return self._timer is not None

    def begin(self):
        self._timer = threading.Timer(_PATIENCE, self._tell)
        self._timer.daemon = True
        self._timer.start()

    def end(self):
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _tell(self):
        opts = self._opts
        said = f"eos: waiting for the master of this minion at {_address(opts)}. {_end(opts)}. Ctrl-C ends the wait"
        print(said, file=sys.stderr, flush=True)


def _end(opts):
    """When Salt gives up. It asks again and again, unless its configuration has a limit."""
    if not opts.get("master_uri"):
        return f"Salt looks for its address every {opts['retry_dns']}s"
    tries = opts["master_tries"]
    if tries < 1 or isinstance(opts.get("local_masters"), list):
        return "Salt asks until a master answers (master_tries)"
    seconds = (
        tries * opts["auth_tries"] * opts["auth_timeout"]
        + (tries - 1) * opts["acceptance_wait_time"]
    )
    return f"Salt gives up after about {seconds:g}s (master_tries)"


def _explained(error, notice, opts):
    """What is wrong. Salt ends the process without a reason if the master does not accept the minion's key."""
    reason = "" if isinstance(error, SystemExit) else f": {error}"
    if not notice.is_waiting:
        return f"the minion could not start{reason}"
    return (
        f"the master of this minion at {_address(opts)} does not answer, or has not accepted the key of "
        f"{opts['id']}{reason}. Look there with salt-key -L. A minion without a master has file_client: local in its "
        "configuration"
    )


def _address(opts):
    return printable(f"{opts['master']}:{opts['master_port']}")
