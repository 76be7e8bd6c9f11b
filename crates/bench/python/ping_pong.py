# There and back, and waiting.


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


WORK.update({
    "ping-pong": ping_pong,
    "ping-pong-busy": ping_pong_busy,
    "idle": idle,
})
