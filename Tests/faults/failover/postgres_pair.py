"""A PostgreSQL primary and its standby, which a test may kill, freeze, promote and bring back."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time


def program(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    if not found:
        raise SystemExit(f"PostgreSQL's server is not installed (no {name} below /usr/lib/postgresql)")
    return str(found[-1])


class PostgresPair:
    """Servers 0 (the first primary) and 1, with trust on loopback; they run as `postgres` where we are root."""

    def __init__(self, folder, first_port, synchronous):
        self.folder, self.ports, self.synchronous = pathlib.Path(folder), (first_port, first_port + 1), synchronous
        self.owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if self.owner:
            os.chown(self.folder, self.owner.pw_uid, self.owner.pw_gid)

    def uri(self, *servers):
        hosts = ",".join(f"127.0.0.1:{self.ports[server]}" for server in servers)
        return f"postgresql://meridian@{hosts}/meridian"

    def create(self):
        self._run(program("initdb"), "-D", self.folder / "0", "-U", "meridian", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start(0, waits_for_standby=self.synchronous)
        self.sql(0, "CREATE DATABASE meridian", database="postgres", waits=False)
        self._run(program("pg_basebackup"), "-D", self.folder / "1", "-h", "127.0.0.1", "-p", str(self.ports[0]), "-U", "meridian",
                  "-R", "--no-sync", "-c", "fast", "-X", "stream")
        self.start(1)
        self._until(lambda: self.sql(0, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1", "the standby does not stream")

    def start(self, server, waits_for_standby=False):
        # The lock file of a killed server names processes that are gone.
        (self.folder / str(server) / "postmaster.pid").unlink(missing_ok=True)
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "120", "shared_buffers": "64MB",
                    "wal_keep_size": "256", "synchronous_standby_names": "*" if waits_for_standby else ""}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run(program("pg_ctl"), "-D", self.folder / str(server), "-w", "-t", "60", "-l", self.folder / f"{server}.log",
                  "-o", f"-p {self.ports[server]} {options}", "start")

    def processes(self, server):
        pid = int((self.folder / str(server) / "postmaster.pid").read_text().splitlines()[0])
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def signal(self, server, number):
        """To the server and all its processes, as when the machine is lost or hangs."""
        for pid in self.processes(server):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # a session that has just ended

    def promote(self, server):
        self._run(program("pg_ctl"), "-D", self.folder / str(server), "-w", "promote")

    def sql(self, server, statement, database="meridian", waits=True):
        environment = {**os.environ, "PGOPTIONS": "" if waits else "-c synchronous_commit=local"}
        done = subprocess.run([program("psql"), "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.ports[server]),
                               "-U", "meridian", "-d", database, "-c", statement], env=environment, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise RuntimeError(f"{statement}: {done.stderr.strip()}")
        return done.stdout.strip()

    def destroy(self):
        for server in (0, 1):
            try:
                self.signal(server, signal.SIGKILL)
            except (OSError, ValueError, IndexError):
                pass  # it is not running
        time.sleep(0.2)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *words):
        user = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []} if self.owner else {}
        with open(self.folder / "commands.log", "ab") as log:
            done = subprocess.run([str(word) for word in words], cwd="/", env={**os.environ, "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log, timeout=120, **user)
        if done.returncode:
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: see {self.folder}/commands.log")

    def _until(self, holds, complaint):
        for _ in range(200):
            if holds():
                return
            time.sleep(0.1)
        raise RuntimeError(complaint)
