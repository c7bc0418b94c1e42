"""What a process has printed so far, line by line, with a wait for a line that matches.

    logbook = Logbook(process.stdout, name="server")
    match = logbook.wait_for(r"ready on (\\S+)", timeout=10, running=lambda: process.poll() is None)
"""
import re
import threading


class Logbook:
    def __init__(self, stream, on_line=None):
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._on_line = on_line
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        for raw in iter(stream.readline, b""):
            line = raw.decode("utf-8", "replace").rstrip("\n")
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
            if self._on_line:
                self._on_line(line)
        stream.close()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, pattern, timeout):
        """The first match among all lines; None if the process closed its output or the time is up."""
        expression = re.compile(pattern)
        seen = 0

        def found():
            nonlocal seen
            while seen < len(self._lines):
                match = expression.search(self._lines[seen])
                seen += 1
                if match:
                    return match
            return "ended" if self._ended else None

        with self._changed:
            result = self._changed.wait_for(found, timeout)
        return None if result == "ended" else result

    def wait_until_ended(self, timeout):
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, timeout)

    def text(self):
        with self._changed:
            return "\n".join(self._lines)
