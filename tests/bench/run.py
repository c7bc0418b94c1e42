#!/usr/bin/env python3
"""Runs every benchmark against what docs/performance.md promises and prints target, floor and what was measured.

    ./dev bench                      some five minutes; the SDK's store holds 100,000 messages
    ./dev bench --large              with 10,000,000 messages on the server, 1,000,000 in the SDK, and libsotto.so for size
    ./dev bench --only group --only idle --seconds 20

Figures of a busy machine say little: the load average is printed with them. Pages with plots and the figures as
JSON land in build/bench.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
READY_SECONDS = 30  # a server that is not ready by then has failed
STARTS = 5  # the median of so many; the first finds cold files
LARGE_SERVER, LARGE_SDK, SMALL_SDK = 10_000_000, 1_000_000, 100_000
PARTS = ("start", "pairs", "receipts", "rate", "group", "idle", "tls", "store", "sdk", "codecs", "stored", "size")


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server of its own; `seconds` is what it took to be ready."""

    def __init__(self, bin_dir: Path, data: Path, tls: Path | None = None) -> None:
        port = free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        command = [bin_dir / "sotto-server", "--dev", "--listen", f"127.0.0.1:{port}", "--data", data]
        if tls:
            command += ["--tls-certificate", tls / "cert.pem", "--tls-private-key", tls / "key.pem"]
        started = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        anyone = ssl._create_unverified_context()  # the certificate is ours, of a minute ago
        while True:
            try:
                urllib.request.urlopen(self.url + "/readyz", context=anyone if tls else None, timeout=1).read()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - started > READY_SECONDS:
                    sys.exit("bench: sotto-server does not start; run it by hand to see why")
                time.sleep(0.001)
        self.seconds = time.monotonic() - started

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.out = ROOT / "build" / "bench"
        self.out.mkdir(parents=True, exist_ok=True)
        self.temporary = Path(tempfile.mkdtemp(prefix="sotto-bench-"))
        self.rows: list[tuple[str, str, str, str]] = []
        self.figures: dict[str, object] = {}
        self.folders = 0

    def folder(self) -> Path:
        self.folders += 1
        made = self.temporary / str(self.folders)
        made.mkdir()
        return made

    # ---- running things
    def load(self, name: str, *arguments: str, data: Path | None = None, tls: Path | None = None) -> dict:
        """One sotto-bench against a server of its own; {"sotto-server": {...}, "bare relay": {...}}."""
        say(f"{name}: sotto-bench {' '.join(arguments)}   (load average {os.getloadavg()[0]:.1f})")
        with Server(self.options.bin, data or self.folder(), tls) as server:
            ran = subprocess.run(
                [self.options.bin / "sotto-bench", "--server", server.url, "--pid", str(server.process.pid), "--quiet", "--json",
                 "--seconds", str(self.options.seconds), "--report", self.out / f"{name}.html", *arguments],
                stdout=subprocess.PIPE, text=True, check=False)
        if ran.returncode:
            sys.exit(f"bench: {name} failed")
        self.figures[name] = json.loads(ran.stdout)
        return json.loads(ran.stdout)["runs"]

    def micro(self, program: str, *arguments: str, messages: int = 0) -> dict[str, dict]:
        """One Google Benchmark program: {name: figures}."""
        say(f"{program}   (load average {os.getloadavg()[0]:.1f})")
        with tempfile.NamedTemporaryFile(dir=self.temporary) as out:
            subprocess.run([self.options.bin / program, f"--benchmark_out={out.name}", "--benchmark_out_format=json", *arguments],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
                           env=os.environ | {"SOTTO_BENCH_MESSAGES": str(messages)})
            figures = {b["name"].removesuffix("/real_time"): b for b in json.loads(Path(out.name).read_text())["benchmarks"]}
        self.figures[program] = figures
        return figures

    def row(self, what: str, target: str, floor: str, measured: str) -> None:
        self.rows.append((what, target, floor, measured))
        say(f"  {what}: {measured}")

    # ---- parts
    def start(self) -> None:
        data = self.folder()
        self.row("server start to ready, empty", "100 ms", "", f"{self.start_ms(data):.0f} ms")

    def start_ms(self, data: Path) -> float:
        taken = []
        for _ in range(STARTS):
            with Server(self.options.bin, data) as server:
                taken.append(server.seconds * 1000)
        return statistics.median(taken)

    def pairs(self) -> None:
        self.saturation("pairs", "")

    def saturation(self, name: str, with_what: str, data: Path | None = None) -> None:
        runs = self.load(name, "--floor", data=data)
        floor, ours = runs["bare relay"], runs["sotto-server"]
        self.row(f"delivered 1:1 messages a second{with_what}", "30,000", f"{floor['delivered_per_second']:,.0f}",
                 f"{ours['delivered_per_second']:,.0f}")
        self.row(f"server CPU for each{with_what}", "18 us", f"{floor['server_cpu_us']:.1f} us", f"{ours['server_cpu_us']:.1f} us")
        self.row(f"bytes written for each{with_what}", "2 KB", f"{floor['bytes_written']:.0f}", f"{ours['bytes_written']:.0f}")

    def receipts(self) -> None:
        ours = self.load("receipts", "--receipts")["sotto-server"]
        self.row("server CPU for each, with delivered receipts", "30 us", "", f"{ours['server_cpu_us']:.1f} us")

    def rate(self) -> None:
        runs = self.load("rate", "--floor", "--rate", "1000")
        both = {name: f"{run['delivery_p50_ms']:.1f} / {run['delivery_p99_ms']:.1f} ms" for name, run in runs.items()}
        self.row("send to delivery at 1,000 a second, p50 / p99", "3 / 10 ms", both["bare relay"], both["sotto-server"])

    def group(self) -> None:
        calm = self.load("group", "--scenario", "group", "--rate", "20")["sotto-server"]
        self.row("group of 500: last member has it, p50 / p99", "20 ms", "", f"{calm['delivery_p50_ms']:.1f} / {calm['delivery_p99_ms']:.1f} ms")
        self.row("group of 500: server CPU for each delivery, 20 a second", "8 us", "", f"{calm['server_cpu_us']:.1f} us")
        busy = self.load("group-saturated", "--scenario", "group")["sotto-server"]
        self.row("group of 500: server CPU for each delivery, saturated", "8 us", "", f"{busy['server_cpu_us']:.1f} us")

    def idle(self) -> None:
        ours = self.load("idle", "--scenario", "idle")["sotto-server"]
        self.row("idle connection, 5,000 of them", "8 KiB", "", f"{ours['memory_per_connection']:.1f} KiB")

    def tls(self) -> None:
        keys = self.folder()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", keys / "key.pem", "-out", keys / "cert.pem"], check=True, capture_output=True)
        ours = self.load("idle-tls", "--scenario", "idle", tls=keys)["sotto-server"]
        self.row("idle connection with TLS, 5,000 of them", "24 KiB", "", f"{ours['memory_per_connection']:.1f} KiB")

    def store(self) -> None:
        figures = self.micro("server_store_bench", "--benchmark_filter=CatchUp|Accept|History", "--benchmark_min_time=0.2")
        self.row("catch-up of 10,000, server side", "50 ms", "", f"{figures['CatchUpTenThousand/1']['real_time']:.0f} ms")

    def sdk(self) -> None:
        messages = LARGE_SDK if self.options.large else SMALL_SDK
        figures = self.micro("sdk_bench", "--benchmark_min_time=0.3", messages=messages)
        per = {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1000}

        def ms(name: str, time_of: str = "real_time") -> float:
            return figures[name][time_of] * per[figures[name]["time_unit"]]

        of = f"SDK store of {messages:,}: "
        self.row(of + "open", "100 ms", "", f"{ms('store_open/iterations:10'):.1f} ms")
        self.row(of + "page of 50", "5 ms", "", f"{ms('store_page_of_50/newest:0'):.2f} ms")
        self.row(of + "search for a rare / a frequent word", "50 ms", "",
                 f"{ms('store_search/rare_word'):.1f} / {ms('store_search/frequent_word'):.1f} ms")
        self.row(of + "search for two / three words", "50 ms", "",
                 f"{ms('store_search/two_words'):.1f} / {ms('store_search/three_words'):.1f} ms")
        self.row(of + "search for a phrase", "50 ms", "", f"{ms('store_search/phrase'):.1f} ms")
        self.row(of + "search for a word of 2 letters", "50 ms", "", f"{ms('store_search/word_of_2'):.1f} ms")
        self.row(of + "search for a CJK word of 2 / 3 characters", "50 ms", "",
                 f"{ms('store_search/cjk_word_of_2'):.1f} / {ms('store_search/cjk_word_of_3'):.1f} ms")
        self.row(of + "search for a word of 2 that no message has", "50 ms", "", f"{ms('store_search/word_of_2_not_there'):.2f} ms")
        self.row("send until it returns (with its fsync)", "2 ms", "", f"{ms('send_until_it_returns'):.2f} ms")
        self.row("one engine step without the commit: a message / typing (CPU)", "20 us", "",
                 f"{1000 * ms('engine_step_of_a_message', 'cpu_time'):.1f} / {1000 * ms('engine_step_of_typing', 'cpu_time'):.1f} us")
        self.row("catch-up of 10,000 into the SDK's store", "1 s", "", f"{ms('catch_up_of_ten_thousand') / 1000:.2f} s")

    def codecs(self) -> None:
        codec = self.micro("codec_bench", "--benchmark_min_time=0.1")
        for what, name in (("decode a message frame", "decode_message"), ("encode a message frame", "encode_message")):
            self.row(f"{what}, protobuf / JSON (CPU)", "", "",
                     f"{codec[name + '/json:0']['cpu_time']:.0f} / {codec[name + '/json:1']['cpu_time']:.0f} ns")
        vfs = self.micro("vfs_bench", "--benchmark_filter=page", "--benchmark_min_time=0.1")
        self.row("seal / open a page of the encrypted store (CPU)", "", "",
                 f"{vfs['seal_page']['cpu_time'] / 1000:.1f} / {vfs['open_page']['cpu_time'] / 1000:.1f} us")

    def stored(self) -> None:
        if not self.options.large:
            return
        data = self.folder()
        with Server(self.options.bin, data):
            pass
        say(f"filling a database with {LARGE_SERVER:,} messages: two minutes, 3 GB")
        subprocess.run([HERE / "fill_database.py", data / "server.db", "--messages", str(LARGE_SERVER)], check=True)
        self.row("server start to ready, 10,000,000 stored", "300 ms", "", f"{self.start_ms(data):.0f} ms")
        self.saturation("pairs-stored", ", 10,000,000 stored", data)

    def size(self) -> None:
        if not self.options.large:
            return
        say("building libsotto.so for size (-Os)")
        build = ROOT / "build" / "size"
        # The same switches as for apps, but for speed.
        subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-Os -DNDEBUG",
                        "-DSOTTO_BUILD_SERVER=OFF", "-DSOTTO_BUILD_CLI=OFF", "-DSOTTO_BUILD_TESTS=OFF"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", build, "--target", "sotto"], check=True, stdout=subprocess.DEVNULL)
        library = next(path for path in build.rglob("libsotto.so*") if not path.is_symlink())
        stripped = self.temporary / "libsotto.so"
        subprocess.run(["strip", "-o", stripped, library], check=True)
        self.row("stripped libsotto.so, -Os", "4 MB", "", f"{stripped.stat().st_size / 2**20:.1f} MB")

    # ---- the end
    def table(self) -> str:
        heads = ("what", "target", "floor", "measured")
        widths = [max(len(row[i]) for row in (heads, *self.rows)) for i in range(4)]

        def line(row: tuple[str, str, str, str]) -> str:
            return "  ".join((row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in (1, 2, 3))))

        return "\n".join((line(heads), line(tuple("-" * width for width in widths)), *map(line, self.rows)))  # type: ignore[arg-type]

    def run(self) -> None:
        load_before = os.getloadavg()[0]
        try:
            for part in self.options.only or PARTS:
                getattr(self, part)()
        finally:
            shutil.rmtree(self.temporary, ignore_errors=True)
        (self.out / "figures.json").write_text(json.dumps({"rows": self.rows, "all": self.figures}, indent=1))
        print(f"\n{self.table()}\n\nload average: {load_before:.1f} at the start, {os.getloadavg()[0]:.1f} at the end; on a machine that does"
              f" nothing else they are 0 and about 1.\nPages with plots: {self.out.relative_to(ROOT)}/*.html")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=ROOT / "build" / "release" / "bin", help="where the programs are")
    parser.add_argument("--seconds", type=int, default=8, help="of each load (default 8)")
    parser.add_argument("--large", action="store_true", help="millions of messages; half an hour, 4 GB of disk, and builds libsotto.so for size")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; several times for several")
    Bench(parser.parse_args()).run()


if __name__ == "__main__":
    main()
