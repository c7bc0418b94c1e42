"""A TCP proxy that loses the network at a word: half-open connections, one-way silence, cut connections.

    proxy = Proxy(server.port)
    connection = device.connect(url=f"ws://127.0.0.1:{proxy.port}/ws/connect")
    proxy.freeze()        # both ends still think that they are connected
"""
import socket
import threading


class Proxy:
    def __init__(self, target_port):
        self.target = ("127.0.0.1", target_port)
        self._frozen = threading.Event()
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            self._sockets += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        try:
            while data := source.recv(65536):
                if self._frozen.is_set():
                    continue  # swallowed, as a network that lost the path does
                sink.sendall(data)
        except OSError:
            pass
        if not self._frozen.is_set():
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def freeze(self):
        """From here on nothing passes, not even the end of a connection."""
        self._frozen.set()

    def close(self):
        self._listener.close()
        for each in self._sockets:
            each.close()
