"""Processes under test: their CPU seconds, memory and end."""

import os
import pathlib
import signal
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """utime + stime of a process with all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid, field="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def load():
    """The load averages, for the line beside a figure."""
    return " ".join(pathlib.Path("/proc/loadavg").read_text().split()[:2])


def machine_cpu():
    """Seconds of CPU that anything on this machine has used, and those stolen by the host."""
    fields = [int(word) / TICKS for word in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return sum(fields[:3]) + sum(fields[5:8]), fields[7]


class Process:
    """A child process whose output goes to a log file; killed when the harness ends."""

    alive = []

    def __init__(self, name, command, log, env=None, namespace=None):
        self.name, self.log_path = name, pathlib.Path(log)
        # nsenter executes the command in its own place, so the pid is the command's.
        prefix = ["nsenter", f"--net=/run/netns/{namespace}"] if namespace else []
        with open(log, "ab") as out:
            self.child = subprocess.Popen(prefix + [str(word) for word in command], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.pid = self.child.pid
        Process.alive.append(self)

    def cpu(self):
        return cpu_seconds(self.pid)

    def peak_mib(self):
        return memory_mib(self.pid, "VmHWM")

    def running(self):
        return self.child.poll() is None

    def last_words(self, lines=5):
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def check(self):
        if not self.running():
            raise RuntimeError(f"{self.name} ended with status {self.child.returncode}:\n{self.last_words()}")

    def kill(self):
        """kill -9, and wait until it is gone."""
        if self.running():
            self.child.kill()
        self.child.wait()
        if self in Process.alive:
            Process.alive.remove(self)

    def stop(self, grace=30):
        if self.running():
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(grace)
            except subprocess.TimeoutExpired:
                print(f"  {self.name} did not end within {grace} s of SIGTERM: killing it", flush=True)
        self.kill()

    @classmethod
    def kill_all(cls):
        for process in list(cls.alive):
            process.kill()


class Sampler:
    """Memory of a process over time, in a thread."""

    def __init__(self, pid, interval=0.5):
        self.samples, self._pid, self._interval, self._stop = [], pid, interval, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._start = time.monotonic()
        self._thread.start()

    def _run(self):
        while not self._stop.wait(self._interval):
            try:
                self.samples.append((round(time.monotonic() - self._start, 1), round(memory_mib(self._pid), 1)))
            except (OSError, ValueError):
                return  # it has ended

    def stop(self):
        self._stop.set()
        self._thread.join()
        return self.samples


def raise_signals():
    """SIGTERM and SIGHUP end the harness as Ctrl-C does: through the `finally` blocks."""
    def interrupt(_number, _frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
