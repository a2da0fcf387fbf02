"""Salt's configuration of this host, and its log."""

import os

from saltext.eos.cli.errors import UsageError


def file(options, name, remedy):
    """The path of a configuration file. It exists, and this user can read it."""
    folder = _folder(options)
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        raise UsageError(f"there is no file {name} in {folder}. {remedy}")
    if not os.access(path, os.R_OK):
        raise UsageError(f"this user cannot read {path}. {remedy}")
    return path


def set_up_log(opts, level):
    """Log to the terminal and to the log file, as Salt's own commands do."""
    import salt._logging

    if level:
        opts["log_level"] = level
    try:
        salt._logging.set_logging_options_dict(
            {"log_rotate_max_bytes": 0, "log_rotate_backup_count": 0, **opts}
        )
        salt._logging.setup_logging()
    except Exception as error:  # noqa: BLE001 a wrong level or a log that cannot be opened
        raise UsageError(f"the log cannot be set up: {error}") from error


def _folder(options):
    """The configuration folder, as Salt's own commands find it."""
    named = options.config_dir or os.environ.get("SALT_CONFIG_DIR")
    if named:
        return os.path.abspath(os.path.expanduser(named))
    import salt.syspaths

    return salt.syspaths.CONFIG_DIR
