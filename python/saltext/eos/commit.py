"""The pillar and the files of a commit, copied out of the repository that has them."""

import os
import tempfile

from saltext.eos import git


class Taken:
    """A copy of a commit.

    ``opts``: Salt's options with the copy in place of the repository. ``id``: the whole id of the commit. ``top``: the
    repository. ``copy``: the folder with its files. ``outside``: folders that are not in the repository, and so cannot be
    compared.

    The repository is that of the first folder of ``pillar_roots`` that is in one. ``checkout``: how the caller names
    another one.
    """

    def __init__(self, opts, reference, checkout):
        self._folder = tempfile.TemporaryDirectory(prefix="eos-commit-")
        try:
            self._take(opts, reference, checkout)
        except BaseException:
            self.close()
            raise

    def _take(self, opts, reference, checkout):
        self.top = next(filter(None, map(_top, _folders(opts, "pillar_roots"))), None)
        if self.top is None:
            raise git.GitError(
                f"the pillar is not in a git repository on this host ({checkout} names a checkout)"
            )
        self.id = _id(self.top, reference)
        self.copy = os.path.join(os.path.realpath(self._folder.name), "files")
        # An index of its own, so that nothing of the repository changes.
        index = {"GIT_INDEX_FILE": os.path.join(self._folder.name, "index")}
        git.asked(self.top, "read-tree", self.id, env=index)
        git.asked(self.top, "checkout-index", "--all", f"--prefix={self.copy}/", env=index)
        changed = {
            kind: {
                env: [self._then(folder) for folder in folders] for env, folders in roots.items()
            }
            for kind in ("pillar_roots", "file_roots")
            if isinstance(roots := opts.get(kind), dict)
        }
        self.opts = {**opts, **changed}
        folders = [*_folders(opts, "pillar_roots"), *_folders(opts, "file_roots")]
        self.outside = [folder for folder in folders if self._then(folder) == folder]
        # The copies of its files must not be among those of the files in force.
        self.branch = {"file_root": self.copy}

    def in_place(self, value):
        """The value, with the repository's own path wherever it names the copy."""
        if isinstance(value, str):
            return value.replace(self.copy, self.top)
        if isinstance(value, dict):
            return {self.in_place(key): self.in_place(one) for key, one in value.items()}
        return [self.in_place(one) for one in value] if isinstance(value, list) else value

    def close(self):
        self._folder.cleanup()

    def _then(self, folder):
        real = os.path.realpath(folder)
        if os.path.commonpath([self.top, real]) != self.top:
            return folder
        then = os.path.join(self.copy, os.path.relpath(real, self.top))
        # A folder that did not exist yet had no file.
        os.makedirs(then, exist_ok=True)
        return then


def _folders(opts, kind):
    roots = opts.get(kind)
    return (
        [folder for folders in roots.values() for folder in folders]
        if isinstance(roots, dict)
        else []
    )


def _top(folder):
    try:
        return os.path.realpath(git.asked(folder, "rev-parse", "--show-toplevel"))
    except git.GitError:
        return None


def _id(top, reference):
    def found(name):
        return git.asked(
            top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )

    try:
        return found(reference)
    except git.GitError:
        pass
    try:
        found(f"origin/{reference}")
    except git.GitError:
        raise git.GitError(f"there is no commit {reference} in {top}: git fetch gets it") from None
    raise git.GitError(
        f"there is no commit {reference} in {top}, but there is origin/{reference}: name that"
    )
