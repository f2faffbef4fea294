"""Whole-system benchmark: Meridian and Debian's docker-registry on the same stores, in turns, with ratios.

Every figure is a median over rounds that alternate between the two, because wall times on a shared machine swing.
CPU seconds come from /proc and are steadier than wall times.
"""

import argparse
import hashlib
import http.client
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

MIB = 1 << 20
LAYER = 64 * MIB
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    """A loopback port below the ephemeral range that nothing listens on."""
    for _ in range(200):
        port = 21000 + secrets.randbelow(9000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    sys.exit("no free port between 21000 and 30000")


class Server:
    """One server process with its CPU time and peak memory."""

    def __init__(self, name, command, port, env=None, log=None):
        self.name, self.port = name, port
        self.log = open(log, "ab")
        self.process = subprocess.Popen(command, env=env, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while port and time.monotonic() < deadline:
            if self.process.poll() is not None:
                sys.exit(f"{name} ended at start; see {log}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/v2/")
                if connection.getresponse().status in (200, 401):
                    return
            except OSError:
                time.sleep(0.1)
        if port:
            sys.exit(f"{name} did not answer within 60 s; see {log}")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Client:
    """A docker-style client: POST, one chunked PATCH, empty PUT; plain GETs that follow no redirect."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def request(self, method, path, body=None, headers=None, chunked=False):
        self.connection.request(method, path, body=body, headers=headers or {}, encode_chunked=chunked)
        response = self.connection.getresponse()
        return response

    def push_blob(self, repository, data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        response = self.request("POST", f"/v2/{repository}/blobs/uploads/")
        response.read()
        assert response.status == 202, response.status
        location = self.relative(response.headers["Location"])

        def chunks():
            view = memoryview(data)
            for at in range(0, len(data), MIB):
                yield view[at : at + MIB]

        response = self.request(
            "PATCH", location, body=chunks() if len(data) > 0 else b"",
            headers={"Content-Type": "application/octet-stream", "Transfer-Encoding": "chunked"}, chunked=True)
        text = response.read()
        assert response.status == 202, (response.status, text)
        location = self.relative(response.headers["Location"])
        separator = "&" if "?" in location else "?"
        response = self.request("PUT", f"{location}{separator}digest={digest}", headers={"Content-Length": "0"})
        text = response.read()
        assert response.status == 201, (response.status, text)
        return digest

    def pull_blob(self, repository, digest):
        response = self.request("GET", f"/v2/{repository}/blobs/{digest}")
        assert response.status == 200, response.status
        size = 0
        while chunk := response.read(MIB):
            size += len(chunk)
        return size

    def push_manifest(self, repository, tag, layers):
        config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
        config_digest = self.push_blob(repository, config)
        media = "application/vnd.oci.image.manifest.v1+json"
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": media,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": len(config)},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": d, "size": s} for d, s in layers],
        }).encode()
        response = self.request("PUT", f"/v2/{repository}/manifests/{tag}", body=manifest, headers={"Content-Type": media})
        text = response.read()
        assert response.status == 201, (response.status, text)

    @staticmethod
    def relative(location):
        parts = urllib.parse.urlsplit(location)
        return parts.path + ("?" + parts.query if parts.query else "")


def wrk(port, path, seconds, connections):
    """Requests per second and p99 in milliseconds of GETs of one path."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H",
         "Accept: application/vnd.oci.image.manifest.v1+json", f"http://127.0.0.1:{port}{path}"],
        check=True, capture_output=True, text=True).stdout
    rate = p99 = 0.0
    for line in output.splitlines():
        words = line.split()
        if line.startswith("Requests/sec"):
            rate = float(words[1])
        if words[:1] == ["99%"]:
            value = words[1]
            p99 = float(value.rstrip("mus")) * (1000 if value.endswith("s") and not value.endswith(("ms", "us")) else 0.001 if value.endswith("us") else 1)
        if "Non-2xx" in line:
            sys.exit(f"wrk saw failures: {line}")
    return rate, p99


