"""An unsealed Vault in memory, with a key-value store at secret/."""

from support.ports import free_port
from support.server import Server, program


class Vault(Server):
    header = "X-Vault-Token"

    def __init__(self, folder):
        port, token = free_port(), "root-of-the-tests"
        argv = [
            program("vault"), "server", "-dev", "-dev-no-store-token",
            f"-dev-listen-address=127.0.0.1:{port}", f"-dev-root-token-id={token}",
        ]  # fmt: skip
        super().__init__(folder, argv, f"http://127.0.0.1:{port}", token=token)

    def ready(self):
        return self.request("/v1/secret/config")
