"""Backends as the pillar has them, each with its server."""

import dataclasses

import pytest


@dataclasses.dataclass
class Backend:
    """`arguments` are the pillar's. `env` has the variables that terraform needs in its environment."""

    kind: str
    arguments: dict
    env: dict
    secrets: tuple

    @property
    def pillar(self):
        return {"type": self.kind, **self.arguments}


def local(_request):
    return Backend("local", {}, {}, ())


def s3(request):
    from support import moto

    server = request.getfixturevalue("moto")
    arguments = {
        "bucket": server.bucket,
        "region": "us-east-1",
        "endpoints": {"s3": server.url},
        "use_path_style": True,
        "use_lockfile": True,
        "skip_credentials_validation": True,
        "skip_region_validation": True,
        "skip_requesting_account_id": True,
        "skip_metadata_api_check": True,
    }
    env = {
        "AWS_ACCESS_KEY_ID": moto.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": moto.SECRET_KEY,
    }
    return Backend("s3", arguments, env, (moto.SECRET_KEY,))


def pg(request):
    server = request.getfixturevalue("postgres")
    return Backend(
        "pg",
        {"conn_str": server.conn_str},
        {"PGPASSWORD": server.password},
        (server.password,),
    )


def http(request):
    server = request.getfixturevalue("http_backend")
    env = {"TF_HTTP_USERNAME": server.user, "TF_HTTP_PASSWORD": server.password}
    # Without the two other addresses, Terraform's http backend does not lock.
    addresses = {f"{which}address": server.url for which in ("", "lock_", "unlock_")}
    return Backend("http", addresses, env, (server.password,))


ALL = {"local": local, "s3": s3, "pg": pg, "http": http}
# Parameters for tests of each backend. The servers of two of them are started once for all tests.
KINDS = [
    "local",
    *(
        pytest.param(kind, marks=pytest.mark.together(server))
        for kind, server in [("s3", "moto"), ("pg", "postgres")]
    ),
    "http",
]
