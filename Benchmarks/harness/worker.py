"""The worker under test: its configuration and how it is started."""

import json
import os
import pathlib
import subprocess
import urllib.parse

from .processes import Process


def location(endpoint, bucket, access_key, secret_key, storage_path="/bench", **more):
    """One entry of DISTRIBUTED_STORAGE_CONFIG."""
    parts = urllib.parse.urlsplit(endpoint)
    return ["RadosGWStorage", {
        "hostname": parts.hostname, "port": parts.port, "is_secure": False, "storage_path": storage_path,
        "access_key": access_key, "secret_key": secret_key, "bucket_name": bucket, **more}]


def write_config(path, catalog_url, redis_url, locations, preference=None, defaults=None, **more):
    """A configuration file; JSON is YAML."""
    redis = urllib.parse.urlsplit(redis_url)
    settings = {"host": redis.hostname, "port": redis.port}
    config = {
        "SERVER_HOSTNAME": "127.0.0.1", "PREFERRED_URL_SCHEME": "http", "AUTHENTICATION_TYPE": "None",
        "DB_URI": catalog_url, "BUILDLOGS_REDIS": settings, "USER_EVENTS_REDIS": settings,
        "FEATURE_STORAGE_REPLICATION": True, "FEATURE_PROXY_STORAGE": True,
        "DISTRIBUTED_STORAGE_CONFIG": locations, "DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS": defaults or list(locations),
        "DISTRIBUTED_STORAGE_PREFERENCE": preference or list(locations), **more}
    pathlib.Path(path).write_text(json.dumps(config, indent=1))
    os.chmod(path, 0o600)
    return pathlib.Path(path)


class WorkerProgram:
    """The executable with its configuration; `namespace` is the network namespace it runs in."""

    def __init__(self, binary, config, folder, region="eu", namespace=None, arguments=(), environment=None):
        self.binary, self.config, self.folder, self.region = pathlib.Path(binary), config, pathlib.Path(folder), region
        self.namespace, self.arguments, self.environment = namespace, list(arguments), environment or {}
        self.starts = 0

    def _env(self, preference):
        return {
            **os.environ, "LOG_LEVEL": os.environ.get("LOG_LEVEL", "warning"), "REGION_NAME": self.region,
            "QUAY_DISTRIBUTED_STORAGE_PREFERENCE": " ".join(preference), **self.environment}

    def run(self, preference, *arguments, name="worker"):
        """Starts `replication-worker run`."""
        self.starts += 1
        return Process(
            name, [self.binary, "run", "--config", self.config, *self.arguments, *arguments],
            self.folder / f"{name}.log", env=self._env(preference), namespace=self.namespace)

    def command(self, preference, *arguments, timeout=600, check=True):
        """Runs another command to its end; returns the completed process."""
        prefix = ["nsenter", f"--net=/run/netns/{self.namespace}"] if self.namespace else []
        words = prefix + [str(w) for w in (self.binary, arguments[0], "--config", self.config, *arguments[1:])]
        result = subprocess.run(words, env=self._env(preference), capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        if check and result.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: status {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def commands(self):
        """The subcommands it knows."""
        text = subprocess.run([self.binary, "--help"], capture_output=True, text=True, timeout=60).stdout
        section = text.partition("SUBCOMMANDS:")[2]
        return {line.split()[0] for line in section.splitlines() if line.startswith("  ") and line.strip() and not line.startswith("   ")}