def meridian_config(folder, name, location, extra):
    config = {
        "SERVER_HOSTNAME": "127.0.0.1", "PREFERRED_URL_SCHEME": "http", "AUTHENTICATION_TYPE": "None",
        "DB_URI": os.environ["MERIDIAN_TEST_POSTGRES"],
        "BUILDLOGS_REDIS": redis_settings(), "USER_EVENTS_REDIS": redis_settings(),
        "FEATURE_PROXY_STORAGE": True, "FEATURE_STORAGE_REPLICATION": False,
        **location, **extra,
    }
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(config))  # JSON is YAML
    return path


def redis_settings():
    parts = urllib.parse.urlsplit(os.environ["MERIDIAN_TEST_REDIS"])
    return {"host": parts.hostname, "port": parts.port}


def rgw(bucket, endpoint):
    parts = urllib.parse.urlsplit(endpoint)
    return ["RadosGWStorage", {
        "hostname": parts.hostname, "port": parts.port, "is_secure": False, "storage_path": "/bench",
        "access_key": os.environ["MERIDIAN_TEST_S3_ACCESS_KEY"], "secret_key": os.environ["MERIDIAN_TEST_S3_SECRET_KEY"],
        "bucket_name": bucket}]


def peer_config(folder, name, storage):
    port = free_port()
    config = {
        "version": 0.1, "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {**storage, "delete": {"enabled": True}, "redirect": {"disable": True}},
        "http": {"addr": f"127.0.0.1:{port}"}}
    path = folder / f"{name}.yml"
    path.write_text(json.dumps(config))
    return path, port


