"""The fixture `sotto`: people as `sotto rpc` processes, ended with the test."""
import pytest

from harness.rpc import RpcClient


@pytest.fixture
def sotto(server, tmp_path):
    yield from rpc_people(server, tmp_path)


def rpc_people(server, folder):
    clients = []

    def sign_in(count=1, phone_number=None):
        made = [RpcClient(server.url, folder / f"person{len(clients) + number}").sign_in(phone_number)
                for number in range(count)]
        clients.extend(made)
        return made

    yield sign_in
    for client in clients:
        if client.alive():
            client.kill()
        assert "AddressSanitizer" not in client.errors.text() and "runtime error" not in client.errors.text()
