"""A fault proxy as a harness starts and steers it."""

import http.client
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Benchmarks"))
from harness import processes  # noqa: E402


class FaultProxy:
    """`fault_proxy.py` in a process of its own."""

    def __init__(self, name, port, upstream, folder, mbit=0, store=None):
        self.name, self.port = name, port
        self.endpoint = f"http://127.0.0.1:{port}"
        words = [sys.executable, HERE / "fault_proxy.py", "--listen", port, "--control", port + 1,
                 "--upstream", upstream.removeprefix("http://"), "--mbit", mbit]
        if store:
            words += ["--access-key", store.access_key, "--secret-key", store.secret_key, "--bucket", store.bucket]
        self.process = processes.Process(f"proxy {name}", words, folder / f"proxy-{name}.log")
        deadline = time.monotonic() + 20
        while True:
            try:
                self.stats()
                return
            except OSError:
                self.process.check()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _call(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port + 1, timeout=20)
        try:
            connection.request(method, path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def stats(self):
        return self._call("GET", "/stats")

    def mode(self, name, **options):
        more = "".join(f"&{k.replace('_', '-')}={v}" for k, v in options.items())
        return self._call("POST", f"/mode?{name}{more}")

    def reset(self):
        return self._call("POST", "/reset")

    def stop(self):
        self.process.stop(5)
