"""Local processes and a Dask cluster plan the same night, bit for bit, even when a worker is killed half way."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime

import psutil
import pytest
from pydantic import ValidationError

from service.batch import Night, last_plan, run_night
from service.clock import LOCAL
from service.settings import Settings
from service.wiring import open_office
from service.workers import workforce
from tests.service.night import places


@pytest.fixture(scope="module")
def shards():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matching.night_shards.WHOLE", 4)
        patch.setattr("matching.night_shards.LEAST", 4)
        yield


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two workers, real processes on this machine: the address and the workers; the last test that has them kills one."""
    address = f"127.0.0.1:{free_port()}"
    host, port = address.split(":")
    scheduler = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        host,
        "--port",
        port,
        "--no-dashboard",
    ]
    worker = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        f"tcp://{address}",
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen(scheduler, **quiet)]
    processes += [subprocess.Popen(worker, **quiet) for _ in range(2)]
    yield f"tcp://{address}", processes[1:]
    for process in reversed(processes):
        process.kill()
        process.wait()


def planned(folder, reached=lambda step: None, **more):
    """Run the night of a fresh record; return the hash of what it left and of its plan."""
    settings = Settings(home=folder, **more)
    places.filled(settings)
    with open_office(settings, day=places.DAY) as office:
        night = Night(office.store, office.scorer(), "440000", places.DAY, datetime.now(LOCAL), reached=reached)
        with workforce(settings):
            run_night(night)
        plan = last_plan(office.store)[1]
    return places.written(settings)[0], plan.fingerprint(), plan.figures["shards"]


@pytest.fixture(scope="module")
def alone(tmp_path_factory, shards):
    """What a night by a single process leaves."""
    found = planned(tmp_path_factory.mktemp("one"), workers=1)
    assert found[2] == 2
    return found


def test_a_cluster_and_local_processes_and_a_single_process_plan_the_same(tmp_path, shards, cluster, alone):
    address, _ = cluster
    assert planned(tmp_path / "two", workers=2) == alone
    assert planned(tmp_path / "dask", dask_scheduler=address) == alone


def test_a_worker_of_the_cluster_killed_half_way_changes_nothing(tmp_path, shards, cluster, alone):
    address, workers = cluster

    def kill(step):
        if step == "planning" and workers[0].poll() is None:
            workers[0].send_signal(signal.SIGKILL)

    assert planned(tmp_path / "dask", kill, dask_scheduler=address) == alone
    assert workers[0].wait(timeout=10) == -signal.SIGKILL


def test_a_local_worker_killed_half_way_changes_nothing(tmp_path, shards, alone):
    killed = []

    def kill(step):
        if step == "planning" and not killed:
            for child in psutil.Process(os.getpid()).children(recursive=True):
                with suppress(psutil.ZombieProcess, psutil.NoSuchProcess):  # ended by itself a moment ago
                    if "loky" in " ".join(child.cmdline()) and "tracker" not in " ".join(child.cmdline()):
                        child.kill()
                        killed.append(child.pid)
            time.sleep(0.1)

    assert planned(tmp_path / "two", kill, workers=2) == alone
    assert killed


@pytest.mark.parametrize("address", ["tcp://10.0.0.7:8786", "tcp://cluster.example:8786"])
def test_a_cluster_beyond_this_machine_is_refused_without_certificates(address):
    with pytest.raises(ValidationError, match="tls://"):
        Settings(dask_scheduler=address)
    assert Settings(dask_scheduler=address.replace("tcp", "tls")).dask_scheduler
