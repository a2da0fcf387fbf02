"""Whose groups count: those that are certain, whichever external_auth a user of this name came from."""

import getpass
from pathlib import Path

import pytest

EAUTHS = str(Path(__file__).parent / "support" / "eauth")
ME = getpass.getuser()
OWN = object()
RIGHTS = ["@infrastructure"]
HOUSE = {"house": {"approvers%": RIGHTS}}


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        (ME, {"external_auth": {"pam": {ME: RIGHTS}}}, OWN),
        (ME, {"external_auth": {"pam": {"*": RIGHTS}}, "publisher_acl": {ME: RIGHTS}}, OWN),
        (ME, {"external_auth": HOUSE, "publisher_acl": {"nobody": RIGHTS}}, set()),
        ("grace", {"external_auth": HOUSE}, {"approvers"}),
        # Another eauth gives no rights to this name.
        ("grace", {"external_auth": HOUSE | {"sharedsecret": {"ci": RIGHTS}}}, {"approvers"}),
        ("grace", {"external_auth": HOUSE | {"pam": {f"{ME}%": RIGHTS}}}, {"approvers"}),
        # A user of the directory, and one of the system or of a secret that many know, may have the same name.
        (
            "grace",
            {"external_auth": HOUSE | {"sharedsecret": {"g.*": RIGHTS}}},
            "house, sharedsecret",
        ),
        (
            "grace",
            {"external_auth": HOUSE | {"sharedsecret": {"*": RIGHTS}}},
            "house, sharedsecret",
        ),
        (ME, {"external_auth": HOUSE | {"pam": {ME: RIGHTS}}}, "house, pam"),
        (ME, {"external_auth": HOUSE, "publisher_acl": {".*": RIGHTS}}, "publisher_acl, house"),
        # The system's groups of the same name are those of somebody else.
        (ME, {"external_auth": {"sharedsecret": {ME: RIGHTS}}}, "sharedsecret knows no groups"),
        (ME, {"external_auth": {"rest": {"^url": "http://x"}}}, "rest knows no groups"),
        (
            ME,
            {"external_auth": {"file": {ME: RIGHTS}, "pam": {"x": RIGHTS}}},
            "file knows no groups",
        ),
        (ME, {}, "no external_auth of the master gives rights to this name"),
        ("lost", {"external_auth": HOUSE}, "the directory is down"),
        ("waiting", {"external_auth": HOUSE}, "the eauth house did not answer within 0.2s"),
    ],
)
def test_only_groups_that_the_eauth_of_the_user_gives_count(
    tmp_path, monkeypatch, name, options, expected
):
    # Imported late, because Salt changes how Python imports, and pytest then cannot collect other files.
    import salt.config
    from salt.utils.user import get_group_list

    from saltext.eos import login

    conf = tmp_path / "master"
    conf.write_text("{}")
    opts = salt.config.master_config(str(conf)) | {"auth_dirs": [EAUTHS], **options}
    opts |= {"root_dir": str(tmp_path), "cachedir": str(tmp_path), "pki_dir": str(tmp_path)}
    if isinstance(expected, str):
        if name == "waiting":
            monkeypatch.setattr(login, "_LIMIT", 0.2)
        with pytest.raises((LookupError, OSError), match=expected):
            login.groups(opts, name)
        return
    of, groups = login.groups(opts, name)
    assert groups == (set(get_group_list(ME)) if expected is OWN else expected), of
