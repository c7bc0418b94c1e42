"""One asyncio loop on a thread of its own, so that tests read as plain steps while any number of clients listen."""
import asyncio
import threading

_loop = None
_lock = threading.Lock()


def loop():
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, daemon=True).start()
        return _loop


def submit(coroutine):
    return asyncio.run_coroutine_threadsafe(coroutine, loop())


def run(coroutine, timeout):
    future = submit(coroutine)
    try:
        return future.result(timeout)
    except TimeoutError:
        future.cancel()
        raise
