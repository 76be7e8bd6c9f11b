# Locks, values, pools and managers.


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


WORK.update({
    "lock": lock,
    "value": value,
    "pool-apply": pool_apply,
    "pool-map": pool_map,
    "manager-get": manager_get,
    "manager-set": manager_set,
})
