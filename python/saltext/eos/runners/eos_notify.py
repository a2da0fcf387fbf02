"""
Runner ``eos_notify``: sends a text to a chat or by mail. It is for reactors.

The addresses and passwords are in the master's configuration, so that no job
and no event has them. A value may be an ``sdb://`` reference.

.. code-block:: yaml

    eos_notify:
      chat:
        url: sdb://vault/secret/chat/url
      mail:
        from: eos@example.com
        to: [ops@example.com]
        host: mail.example.com

An incoming webhook of Slack, and of chats that are compatible with it, is the
``url`` of ``chat``. The keys of ``mail`` are ``from``, ``to``, ``host``,
``port`` (25), ``tls`` (STARTTLS, false), and with it ``username`` and
``password``.
"""

import email.message
import html
import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request

from salt.exceptions import SaltRunnerError

__virtualname__ = "eos_notify"

# Seconds. A reactor has few workers.
_TIMEOUT = 10


def __virtual__():
    return __virtualname__


def chat(text):
    """
    Post a text to the incoming webhook of a chat.

    text
        What to say. Its markup is escaped.

    CLI Example:

    .. code-block:: bash

        salt-run eos_notify.chat 'production is deployed'
    """
    url = str(_given("chat", "url"))
    if not url.startswith(("http://", "https://")):
        raise SaltRunnerError("eos_notify: the url of chat must begin with http:// or https://")
    # Slack reads these three characters as its markup, such as a call to everybody.
    text = html.escape(str(text), quote=False)
    data = json.dumps({"text": text}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "eos"}
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        request = urllib.request.Request(url, data=data, headers=headers)
        with opener.open(request, timeout=_TIMEOUT):
            return True
    except urllib.error.HTTPError as error:
        refusal = f"the chat answered HTTP {error.code}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        refusal = f"the chat did not answer: {type(error).__name__}"
    # Without a cause: its text may have the address, which is a secret.
    raise SaltRunnerError(f"eos_notify: {refusal}") from None


def mail(subject, text):
    """
    Send a text by mail.

    subject
        The subject. Only its first line is used.
    text
        The text of the mail.

    CLI Example:

    .. code-block:: bash

        salt-run eos_notify.mail 'eos' 'production is deployed'
    """
    to = _given("mail", "to")
    message = email.message.EmailMessage()
    message["From"] = str(_given("mail", "from"))
    message["To"] = ", ".join(to) if isinstance(to, list) else str(to)
    message["Subject"] = (str(subject).splitlines() or [""])[0]
    message.set_content(str(text))
    host, port = str(_given("mail", "host")), int(_given("mail", "port", 25))
    username, password = _given("mail", "username", ""), _given("mail", "password", "")
    tls = _given("mail", "tls", False)
    if username and not tls:
        raise SaltRunnerError("eos_notify: a password needs eos_notify:mail:tls: true")
    try:
        with smtplib.SMTP(host, port, timeout=_TIMEOUT) as server:
            if tls:
                server.starttls(context=ssl.create_default_context())
            if username:
                server.login(username, password)
            server.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        refusal = f"{host}:{port} did not take the mail: {type(error).__name__}"
        raise SaltRunnerError(f"eos_notify: {refusal}") from None
    return True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The text goes only to the address that the configuration names."""

    def redirect_request(self, *_args, **_named):
        return None


def _given(part, key, default=None):
    """A value of the master's configuration. Salt has already read its sdb:// references."""
    settings = __opts__.get("eos_notify") or {}
    value = (settings.get(part) or {}).get(key, default)
    if value is None:
        raise SaltRunnerError(
            f"eos_notify: set eos_notify:{part}:{key} in the master's configuration"
        )
    return value
