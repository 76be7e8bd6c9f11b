"""CPython's side of the benchmark: the same work with `multiprocessing`.

Arguments: LIMIT OPERATIONS WORK [ARGUMENT…]

LIMIT is in seconds; a process that takes longer ends by SIGALRM. Prints one line of JSON:
operations, seconds, cpu_seconds. killed.py and memory.py add more work, main.py does it: together
they are one script.
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
        queue.put({"id": number, "price": 12.5, "customer": "Guest at the window table"})


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


def ends(kind, name="multiprocessing"):
    """Two ends, each a function that sends and one that receives."""
    if kind == "pipe":
        left, right = context.Pipe()
        return (left.send, left.recv), (right.send, right.recv)
    there, back = new_queue(name), new_queue(name)
    return (there.put, back.get), (back.put, there.get)


def ping_pong(rounds, *kind):
    (send, receive), (send_back, receive_there) = ends(*kind)

    def serve():
        for number in range(rounds):
            send(number)
            if receive() != number + 1:
                sys.exit("a wrong answer")
        return 0, 0

    def answer():
        for _ in range(rounds):
            send_back(receive_there() + 1)
        return 0, 0

    return sample(rounds, race([serve, answer]))


def ping_pong_busy(rounds, *kind):
    """The same while a process computes on each processor."""
    loops = [context.Process(target=compute, daemon=True) for _ in os.sched_getaffinity(0)]
    for process in loops:
        process.start()
    result = ping_pong(rounds, *kind)
    for process in loops:
        process.kill()
        process.join()
    return result


def compute():
    signal.alarm(LIMIT)
    while True:
        pass


def idle(milliseconds, *kind):
    (send, _), (_, receive) = ends(*kind)

    def wait():
        receive()
        return 0, 0

    def wake():
        time.sleep(milliseconds / 1000)
        send(0)
        return 0, 0

    return sample(milliseconds, race([wait, wake])[:1])


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


def lock(steps, workers):
    workers = int(workers)
    lock, number = context.Lock(), context.RawValue("q", 0)

    def work():
        for _ in range(-(-steps // workers)):
            with lock:
                number.value += 1
        return 0, 0

    def work_alone():
        for _ in range(steps):
            with lock:
                pass  # adding would take a good part of the time
        number.value = steps
        return 0, 0

    if workers == 1:
        work = work_alone
    return added(number, steps, workers, work)


def value(steps, workers):
    workers = int(workers)
    number = context.Value("q", 0)

    def work():
        for _ in range(-(-steps // workers)):
            with number.get_lock():
                number.value += 1
        return 0, 0

    return added(number, steps, workers, work)


def added(number, steps, workers, work):
    laps = race([work] * workers)
    right = round_up(steps, workers)
    if number.value != right:
        sys.exit(f"one was added {right} times, and the sum is {number.value}")
    return sample(right, laps)


def double(number):
    return number * 2


def double_slowly(number):
    end = time.perf_counter() + 0.001
    while time.perf_counter() < end:
        pass
    return double(number)


def pool_apply(tasks, workers):
    def work(pool):
        results = [pool.apply_async(double, (number,)) for number in range(tasks)]
        return [result.get() for result in results]

    return pooled(tasks, workers, work)


def pool_map(tasks, workers, task):
    return pooled(tasks, workers, lambda pool: pool.map(globals()[task], range(tasks)))


def pooled(tasks, workers, work):
    pool = context.Pool(int(workers), initializer=signal.alarm, initargs=(LIMIT,))

    def end(results):
        pool.close()
        pool.join()
        if results != [double(number) for number in range(tasks)]:
            sys.exit("the results are wrong")

    return timed(tasks, lambda: work(pool), end)


KEYS = 100


def manager_get(times):
    def work(numbers):
        for number in range(times):
            if numbers[number % KEYS] != number % KEYS:
                sys.exit("a wrong value")

    return managed(times, work)


def manager_set(times):
    def work(numbers):
        for number in range(times):
            numbers[number % KEYS] = number

    return managed(times, work)


def managed(times, work):
    manager = multiprocessing.managers.SyncManager(ctx=context)
    manager.start(signal.alarm, (LIMIT,))
    numbers = manager.dict({key: key for key in range(KEYS)})
    return timed(times, lambda: work(numbers), lambda _: manager.shutdown())


WORK = {
    "queue": queue,
    "joinable": joinable,
    "ping-pong": ping_pong,
    "ping-pong-busy": ping_pong_busy,
    "idle": idle,
    "start": start,
    "at-once": at_once,
    "lock": lock,
    "value": value,
    "pool-apply": pool_apply,
    "pool-map": pool_map,
    "manager-get": manager_get,
    "manager-set": manager_set,
}
