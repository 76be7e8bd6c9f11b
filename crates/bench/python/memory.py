# What things take of the memory; see the same in src/benchmarks/memory.rs.


def footprint(pids):
    """Bytes that are private, and the processes' shares of those that are not."""
    private = proportional = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                if name in ("Private_Clean", "Private_Dirty", "Private_Hugetlb"):
                    private += int(value.split()[0]) * 1024
                elif name == "Pss":
                    proportional += int(value.split()[0]) * 1024
    return private, proportional - private


def tree(pid):
    pids = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as children:
            for child in children.read().split():
                pids += tree(child)
    return pids


def of_queues(count, numbers):
    """With a process that has put and one that has got; the queues are kept by their caller, too."""
    queues = [context.Queue() for _ in range(count)]
    said, say = os.pipe()

    def put():
        for queue in queues:
            for number in range(numbers):
                queue.put(number)
        wait()

    def get():
        for queue in queues:
            queue.get()
        wait()

    def wait():
        os.write(say, b"w")
        while True:
            signal.pause()

    processes = [context.Process(target=work, daemon=True) for work in (put, get)]
    for process in processes:
        process.start()
    for _ in processes:
        os.read(said, 1)
    result = footprint([os.getpid()] + [process.pid for process in processes])
    for process in processes:
        process.kill()
        process.join()
    return result


def of_pool(workers):
    pool = context.Pool(workers, initializer=signal.alarm, initargs=(LIMIT,))
    pool.map(double, range(10 * workers), 1)
    result = footprint(tree(os.getpid()))
    pool.terminate()
    pool.join()
    return result


def memory(operations, what, part):
    nothing = of_queues(0, 0) if what != "pool" else footprint([os.getpid()])
    all_of_it, count = {
        "queues": lambda: (of_queues(operations, 1), operations),
        "numbers": lambda: (of_queues(1, operations), 1),
        "pool": lambda: (of_pool(operations), 1),
    }[what]()
    part = ["private", "shared"].index(part)
    value = max(0, all_of_it[part] - nothing[part]) / count
    return {"operations": operations, "seconds": 1, "cpu_seconds": 0, "value": value}


WORK["memory"] = memory
