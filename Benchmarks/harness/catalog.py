"""The catalog as a harness sees it: through psql, seeded with blobs that lie in a source store."""

import dataclasses
import hashlib
import json
import pathlib
import secrets
import subprocess
import time
import urllib.parse

from .s3 import in_threads, random_object


MIGRATIONS = pathlib.Path(__file__).resolve().parents[2] / "Sources/Shared/Catalog/Migrations"


@dataclasses.dataclass
class Blob:
    """One seeded blob."""

    key: str
    digest: str
    size: int


class Catalog:
    """A database of its own on the private server."""

    def __init__(self, server_url, redis_url, name=None):
        self.server_url, self.redis_url = server_url, redis_url
        self.name = name or f"bench_{secrets.token_hex(4)}"
        parts = urllib.parse.urlsplit(server_url)
        self.url = parts._replace(path="/" + self.name).geturl()

    def create(self, schema=None):
        """Makes the database with the schema of this repository (or an older one, for an older worker), and empties Redis."""
        self._psql(self.server_url, f'CREATE DATABASE "{self.name}" ENCODING \'UTF8\' TEMPLATE template0')
        # As Migrator does; without checksums, for which the programs take their own.
        script = ["BEGIN", "CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, "
                  "applied_at TIMESTAMP WITH TIME ZONE NOT NULL, checksum TEXT)"]
        for path in sorted(MIGRATIONS.glob("*.sql")):
            version = int(path.name[:4])
            if schema is None or version <= schema:
                script.append(path.read_text())
                script.append(f"INSERT INTO schema_migrations (version, name, applied_at) VALUES ({version}, '{path.stem[5:]}', CURRENT_TIMESTAMP)")
        self._psql(self.url, ";\n".join(script) + ";\nCOMMIT;\n")
        self.redis("FLUSHALL")

    def drop(self):
        self._psql(self.server_url, f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    @staticmethod
    def _psql(url, sql, timeout=600):
        result = subprocess.run(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url], input=sql, capture_output=True, text=True, timeout=timeout)
        if result.returncode != 0:
            raise RuntimeError(f"psql: {result.stderr.strip()}")
        return result.stdout

    def sql(self, text, timeout=600):
        """The rows, each a list of texts."""
        return [line.split("|") for line in self._psql(self.url, text, timeout).splitlines()]

    def value(self, text):
        rows = self.sql(text)
        return rows[0][0] if rows else None

    def redis(self, *lines):
        """Commands to Redis, one a line, in one connection."""
        result = subprocess.run(
            ["redis-cli", "-u", self.redis_url], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60)
        return result.stdout

    def has_table(self, name):
        return self.value(f"SELECT to_regclass('{name}') IS NOT NULL") == "t"

    def has_column(self, table, column):
        return self.value(
            f"SELECT count(*) FROM information_schema.columns WHERE table_name = '{table}' AND column_name = '{column}'") != "0"

    # Seeding

    def locations(self, *names):
        for name in names:
            self.sql(f"INSERT INTO locations (id, engine) VALUES ('{name}', 'RadosGWStorage') ON CONFLICT DO NOTHING")

    def seed(self, store, location, sizes, storage_path="bench", threads=4, progress=None):
        """Puts random objects into the store and records them as verified placements; no jobs yet."""
        done = [0]

        def one(client, size):
            key, hasher = f"{storage_path}/blobs/{(name := secrets.token_hex(16))[:2]}/{name}", hashlib.sha256()
            if size <= 8 << 20:
                data = b"".join(random_object(size, hasher))
                client.put(key, data)
            else:
                client.put(key, random_object(size, hasher), length=size)
            done[0] += 1
            if progress and done[0] % 500 == 0:
                progress(f"{done[0]} of {len(sizes)} objects stored")
            return Blob(key, "sha256:" + hasher.hexdigest(), size)

        blobs = in_threads(threads, store, sizes, one)
        for at in range(0, len(blobs), 1000):
            values = ",".join(f"('{b.digest}',{b.size},'{b.key}')" for b in blobs[at : at + 1000])
            self.sql(
                f"WITH item (digest, size, key) AS (VALUES {values}), made AS ("
                "INSERT INTO blobs (digest, size) SELECT digest, CAST(size AS BIGINT) FROM item RETURNING id, digest) "
                f"INSERT INTO placements (blob, location, object_key) SELECT made.id, '{location}', item.key "
                "FROM made JOIN item USING (digest)")
        # What no repository links is collected while the harness runs.
        self.sql("INSERT INTO repositories (name, namespace) VALUES ('bench/blobs', 'bench') ON CONFLICT DO NOTHING")
        self.sql(
            "INSERT INTO repository_blobs (repository, blob, leased_until) SELECT r.id, b.id, now_ms() + 86400000 "
            "FROM repositories r CROSS JOIN blobs b WHERE r.name = 'bench/blobs' ON CONFLICT DO NOTHING")
        self.sql("ANALYZE blobs; ANALYZE placements")
        return blobs

    def open_jobs(self, blobs, targets, lane=1, announce=True):
        """Opens the jobs in one transaction and rings the doorbell as a push does; returns the database's time then (ms)."""
        digests = ",".join(f"'{b.digest}'" for b in blobs)
        wanted = ",".join(f"('{t}')" for t in targets)
        lane_name = {0: "urgent", 1: "normal", 2: "backfill"}[lane]
        rows = self.sql(
            f"WITH made AS (INSERT INTO jobs (blob, target, lane, size) SELECT b.id, t.target, {lane}, b.size "
            f"FROM blobs b CROSS JOIN (VALUES {wanted}) t (target) WHERE b.digest IN ({digests}) RETURNING id, target) "
            "SELECT id, target, now_ms() FROM made")
        if announce and rows:
            self.redis(*[f"XADD replication:{{{target}}}:{lane_name} * job {job}" for job, target, _ in rows])
        return int(rows[0][2])

    # Watching

    def open_count(self, target):
        return int(self.value(f"SELECT count(*) FROM jobs WHERE target = '{target}' AND state <> 'done'"))

    def now_ms(self):
        return int(self.value("SELECT now_ms()"))

    def await_done(self, targets, timeout, processes=(), interval=0.25, progress=None):
        """Waits until every job of the targets is done; raises TimeoutError with what is left."""
        deadline, said = time.monotonic() + timeout, time.monotonic()
        wanted = ",".join(f"'{t}'" for t in targets)
        while True:
            left = int(self.value(f"SELECT count(*) FROM jobs WHERE target IN ({wanted}) AND state <> 'done'"))
            if left == 0:
                return
            for process in processes:
                process.check()
            if time.monotonic() > deadline:
                states = self.sql(
                    "SELECT target, state, count(*), max(attempts), max(last_error) FROM jobs WHERE state <> 'done' GROUP BY 1, 2")
                raise TimeoutError(f"{left} jobs left after {timeout} s: {json.dumps(states)}")
            if progress and time.monotonic() - said > 5:
                said = time.monotonic()
                progress(f"{left} jobs left")
            time.sleep(interval)

    def span(self, target, blobs=None):
        """First and last `done_at` of a target's jobs (ms), and their number."""
        only = f" AND b.digest IN ({','.join(repr(b.digest) for b in blobs)})" if blobs else ""
        first, last, count = self.sql(
            "SELECT min(j.done_at), max(j.done_at), count(*) FROM jobs j JOIN blobs b ON b.id = j.blob "
            f"WHERE j.target = '{target}' AND j.state = 'done'{only}")[0]
        return int(first or 0), int(last or 0), int(count)

    def keys(self, location, blobs=None):
        """Digest, size and key of every verified placement at a location."""
        rows = self.sql(
            "SELECT b.digest, b.size, p.object_key FROM placements p JOIN blobs b ON b.id = p.blob "
            f"WHERE p.location = '{location}' AND p.state = 'verified'")
        wanted = {b.digest for b in blobs} if blobs else None
        return [(d, int(s), k) for d, s, k in rows if wanted is None or d in wanted]

    def check_hashes(self, store, location, blobs, threads=4):
        """Reads every object of these blobs from the store itself; returns a list of what is wrong."""
        placed = self.keys(location, blobs)
        wrong = [f"{b.digest} has no verified placement at {location}" for b in blobs if b.digest not in {d for d, _, _ in placed}]

        def one(client, item):
            digest, size, key = item
            try:
                found = client.sha256(key)
            except Exception as error:  # whatever it is, the object is not readable
                client.close()
                return f"{key} of {digest}: {error}"
            return None if found == (size, digest) else f"{key}: {found} instead of {(size, digest)}"

        return wrong + [w for w in in_threads(threads, store, placed, one) if w]
