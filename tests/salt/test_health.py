"""Health gates through Salt: a run that waits for them, and queries that measure now."""

import pytest

from support import modules
from support.answers import Answers


@pytest.fixture
def answers():
    server = Answers()
    yield server
    server.close()


@pytest.fixture
def web(site, answers):
    """`web`, whose gate reads its own output, and `app`, which depends on it."""
    source = site.module("echo", modules.ECHO)
    gate = {
        "url": {"output": "value.url"},
        "path": "/healthz",
        "interval": "50ms",
        "min_healthy_time": "100ms",
        "healthy_deadline": "1s",
    }
    site.environment(
        {
            "web": {
                "source": source,
                "variables": {"value": {"url": answers.url}},
                "health": [{"http": gate}],
            },
            "app": {"source": source, "variables": {"value": 1}, "depends_on": ["web"]},
        }
    )
    return site


def is_healthy(site, *words):
    done = site.call("eos_terraform.component_is_healthy", *words)
    assert "Traceback" not in done.said, done
    return done.json["local"], done.rc


def test_health_is_a_current_verdict_for_people_programs_and_jinja(web, answers):
    assert is_healthy(web, "web", "staging") == (False, 1), "it never ran"
    answers.status = 503
    failed = web.orchestrate()
    assert failed.rc == 1 and failed.statuses == {"web": "failed", "app": "skipped"}, failed
    assert failed.report["components"]["web"]["reason"] == "unhealthy", failed

    answers.status = 200
    done = web.orchestrate()
    assert done.rc == 0 and done.statuses == {"web": "unchanged", "app": "applied"}, done
    assert is_healthy(web, "web", "staging") == (True, 0)
    assert is_healthy(web, "app", "workspace=staging") == (True, 0)
    shown = web.run("infrastructure.health", "environment=staging")
    assert shown.rc == 0 and shown.statuses == {"web": "healthy", "app": "healthy"}, shown
    assert shown.report["health"]["web"][0]["said"] == "HTTP 200", shown

    answers.status = 500
    assert is_healthy(web, "web", "staging") == (False, 1)
    shown = web.run("infrastructure.health", "environment=staging", "components=web")
    assert shown.rc == 1 and shown.statuses == {"web": "unhealthy"}, shown
    text = web.run("infrastructure.health", "environment=staging", out=None)
    assert text.rc == 1 and f"http GET {answers.url}/healthz: HTTP 500" in text.stdout, text
    web.sls(
        "asks",
        """
{% set healthy = salt['eos_terraform.component_is_healthy'] %}
{{ 'up' if healthy('web', 'staging') else 'down' }}:
  test.nop
""",
    )
    asked = web.call("state.show_sls", "asks")
    assert "down" in asked.report and "up" not in asked.report, asked


def test_an_invalid_query_never_answers_yes(web):
    for words in [(), ("web", "staging", "colour=blue"), ("nobody", "staging"), ("web", "nowhere")]:
        assert is_healthy(web, *words) == (False, 1)
