"""On what it was measured, and the page cache of it."""

import os
import platform
from pathlib import Path


def loads():
    return [round(load, 2) for load in os.getloadavg()[:2]]


def field(file, name):
    for line in Path(file).read_text().splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return None


def machine():
    return {
        "cores": os.cpu_count(), "processor": field("/proc/cpuinfo", "model name"),
        "memory": field("/proc/meminfo", "MemTotal"), "kernel": platform.release(),
        "python": platform.python_version(),
    }


def files_of(folder):
    return [file for file in Path(folder).rglob("*") if file.is_file()]


def bytes_of(folder):
    return sum(file.stat().st_size for file in files_of(folder))


def forget(folder):
    """Drops the files of a folder from the page cache; what is below the machine may still hold them."""
    for file in files_of(folder):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            # What is not written yet is not dropped.
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
