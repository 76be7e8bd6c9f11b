"""RQ and Celery with one worker each, and the same work as the rows of `speed` for pools: tasks that
return their argument, all given and then all results taken.

Run: `pip install rq celery redis packaging`, then `python3 peers.py` where redis-server is installed.
"""

import os
import subprocess
import sys
import tempfile
import time

TASKS = 1_000
SOCKET = os.environ.get("PEERS_SOCKET", "")


def echo(n):
    return n


if SOCKET:
    import celery

    url = f"redis+socket://{SOCKET}"
    app = celery.Celery("peers", broker=url, backend=url)
    app.conf.update(worker_prefetch_multiplier=4, task_ignore_result=False)
    celery_echo = app.task(echo, name="echo")


def rq_rate():
    import redis
    import rq

    connection = redis.Redis(unix_socket_path=SOCKET)
    queue = rq.Queue(connection=connection)
    queue.enqueue("peers.echo", 0)
    begin = time.perf_counter()
    jobs = [queue.enqueue("peers.echo", n) for n in range(TASKS)]
    for n, job in enumerate(jobs):
        while not job.is_finished:
            time.sleep(0.001)
        assert job.return_value() == n
    return TASKS / (time.perf_counter() - begin)


def celery_rate():
    celery_echo.delay(0).get()
    begin = time.perf_counter()
    results = [celery_echo.delay(n) for n in range(TASKS)]
    assert [result.get() for result in results] == list(range(TASKS))
    return TASKS / (time.perf_counter() - begin)


def main():
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis.sock"
        command = ["redis-server", "--port", "0", "--save", "", "--unixsocket", socket]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        environment = os.environ | {"PEERS_SOCKET": socket}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        here = os.path.dirname(os.path.abspath(__file__))
        python = [sys.executable, "-m"]
        workers = {
            "rq": python + ["rq.cli", "worker", "--url", f"unix://{socket}", "-q"],
            "rq simple": python + ["rq.cli", "worker", "--url", f"unix://{socket}", "-q", "-w", "rq.SimpleWorker"],
            "celery": python + ["celery", "-A", "peers", "worker", "-P", "solo", "-l", "ERROR"],
        }
        while not os.path.exists(socket):
            time.sleep(0.01)
        for name, command in workers.items():
            worker = subprocess.Popen(command, cwd=here, env=environment, **quiet)
            rate = [sys.executable, "-c", f"import peers; print(peers.{name[:6].split()[0]}_rate())"]
            output = subprocess.run(rate, cwd=here, env=environment, capture_output=True, text=True, timeout=120)
            print(f"{name:12}{output.stdout.strip() or output.stderr[-300:]} tasks a second", flush=True)
            worker.kill()
            worker.wait()
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
