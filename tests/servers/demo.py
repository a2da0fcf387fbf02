"""The third layer on this machine: a Consul, a Nomad, and the environment of pillar-examples/nomad on them.

make demo-nomad

In a terminal they stay up until Enter; else they are asked once, and all is taken down.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(CHECKOUT / "tests" / "salt"), str(CHECKOUT / "pillar-examples")]

import configure  # noqa: E402
from support.consul import Consul  # noqa: E402
from support.nomad import Nomad  # noqa: E402
from support.world import installation, mirror  # noqa: E402


def folder(*names):
    """Below .demo-nomad, for its owner alone."""
    made = CHECKOUT.joinpath(".demo-nomad", *names)
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


def salt_run(conf, function, *words):
    """As a person calls it."""
    argv = [Path(sys.executable).parent / "salt-run", "-c", conf, f"infrastructure.{function}"]
    return subprocess.run([*argv, "development", *words], check=True, stdin=subprocess.DEVNULL)


def urls(consul):
    """Service to the URLs that Consul says are well."""
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
    """Asks each of them."""
    for name, addresses in urls(consul).items():
        for address in addresses:
            with urllib.request.urlopen(address, timeout=10) as answer:
                print(f"  {name:10} {address}  HTTP {answer.status}", flush=True)


def main():
    """Up, shown, down."""
    (folder() / "terraformrc").write_text(installation(mirror()))
    consul = Consul(folder("consul"))
    try:
        nomad = Nomad(folder("nomad"), consul=consul.address)
        try:
            eos = {
                "root": str(folder("srv")),
                "terraform": sys.argv[1],
                "python": sys.executable,
                "cli_config_file": str(folder() / "terraformrc"),
                "nomad": nomad.address,
                "consul": consul.address,
            }
            conf = configure.write(
                folder("salt"),
                [CHECKOUT / "pillar-examples" / "nomad"],
                [CHECKOUT / "salt"],
                extra={"eos": eos},
            )
            salt_run(conf, "orchestrate")
            print(f"\nNomad {nomad.address}, Consul {consul.address}; what answers:", flush=True)
            show(consul)
            if sys.stdin.isatty():
                input("\nEnter takes all of it down. ")
            salt_run(conf, "destroy", "confirm=development")
            assert nomad.request("/v1/jobs") == [], json.dumps(nomad.request("/v1/jobs"))
        finally:
            nomad.close()
    finally:
        consul.close()


if __name__ == "__main__":
    main()
