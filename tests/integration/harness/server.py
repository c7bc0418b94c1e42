"""`sotto-server` as a process of its own: started, killed, restarted on the same data and port, drained.

    with Server(tmp_path) as server:              # --dev, a free loopback port
        ...
        server.kill()                             # SIGKILL, as a crash or power cut would
        server.start()                            # the same data, the same port

Configuration keys are given as they stand in a configuration file: Server(tmp_path, write_fanout_max_members=3).
"""
import os
import pathlib
import signal
import subprocess

from harness import patience
from harness.binaries import program
from harness.logbook import Logbook

READY = r"sotto-server ready on (https?)://(\S+):(\d+)"

# Sanitizers and aborts announce themselves with these; a server that printed one has failed whatever the test saw.
SIGNS_OF_A_CRASH = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error:",
                    "terminate called", "Assertion `", "ERROR: libFuzzer")


class Server:
    def __init__(self, data, *, dev=True, listen="127.0.0.1:0", arguments=(), environment=None, wrapper=(),
                 preexec=None, user=None, executable=None, **options):
        self.data = pathlib.Path(data)
        self.dev = dev
        self.listen = listen
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.options = options
        self.wrapper = list(wrapper)
        self.preexec = preexec
        self.user = user
        self.executable = executable  # the build's, if none is given
        self.process = None
        self.output = []  # a Logbook for each start
        self.errors = []
        self.port = None
        self.scheme = "http"

    # ---- life

    def command(self):
        command = self.wrapper + [str(self.executable or program("sotto-server"))]
        if self.dev:
            command.append("--dev")
        command += ["--listen", f"127.0.0.1:{self.port}" if self.port else self.listen, "--data", str(self.data)]
        for key, value in self.options.items():
            flag = "--" + key.replace("_", "-")
            command += [flag] if value is True else [flag, str(value)]
        return command + self.arguments

    def launch(self):
        """Starts the process without waiting for it to be ready."""
        # SOTTO_ variables configure the server; those of whoever runs the tests are not meant for it.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SOTTO_")}
        environment.update(self.environment)
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment, preexec_fn=self.preexec,
                                        user=self.user)
        self.output.append(Logbook(self.process.stdout))
        self.errors.append(Logbook(self.process.stderr))
        return self

    def start(self):
        self.launch()
        match = self.output[-1].wait_for(READY, patience.START)
        if not match:
            self.kill()
            raise AssertionError(f"the server did not become ready:\n{self.log()}")
        self.scheme, self.port = match.group(1), int(match.group(3))
        return self

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        self.wait()

    def wait(self, timeout=patience.STOP):
        code = self.process.wait(timeout) if self.process else None
        for logbook in self.output[-1:] + self.errors[-1:]:
            logbook.wait_until_ended(patience.ANSWER)
        return code

    def terminate(self):
        """SIGTERM, as an operator stops it; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def crash_and_restart(self):
        self.kill()
        return self.start()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.alive():
            self.kill()
        if kind is None:
            self.check_log()

    # ---- looking at it

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def websocket_url(self):
        return f"{'wss' if self.scheme == 'https' else 'ws'}://127.0.0.1:{self.port}/ws/connect"

    def log(self):
        """The log (standard error) of all starts."""
        return "\n".join(logbook.text() for logbook in self.errors)

    def printed(self):
        """Standard output of all starts: the ready line, codes for the console."""
        return "\n".join(logbook.text() for logbook in self.output)

    def check_log(self):
        log = self.log()
        for sign in SIGNS_OF_A_CRASH:
            assert sign not in log, f"{sign!r} in the server's log:\n{log}"

    def resident_bytes(self):
        """Memory held now (VmRSS)."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS: the server is gone")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def database(self):
        """The SQLite file in the data folder."""
        for path in sorted(self.data.rglob("*")):
            if path.is_file():
                with path.open("rb") as file:
                    if file.read(16) == b"SQLite format 3\0":
                        return path
        raise AssertionError(f"no database in {self.data}: {list(self.data.rglob('*'))}")
