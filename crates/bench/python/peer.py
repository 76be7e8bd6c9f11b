"""CPython's side of the benchmark: the same work with `multiprocessing`.

Arguments: LIMIT OPERATIONS WORK [ARGUMENT…]

LIMIT is in seconds; a process that takes longer ends by SIGALRM. Prints one line of JSON:
operations, seconds, cpu_seconds. ping_pong.py, pools.py, killed.py and memory.py add more work,
main.py does it: together they are one script.
"""

import json
import multiprocessing
import multiprocessing.managers
import os
import resource
import signal
import sys
import time

context = multiprocessing.get_context("fork")
LIMIT = int(sys.argv[1])


def race(workers):
    """Runs the functions in a process each, from the same moment on; returns what each has seen."""
    arrived, arrive = os.pipe()
    opened, open_gate = os.pipe()
    reports, report = os.pipe()

    def run(number, work):
        signal.alarm(LIMIT)
        os.write(arrive, b"a")
        os.read(opened, 1)
        cpu, start = time.process_time(), time.monotonic()
        count, total = work()
        lap = (number, start, time.monotonic(), time.process_time() - cpu, count, total)
        os.write(report, json.dumps(lap).encode() + b"\n")

    processes = [
        context.Process(target=run, args=lap, daemon=True) for lap in enumerate(workers)
    ]
    for process in processes:
        process.start()
    os.close(report)
    for _ in workers:
        os.read(arrived, 1)
    os.write(open_gate, b"o" * len(workers))
    with os.fdopen(reports) as lines:
        laps = sorted(json.loads(line) for line in lines)
    for process in processes:
        process.join()
    if len(laps) != len(workers):
        sys.exit("a worker did not end as it should")
    return laps


def sample(operations, laps):
    _, starts, ends, cpu, _, _ = zip(*laps)
    seconds = max(ends) - min(starts)
    return {"operations": operations, "seconds": seconds, "cpu_seconds": sum(cpu)}


def timed(operations, work, clean_up=lambda left: None):
    """Measures work that starts and ends its processes itself."""
    cpu, start = cpu_of_all(), time.monotonic()
    left = work()
    seconds = time.monotonic() - start
    clean_up(left)
    return {"operations": operations, "seconds": seconds, "cpu_seconds": cpu_of_all() - cpu}


def cpu_of_all():
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def check(laps, items, right):
    count, total = sum(lap[4] for lap in laps), sum(lap[5] for lap in laps)
    if (count, total) != (items, right):
        sys.exit(f"of {items} items with the sum {right}, {count} came with the sum {total}")


def put_ints(queue, share):
    for number in share:
        queue.put(number)


def put_dicts(queue, share):
    for number in share:
        # Each a new one: `put` returns before it has looked at the item.
        queue.put(order(number))


def order(number):
    return {"id": number, "price": 12.5, "customer": "Guest at the window table"}


def put_bytes(size):
    def put(queue, share):
        item = bytes(size)
        for _ in share:
            queue.put(item)

    return put


def new_queue(name, bound=0, largest=0):
    """`multiprocessing`'s queue, or that of the package faster-fifo with room for four items."""
    if name == "multiprocessing":
        return context.Queue(bound)
    import faster_fifo

    return faster_fifo.Queue(max(1 << 20, 4 * largest))


def queue(items, kind, producers, consumers, bound, name="multiprocessing"):
    """What a consumer adds up: the numbers, or the lengths of bytes."""
    producers, consumers = int(producers), int(consumers)
    items = round_up(items, producers * consumers)
    queue = new_queue(name, int(bound), int(kind) if kind.isdigit() else 0)
    put, number, right = {
        "int": (put_ints, int, sum(range(items))),
        "dict": (put_dicts, lambda order: order["id"], sum(range(items))),
    }.get(kind) or (put_bytes(int(kind)), len, items * int(kind))

    def produce(first):
        put(queue, range(first, first + items // producers))
        queue.close()
        queue.join_thread()
        return 0, 0

    def consume():
        count = total = 0
        for _ in range(items // consumers):
            total += number(queue.get())
            count += 1
        return count, total

    starts = range(0, items, items // producers)
    laps = race([lambda first=first: produce(first) for first in starts] + [consume] * consumers)
    check(laps, items, right)
    return sample(items, laps)


def many(items, kind, name):
    """As queue, 64 items at a time; `multiprocessing` has no such thing."""
    batch = 64
    items = round_up(items, batch)
    queue = new_queue(name)

    def produce():
        for first in range(0, items, batch):
            numbers = range(first, first + batch)
            queue.put_many(list(numbers) if kind == "int" else [order(number) for number in numbers])
        return 0, 0

    def consume():
        count = total = 0
        while count < items:
            got = queue.get_many(max_messages_to_get=batch)
            count += len(got)
            total += sum(got) if kind == "int" else sum(order["id"] for order in got)
        return count, total

    laps = race([produce, consume])
    check(laps, items, sum(range(items)))
    return sample(items, laps)


def joinable(items, consumers):
    consumers = int(consumers)
    items = round_up(items, consumers)
    queue = context.JoinableQueue()

    def produce():
        for number in range(items):
            queue.put(number)
        queue.join()
        return 0, 0

    def consume():
        count = total = 0
        for _ in range(items // consumers):
            total += queue.get()
            queue.task_done()
            count += 1
        return count, total

    laps = race([produce] + [consume] * consumers)
    check(laps, items, sum(range(items)))
    return sample(items, laps)


def round_up(items, multiple):
    return -(-items // multiple) * multiple


def nothing():
    pass


def start(times, ballast, method="fork"):
    def start_and_join():
        process = multiprocessing.get_context(method).Process(target=nothing)
        process.start()
        process.join()

    start_and_join()  # a fork server is there before the memory is touched
    ballast = b"\1" * int(ballast)
    return timed(times, lambda: [start_and_join() for _ in range(times)] and ballast)


def at_once(count):
    hear, say = os.pipe()

    def work():
        processes = [context.Process(target=os.read, args=(hear, 1)) for _ in range(count)]
        for process in processes:
            process.start()
        os.write(say, b"w" * count)
        for process in processes:
            process.join()

    return timed(count, work)


WORK = {
    "queue": queue,
    "many": many,
    "joinable": joinable,
    "start": start,
    "at-once": at_once,
}
