"""A constant load of pulls and pushes by eight clients and a skopeo loop."""

import collections
import pathlib
import random
import shutil
import subprocess
import threading
import time

from .images import assemble, check_layout, make_image, write_layout
from .journal import AttemptFailed
from .registry_client import ATTEMPTS, RegistryClient

NEWEST = 24  # recent pushes that are pulled; older ones only in the audit
SKOPEO_SECONDS = 150


class Load:
    """Clients that go on until they are told to stop; they are spread over one region, the load balancer, and regions named in `more`."""

    def __init__(self, simulation, journal, folder, clients=8, skopeo=True, region="eu", redirects=False, more=()):
        self.simulation, self.journal, self.folder, self.skopeo = simulation, journal, folder, skopeo
        self.stopping, self.threads = threading.Event(), []
        self.seeded, self.recent, self.lock = [], collections.deque(maxlen=NEWEST), threading.Lock()
        self.addresses = {region: simulation.api(region), "lb": simulation.env["GLOBAL_URL"]} | {each: simulation.api(each) for each in more}
        self.region, self.clients, self.redirects, self.surprises = region, clients, redirects, []

    def client(self, name, via):
        env = self.simulation.env
        return RegistryClient(
            name, via, self.addresses.get(via) or self.simulation.api(via), env["SUPERUSER"], env["SUPERUSER_PASSWORD"], self.journal,
            random.Random(name), self.is_only_copy)

    def is_only_copy(self, digests):
        """Whether one of the blobs has no copy but at the store that fails."""
        try:
            return self.simulation.is_only_at(f"{self.region}storage", digests)
        except RuntimeError:
            return False  # the database is away, and nobody can say

    def seed(self, count):
        """Images that are there before anything fails."""
        client, rng = self.client("seed", "lb"), random.Random(1)
        for number in range(count):
            image, contents = make_image(f"load/seed{number % 3}", f"s{number}", rng, large_share=0.2)
            if not client.push(image, contents):
                raise RuntimeError(f"seeding failed: {self.journal.failed[-1]}")
            self.seeded.append(image)
            self.journal.acknowledge(image)
        client.close()

    def start(self):
        for number in range(self.clients):
            # Puller and pusher, each at every address, in turn.
            via, pulls = list(self.addresses)[number // 2 % len(self.addresses)], number % 2 == 0
            name = f"{'pull' if pulls else 'push'}{number}-{via}"
            work = self._pulling if pulls else self._pushing
            self._thread(name, lambda name=name, via=via, work=work: work(self.client(name, via)))
        if self.skopeo:
            self._thread("skopeo", self._skopeo)

    def _thread(self, name, work):
        def guarded():
            try:
                work()
            except Exception as error:  # a mistake in the harness, which must not look like silence of a client
                self.surprises.append(f"{name}: {error!r}")
        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        self.threads.append(thread)

    def stop(self):
        """Lets every client finish what it is at."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(300)
            if thread.is_alive():
                self.surprises.append(f"{thread.name} did not end")

    def _pause(self, rng):
        self.stopping.wait(rng.uniform(0.2, 0.7))

    def _pulling(self, client):
        while not self.stopping.is_set():
            with self.lock:
                recent = list(self.recent)
            client.pull(client.rng.choice(recent if recent and client.rng.random() < 0.5 else self.seeded))
            self._pause(client.rng)

    def _pushing(self, client):
        serial = 0
        while not self.stopping.is_set():
            serial += 1
            image, contents = make_image(f"load/{client.name}", f"t{serial}", client.rng)
            if client.push(image, contents):
                self.journal.acknowledge(image)
                with self.lock:
                    self.recent.append(image)
            self._pause(client.rng)

    # Skopeo

    def _skopeo(self):
        """Pushes an image and pulls it back, at the region and at the balancer in turn, as a user's script would."""
        rng, serial, home = random.Random("skopeo"), 0, pathlib.Path(self.folder) / "skopeo"
        while not self.stopping.is_set():
            serial += 1
            via = (self.region, "lb")[serial % 2]
            host = self.addresses[via].removeprefix("http://")
            shutil.rmtree(home, ignore_errors=True)
            image, contents = assemble("load/skopeo", f"k{serial}", [rng.randbytes(200_000), rng.randbytes(2_000_000)])
            write_layout(home / "made", image, contents)
            remote = f"docker://{host}/{image.repository}:{image.tag}"
            pushed = self._skopeo_copy("push", via, ["--dest-tls-verify=false", f"oci:{home}/made:{image.tag}", remote])
            if pushed:
                self.journal.acknowledge(image)
                self._skopeo_copy("pull", via, ["--src-tls-verify=false", remote, f"oci:{home}/back:{image.tag}"],
                                  lambda: check_layout(home / "back", image), [digest for digest, _ in image.blobs])
            self._pause(rng)
        shutil.rmtree(home, ignore_errors=True)

    def _skopeo_copy(self, kind, via, words, check=lambda: None, digests=()):
        """`skopeo copy`, up to five times as a script would do it: of itself it tries few failures again (not a 503 of an upload)."""
        began = time.monotonic()
        command = ["skopeo", "copy", "--preserve-digests", "--authfile", str(self.simulation.folder / "auth.json"), *words]
        for number in range(1, ATTEMPTS + 1):
            started = time.monotonic()
            try:
                run = subprocess.run(command, capture_output=True, text=True, timeout=SKOPEO_SECONDS)
                wrong = run.stderr.strip()[-600:] if run.returncode else check()
            except subprocess.TimeoutExpired:
                wrong = f"not done in {SKOPEO_SECONDS} s"
            if not wrong:
                self.journal.operation(kind, via, time.monotonic() - began)
                return True
            where = "only copy" if digests and self.is_only_copy(digests) else self._where(kind, wrong)
            self.journal.attempt_failed(
                kind, via, "skopeo", "copy", AttemptFailed("skopeo failed", where, wrong), time.monotonic() - started, number)
            if number < ATTEMPTS:
                time.sleep(2 ** (number - 1))
        self.journal.operation_failed(kind, via, "skopeo", f"skopeo: {wrong}", time.monotonic() - began, where)
        return False

    def _where(self, kind, words):
        """Skopeo does not say who failed: a store has another name, and sends every body where it may be redirected to."""
        body = any(text in words for text in ("happened during read", "does not match", "unexpected EOF"))
        return "store" if "//localhost:" in words or (kind == "pull" and body and self.redirects) else "registry"
