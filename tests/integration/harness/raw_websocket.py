"""A WebSocket connection whose every byte is the test's own: for breaches of the protocol, slow readers, lost networks.

Nothing is read before the test reads, nothing is answered by itself.
"""
import base64
import os
import socket

from harness import frames, patience

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class RawWebSocket:
    def __init__(self, device, *, subprotocols=(frames.JSON,), headers=None, extensions=None, receive_buffer=None,
                 address=None):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(patience.ANSWER)
        self._socket.connect(address or ("127.0.0.1", device.server.port))
        self._buffer = b""
        headers = {"Authorization": f"Bearer {device.access_token}"} if headers is None else dict(headers)
        if subprotocols:
            headers["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
        if extensions:
            headers["Sec-WebSocket-Extensions"] = extensions
        key = base64.b64encode(os.urandom(16)).decode()
        request = ["GET /ws/connect HTTP/1.1", f"Host: 127.0.0.1:{device.server.port}", "Upgrade: websocket",
                   "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        request += [f"{name}: {value}" for name, value in headers.items()]
        self.send_bytes("\r\n".join(request + ["", ""]).encode("latin-1"))
        lines = self._read_head().split("\r\n")
        assert lines[0].startswith("HTTP/1.1 101"), lines[0]
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.hello = self.receive()[1]

    # ---- bytes

    def send_bytes(self, data):
        self._socket.sendall(data)

    def _read_head(self):
        while b"\r\n\r\n" not in self._buffer:
            data = self._socket.recv(65536)
            assert data, f"closed during the upgrade: {self._buffer!r}"
            self._buffer += data
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        return head.decode("latin-1")

    def _exactly(self, count):
        while len(self._buffer) < count:
            data = self._socket.recv(max(65536, count - len(self._buffer)))
            if not data:
                raise EOFError
            self._buffer += data
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    # ---- frames

    def send(self, opcode, data, final=True):
        mask = os.urandom(4)
        length = len(data)
        head = bytes([(0x80 if final else 0) | opcode])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 65536:
            head += bytes([0x80 | 126]) + length.to_bytes(2, "big")
        else:
            head += bytes([0x80 | 127]) + length.to_bytes(8, "big")
        repeated = (mask * (length // 4 + 1))[:length]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(length, "big")
        self.send_bytes(head + mask + masked)

    def receive(self):
        """The next frame: (opcode, data). EOFError at the end of the stream."""
        first, second = self._exactly(2)
        length = second & 0x7F
        assert not second & 0x80, "a server must not mask"
        if length == 126:
            length = int.from_bytes(self._exactly(2), "big")
        elif length == 127:
            length = int.from_bytes(self._exactly(8), "big")
        return first & 0x0F, self._exactly(length)

    def receive_until(self, condition):
        while True:
            opcode, data = self.receive()
            if condition(opcode, data):
                return opcode, data

    def receive_close(self):
        """Reads to the end; the close code, None for an end without one."""
        code = None
        try:
            while True:
                opcode, data = self.receive()
                if opcode == CLOSE:
                    code = int.from_bytes(data[:2], "big") if data else 1005
        except (EOFError, ConnectionResetError):
            return code
        finally:
            self.close()

    def close(self):
        self._socket.close()
