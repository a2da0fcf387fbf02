"""Hooks of whole runs that read a secret from a real sdb of Salt."""

from pathlib import Path

from support import modules, notices
from support.site import Site

SLEEPS = """
import os
import time

def get(key, profile=None):
    with open(profile["began"], "w") as began:
        began.write(str(os.getpid()))
    time.sleep(600)
"""


def test_a_hook_whose_sdb_sleeps_ends_in_time_and_others_get_their_secrets(tmp_path):
    began = tmp_path / "began"
    drivers = {"sleeps": {"driver": "sleeps", "began": str(began)}, "quick": {"driver": "env"}}
    (tmp_path / "sdb").mkdir()
    (tmp_path / "sdb" / "sleeps.py").write_text(SLEEPS)
    site = Site(tmp_path / "site", extra={"sdb_dirs": [str(tmp_path / "sdb")], **drivers})
    chat = notices.Chat(port=0)
    try:
        hooks = [
            {"webhook": {"url": f"sdb://{profile}/EOS_TEST_URL", "timeout": "500ms"}}
            for profile in drivers
        ]
        source = site.module("echo", modules.ECHO)
        site.environment({"echo": {"source": source}}, settings={"run_hooks": hooks})
        done = site.run("infrastructure.orchestrate", "staging", env={"EOS_TEST_URL": chat.url})
        assert done.rc == 0 and done.report["result"] is True, done
        (failed,) = done.report["failed_hooks"]
        assert "run_hooks:0" in failed and "did not end within 10s 500ms" in failed, done
        assert [body["moment"] for _, body in chat.said] == ["finished"], done
        # It began to sleep, and nothing of it is left.
        assert not Path(f"/proc/{int(began.read_text())}").exists()
    finally:
        chat.close()
        site.close()
