"""HTTP to salt-api. The token goes only to the host of the URL, and never over a network in clear text."""

import http.client
import ipaddress
import urllib.error
import urllib.parse
import urllib.request

from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.escape import printable
from saltext.eos.cli.places.follow import Unreachable

_TIMEOUT = 60


class Transport:
    """Sends requests with a token. All errors are a UsageError."""

    def __init__(self, url, token):
        self._url, self._token = url, _checked_token(token)
        # A proxy would read a token that is sent with http. With https it sees only the host's name.
        proxy = [urllib.request.ProxyHandler({})] if url.startswith("http://") else []
        self._opener = urllib.request.build_opener(_NoRedirect, *proxy)

    def request(self, path, body=None):
        """The open answer. Without a body it is a stream, which has no timeout because events may be rare."""
        headers = {"X-Auth-Token": self._token, "Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self._url + path, body, headers)
        try:
            return self._opener.open(request, timeout=_TIMEOUT if body else None)
        except urllib.error.HTTPError as error:
            with error:
                kind = Unreachable if error.code >= 500 else UsageError
                raise kind(f"{self._url}{path}: {_explained(error)}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Unreachable(f"{self._url} does not answer: {printable(str(reason))}") from error


def checked_url(given):
    """The URL without a slash at its end. http is only for this host, because the token is in each request."""
    wrong = "--api: write a URL, such as https://salt.example:8000"
    try:
        parts = urllib.parse.urlsplit(given)
        usable = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
        parts.netloc.encode("ascii")
    except ValueError as error:
        raise UsageError(wrong) from error
    if not usable or not given.isprintable() or " " in given:
        raise UsageError(wrong)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"{wrong}, without a user and without ? and #")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise UsageError(
            f"--api {given}: http would send the token in clear text over the network. Use https. "
            "SSL_CERT_FILE names the certificates of a private CA"
        )
    return given.rstrip("/")


def _is_loopback(host):
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked_token(token):
    # The message does not repeat it.
    token = token.strip()
    if not (token.isascii() and token.isprintable()):
        raise UsageError("the token for salt-api has characters that no token has: log in again")
    return token


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """urllib would send the token on to the other host."""

    def redirect_request(self, *_):
        return None


def _explained(error):
    if error.code == 401:
        return "salt-api does not accept the token, or this user may not do that. Log in again, and set SALT_API_TOKEN"
    if 300 <= error.code < 400:
        return "the server redirects to another URL, and the token does not follow. Give salt-api's own URL"
    return f"HTTP {error.code} {printable(str(error.reason))}"