class Bench:
    def __init__(self, bin_folder, rounds, folder):
        self.bin, self.rounds, self.folder = pathlib.Path(bin_folder), rounds, folder
        self.rows = []

    def database(self, name):
        """A fresh database, so that each server starts empty."""
        base = os.environ["MERIDIAN_TEST_POSTGRES"]
        subprocess.run(["psql", "-q", base, "-c", f'CREATE DATABASE "{name}"'], check=True)
        return urllib.parse.urlsplit(base)._replace(path="/" + name).geturl()

    def meridian(self, name, location, env=None, extra=None):
        port = free_port()
        config = meridian_config(self.folder, name, location, {"DB_URI": self.database(f"bench_{secrets.token_hex(4)}"), **(extra or {})})
        server = Server(
            f"meridian ({name})", [self.bin / "registry-api", "serve", "--config", config, "--listen", f"127.0.0.1:{port}"],
            port, env={**os.environ, "LOG_LEVEL": "warning", **(env or {})}, log=self.folder / f"{name}.log")
        server.config = config
        return server

    def peer(self, name, storage):
        path, port = peer_config(self.folder, name, storage)
        env = {k: v for k, v in os.environ.items() if k != "AWS_CA_BUNDLE"}
        return Server(f"docker-registry ({name})", ["docker-registry", "serve", path], port, env=env, log=self.folder / f"{name}.log")

    def row(self, what, unit, ours, theirs, higher_is_better=True):
        ratio = (ours / theirs if higher_is_better else theirs / ours) if ours and theirs else float("nan")
        self.rows.append((what, unit, ours, theirs, ratio))
        print(f"  {what:<46} {unit:<10} meridian {ours:>10.2f}   docker-registry {theirs:>10.2f}   {ratio:>6.2f}x better", flush=True)

    def pair(self, label, ours, theirs):
        """Push, pull and manifest reads on two servers in turns."""
        print(f"\n{label}: 64 MiB push and pull, {self.rounds} rounds in turns", flush=True)
        figures = {}
        for server in (ours, theirs):
            figures[server] = {"push": [], "pull": [], "push_cpu": [], "pull_cpu": []}
        for _ in range(self.rounds):
            for server in (ours, theirs):
                client, data = Client(server.port), secrets.token_bytes(LAYER)
                cpu, start = server.cpu_seconds(), time.monotonic()
                digest = client.push_blob("bench/blobs", data)
                figures[server]["push"].append(LAYER / MIB / (time.monotonic() - start))
                figures[server]["push_cpu"].append((server.cpu_seconds() - cpu) / (LAYER / 1e9))
                cpu, start = server.cpu_seconds(), time.monotonic()
                assert client.pull_blob("bench/blobs", digest) == LAYER
                figures[server]["pull"].append(LAYER / MIB / (time.monotonic() - start))
                figures[server]["pull_cpu"].append((server.cpu_seconds() - cpu) / (LAYER / 1e9))
        middle = {s: {k: statistics.median(v) for k, v in f.items()} for s, f in figures.items()}
        self.row(f"{label}: push 64 MiB", "MiB/s", middle[ours]["push"], middle[theirs]["push"])
        self.row(f"{label}: push CPU", "CPU-s/GB", middle[ours]["push_cpu"], middle[theirs]["push_cpu"], False)
        self.row(f"{label}: pull 64 MiB, proxied", "MiB/s", middle[ours]["pull"], middle[theirs]["pull"])
        self.row(f"{label}: pull CPU", "CPU-s/GB", middle[ours]["pull_cpu"], middle[theirs]["pull_cpu"], False)
        self.row(f"{label}: peak RSS", "MiB", ours.peak_mib(), theirs.peak_mib(), False)

    def manifests(self, label, ours, theirs, connections):
        print(f"\n{label}: manifest GET by tag, {connections} connections", flush=True)
        for server in (ours, theirs):
            client = Client(server.port)
            layer = os.urandom(1000)
            client.push_manifest("bench/image", "latest", [(client.push_blob("bench/image", layer), len(layer))])
        rates = {ours: [], theirs: []}
        for _ in range(self.rounds):
            for server in (ours, theirs):
                cpu = server.cpu_seconds()
                rate, p99 = wrk(server.port, "/v2/bench/image/manifests/latest", 4, connections)
                rates[server].append((rate, p99, (server.cpu_seconds() - cpu) / (rate * 4) * 1e6))
        middle = {s: [statistics.median(column) for column in zip(*r)] for s, r in rates.items()}
        self.row(f"{label}: manifest GET by tag, c={connections}", "req/s", middle[ours][0], middle[theirs][0])
        self.row(f"{label}: manifest GET p99, c={connections}", "ms", middle[ours][1], middle[theirs][1], False)
        self.row(f"{label}: manifest GET CPU, c={connections}", "us/req", middle[ours][2], middle[theirs][2], False)

    def lag(self, count):
        """Milliseconds from the push's 201 to the placement row in the other region, for 1 MiB blobs one after another."""
        print(f"\nreplication lag: {count} pushes of 1 MiB to us, placement at eustorage", flush=True)
        location = {
            "DISTRIBUTED_STORAGE_CONFIG": {
                "usstorage": rgw("meridian-test-us", os.environ["MERIDIAN_TEST_S3"]),
                "eustorage": rgw("meridian-test-eu", os.environ["MERIDIAN_TEST_S3_EU"])},
            "DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS": ["usstorage", "eustorage"],
            "DISTRIBUTED_STORAGE_PREFERENCE": ["usstorage", "eustorage"], "FEATURE_STORAGE_REPLICATION": True}
        us = self.meridian("lag-us", location, env={"REGION_NAME": "us"})
        worker = Server(
            "worker", [self.bin / "replication-worker", "run", "--config", us.config], None,
            env={**os.environ, "LOG_LEVEL": "warning", "REGION_NAME": "eu",
                 "QUAY_DISTRIBUTED_STORAGE_PREFERENCE": "eustorage usstorage"}, log=self.folder / "lag-worker.log")
        database = json.loads(us.config.read_text())["DB_URI"]
        client, acknowledged = Client(us.port), {}
        time.sleep(2)
        for at in range(count + 5):
            data = os.urandom(MIB)
            digest = client.push_blob("bench/lag", data)
            if at >= 5:  # the first pushes warm connections up
                acknowledged[digest] = time.time() * 1000
            time.sleep(0.15)
        deadline, placed = time.monotonic() + 60, {}
        while time.monotonic() < deadline and not acknowledged.keys() <= placed.keys():
            time.sleep(0.5)
            output = subprocess.run(
                ["psql", "-qAt", database, "-c",
                 "SELECT b.digest, p.verified_at FROM placements p JOIN blobs b ON b.id = p.blob WHERE p.location = 'eustorage'"],
                check=True, capture_output=True, text=True).stdout
            placed = {line.split("|")[0]: float(line.split("|")[1]) for line in output.splitlines()}
        missing = acknowledged.keys() - placed.keys()
        if missing:
            sys.exit(f"{len(missing)} of {count} blobs were not replicated within 60 s")
        lags = sorted(placed[d] - t for d, t in acknowledged.items())
        median, p99, worst = statistics.median(lags), lags[int(len(lags) * 0.99) - 1], lags[-1]
        print(f"  median {median:.0f} ms, p99 {p99:.0f} ms, max {worst:.0f} ms (Quay: 4600, 9300 ms); worker peak RSS {worker.peak_mib():.0f} MiB", flush=True)
        self.rows.append(("replication lag median, 1 MiB", "ms", median, 4600.0, 4600.0 / max(median, 0.1)))
        self.rows.append(("replication lag p99, 1 MiB", "ms", p99, 9300.0, 9300.0 / max(p99, 0.1)))
        worker.stop()
        us.stop()

    def markdown(self):
        model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
        lines = [
            "# Whole-system benchmark", "",
            f"Machine: {model}, {os.cpu_count()} cores. Command: `make bench`. {time.strftime('%Y-%m-%d')}. Medians of {self.rounds} alternating rounds.",
            "The peer is Debian's docker-registry; for replication lag, the figures of Quay from the design material.", "",
            "| measure | unit | Meridian | peer | times better |", "|---|---|---|---|---|"]
        lines += [f"| {w} | {u} | {o:.2f} | {t:.2f} | {r:.2f} |" for w, u, o, t, r in self.rows]
        return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="folder of the release executables")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lag-pushes", type=int, default=200)
    parser.add_argument("--out", help="write the table to this Markdown file too")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="meridian-bench-"))
    bench = Bench(arguments.bin, arguments.rounds, folder)
    single = {"DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS": ["main"], "DISTRIBUTED_STORAGE_PREFERENCE": ["main"]}
    try:
        (folder / "ours").mkdir()
        ours = bench.meridian("local", {"DISTRIBUTED_STORAGE_CONFIG": {"main": ["LocalStorage", {"storage_path": str(folder / "ours")}]}, **single})
        theirs = bench.peer("peer-local", {"filesystem": {"rootdirectory": str(folder / "theirs")}})
        bench.pair("filesystem", ours, theirs)
        for connections in (8, 64):
            bench.manifests("filesystem", ours, theirs, connections)
        ours.stop(), theirs.stop()

        endpoint = os.environ["MERIDIAN_TEST_S3"]
        ours = bench.meridian("radosgw", {"DISTRIBUTED_STORAGE_CONFIG": {"main": rgw("meridian-test-us", endpoint)}, **single})
        theirs = bench.peer("peer-radosgw", {"s3": {
            "accesskey": os.environ["MERIDIAN_TEST_S3_ACCESS_KEY"], "secretkey": os.environ["MERIDIAN_TEST_S3_SECRET_KEY"],
            "region": "us-east-1", "regionendpoint": endpoint, "bucket": "meridian-test-us", "secure": False, "v4auth": True,
            "rootdirectory": "/peer"}})
        bench.pair("radosgw", ours, theirs)
        bench.manifests("radosgw", ours, theirs, 8)
        ours.stop(), theirs.stop()

        bench.lag(arguments.lag_pushes)
        table = bench.markdown()
        print("\n" + table)
        if arguments.out:
            pathlib.Path(arguments.out).write_text(table)
    finally:
        for server_log in folder.glob("*.log"):
            if os.environ.get("KEEP_LOGS"):
                shutil.copy(server_log, os.environ["KEEP_LOGS"])
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
