"""RQ and Celery with one worker, and the work of the pool of ipc-redis: tasks that return their
argument, all given and then all results taken.

Usage: BENCH_SOCKET=SOCKET python3 redis_jobs.py rq|rq-simple|celery TASKS

Prints one line of JSON: operations, seconds, cpu_seconds.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time

SOCKET = os.environ["BENCH_SOCKET"]
LIMIT = 60  # seconds, for all of it
PR_SET_PDEATHSIG = 1
WORKERS = {
    "rq": ["rq.cli", "worker", "--url", f"unix://{SOCKET}", "-q"],
    "rq-simple": ["rq.cli", "worker", "--url", f"unix://{SOCKET}", "-q", "-w", "rq.SimpleWorker"],
    "celery": ["celery", "-A", "redis_jobs", "worker", "-P", "solo", "-l", "ERROR"],
}


def echo(n):
    return n


# The worker imports this file, too.
if "celery" in sys.argv or "-A" in sys.argv:
    import celery

    url = f"redis+socket://{SOCKET}"
    app = celery.Celery("redis_jobs", broker=url, backend=url)
    celery_echo = app.task(echo, name="echo")


def by_rq(numbers):
    jobs = [queue.enqueue("redis_jobs.echo", n) for n in numbers]
    for job in jobs:
        while not job.is_finished:
            time.sleep(0.001)
    return [job.return_value() for job in jobs]


def by_celery(numbers):
    results = [celery_echo.delay(n) for n in numbers]
    return [result.get() for result in results]


def processor_time():
    """Of this process and those it has waited for."""
    both = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


if __name__ == "__main__":
    framework, tasks = sys.argv[1], int(sys.argv[2])
    signal.alarm(LIMIT)
    libc = ctypes.CDLL(None)
    worker = subprocess.Popen(
        [sys.executable, "-m", *WORKERS[framework]],
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    do = by_celery
    if framework != "celery":
        import redis
        import rq

        queue = rq.Queue(connection=redis.Redis(unix_socket_path=SOCKET))
        do = by_rq
    do([0])  # the worker has started
    cpu, start = processor_time(), time.perf_counter()
    results = do(range(tasks))
    seconds = time.perf_counter() - start
    worker.kill()
    worker.wait()
    if results != list(range(tasks)):
        sys.exit(f"of {tasks} tasks these results came: {results}")
    cpu_seconds = processor_time() - cpu
    print(json.dumps({"operations": tasks, "seconds": seconds, "cpu_seconds": cpu_seconds}))
