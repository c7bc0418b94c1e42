"""HTTPS and WSS on the one port, with certificates of a test authority."""
import http.client
import socket
import ssl

import pytest

from harness import frames
from harness.certificates import make_authority, make_certificate, trusting
from harness.promises import Chatterbox, check_promises
from test_killed import total_acks, wait_for_acks


@pytest.fixture
def secure(tmp_path, make_server, make_people):
    authority = make_authority(tmp_path)
    pair = make_certificate(tmp_path, authority, "server")
    server = make_server(tls_certificate=pair.certificate, tls_private_key=pair.key)
    assert server.scheme == "https"
    return server, make_people(server, tls=trusting(authority))


@pytest.mark.parametrize("form", [frames.JSON, frames.BINARY])
def test_the_whole_path_works_over_tls(secure, form):
    server, people = secure
    alice, bob = people.online(2, form=form)
    alice.say("over TLS", to=bob)
    bob.expect("message", content="over TLS")
    alice.say("x" * 60_000, to=bob)
    bob.expect("message", content="x" * 60_000)


def test_a_client_that_does_not_trust_the_authority_gives_up_and_harms_nobody(secure):
    server, people = secure
    with pytest.raises(ssl.SSLError):
        http.client.HTTPSConnection("127.0.0.1", server.port, context=ssl.create_default_context()).request("GET", "/healthz")
    people.online(1)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"", b"\x16\x03\x01\x40\x00" + b"x" * 100, b"\x00" * 10_000])
def test_what_is_no_tls_is_cut_off(secure, data):
    server, people = secure
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
        plain.sendall(data)
        plain.shutdown(socket.SHUT_WR)
        try:
            while plain.recv(4096):
                pass
        except ConnectionResetError:
            pass
    people.online(1)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(secure, version):
    server, people = secure
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(plain, server_hostname="localhost")


def test_many_large_frames_both_ways(secure):
    server, people = secure
    alice, bob = people.online(2)
    count = 60
    for sender, receiver in ((alice, bob), (bob, alice)):
        for number in range(count):
            sender.post(f"{number}:" + "y" * 50_000, to=receiver)
    for connection, sender in ((alice, bob), (bob, alice)):
        connection.expect("message", sender_id=sender.user_id, content=f"{count - 1}:" + "y" * 50_000)
        # A reader who falls behind is served from the store, which holds what it sent itself as well.
        texts = [frame["content"] for frame in connection.of("message") if frame["sender_id"] == sender.user_id]
        assert [text.split(":")[0] for text in texts] == [str(number) for number in range(count)]
        connection.wait_until(lambda c=connection: len(c.of("ack")) == count)


def test_the_promises_hold_over_tls(secure):
    server, people = secure
    devices = people.devices(3)
    group = devices[0].group_with(devices[1:])
    boxes = [Chatterbox(device, group).start() for device in devices]
    for _ in range(3):
        wait_for_acks(boxes, total_acks(boxes) + 150)
        server.crash_and_restart()
    check_promises(boxes)


def test_a_drain_ends_tls_connections_too(secure):
    server, people = secure
    connection = people.online(1)[0]
    assert server.terminate() == 0
    connection.expect("going_away")
    connection.expect_close(1012)
