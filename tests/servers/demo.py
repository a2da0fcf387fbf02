"""All three layers on this machine: a Consul, a Vault and a Nomad, with the environment of pillar-examples/nomad.

One service is a container, if a Docker engine runs on this machine and you may use it, or if one can be started: you are
root, and `dockerd` is installed.

make demo-nomad

In a terminal, the services run until Enter is pressed. Otherwise each is asked once, and everything is destroyed.
"""

import contextlib
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(CHECKOUT / "tests" / "salt"), str(CHECKOUT / "pillar-examples")]

import configure  # noqa: E402
from support.consul import Consul  # noqa: E402
from support.engine import Engine, found  # noqa: E402
from support.nomad import Nomad  # noqa: E402
from support.sink import Sink  # noqa: E402
from support.vault import Vault  # noqa: E402
from support.world import installation, mirror  # noqa: E402


def folder(*names):
    """Makes a folder below .demo-nomad that only its owner can use."""
    made = CHECKOUT.joinpath(".demo-nomad", *names)
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


def salt_run(conf, function, *words):
    """Runs salt-run, as a person does."""
    argv = [Path(sys.executable).parent / "salt-run", "-c", conf, f"infrastructure.{function}"]
    return subprocess.run([*argv, "development", *words], check=True, stdin=subprocess.DEVNULL)


def urls(consul):
    """From each service to the URLs of its passing instances in Consul."""
    names = [
        name
        for name in consul.request("/v1/catalog/services")
        if name[:5] not in ("consu", "nomad")
    ]
    found = {}
    for name in sorted(names):
        well = consul.request(f"/v1/health/service/{name}?passing=true")
        found[name] = [
            f"http://{one['Service']['Address']}:{one['Service']['Port']}/" for one in well
        ]
    return found


def show(consul):
    """Sends a request to each instance."""
    for name, addresses in urls(consul).items():
        for address in addresses:
            with urllib.request.urlopen(address, timeout=10) as answer:
                print(f"  {name:10} {address}  HTTP {answer.status}")


def secret(vault, nomad):
    """Checks that the service has a secret, and that the job does not show it."""
    path = "services/development/api"
    kept = vault.request(f"/v1/secret/data/{path}")["data"]["data"]["API_KEY"]
    assert kept not in json.dumps(nomad.request("/v1/job/api")), "the job shows its secret"
    print(f"\nVault keeps the API_KEY of api at secret/{path}; the job does not show it.")


def main():
    """Deploys the environment, shows it, and destroys it."""
    # Line buffering keeps the output of salt-run and of this program in order.
    sys.stdout.reconfigure(line_buffering=True)
    (folder() / "terraformrc").write_text(installation(mirror()))
    with contextlib.ExitStack() as up:
        consul = up.enter_context(contextlib.closing(Consul(folder("consul"))))
        vault = up.enter_context(contextlib.closing(Vault(folder("vault"))))
        container = {}
        socket = None
        docker = found()
        if docker:
            engine = up.enter_context(contextlib.closing(Engine(docker)))
            socket = engine.socket
            container = {"image": engine.image("demo:1", "serve", "hello")}
        else:
            print(
                "There is no container in this demo, because no Docker engine runs here or can be started."
            )
        nomad = up.enter_context(
            contextlib.closing(Nomad(folder("nomad"), consul=consul.address, engine=socket))
        )
        token = folder() / "vault-token"
        token.touch(mode=0o600)
        token.write_text(vault.token)
        options = {
            "root": str(folder("srv")),
            "terraform": sys.argv[1],
            "python": sys.executable,
            "cli_config_file": str(folder() / "terraformrc"),
            "nomad": nomad.address,
            "consul": consul.address,
            "vault": vault.address,
            "vault_token": f"file:{token}",
            **container,
        }
        conf = configure.write(
            folder("salt"),
            [CHECKOUT / "pillar-examples" / "nomad"],
            [CHECKOUT / "salt"],
            extra={"demo": options},
        )
        sock = json.loads((conf / "master").read_text())["sock_dir"]
        up.enter_context(contextlib.closing(Sink(Path(sock))))
        salt_run(conf, "orchestrate")
        print(
            f"\nNomad {nomad.address}, Consul {consul.address}, Vault {vault.address}; what answers:"
        )
        show(consul)
        secret(vault, nomad)
        if sys.stdin.isatty():
            input("\nEnter takes all of it down. ")
        salt_run(conf, "destroy", "confirm=development")
        assert nomad.request("/v1/jobs") == [], json.dumps(nomad.request("/v1/jobs"))


if __name__ == "__main__":
    main()
