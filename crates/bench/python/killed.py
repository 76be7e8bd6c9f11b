# What a queue survives; see the same in src/benchmarks/killed.rs.

PATIENCE, GONE_ON, AHEAD, VICTIMS = 1.0, 100, 200, 1 << 62
PASSED, REST, BEGUN, WRONG, PUT, _, GOT, _ = range(8)
# A count has a word for the steady process and one for the victim: adding one is not atomic.
STEADY, VICTIM = 0, 1


def killed(kills, which, name="multiprocessing"):
    queue, board = new_queue(name), context.RawArray("Q", 8)
    victim_puts = which == "killed-producer"

    def put(role):
        begin(role)
        number = 0
        while True:
            while board[REST] or ahead(role) > AHEAD:
                os.sched_yield()
            queue.put(number if role == STEADY else number | VICTIMS)
            board[PUT + role] += 1
            number += 1

    def get(role):
        begin(role)
        following = 0
        while True:
            item = queue.get()
            board[GOT + (item >= VICTIMS if victim_puts else role)] += 1
            if item < VICTIMS:
                if item != following if victim_puts else item < following:
                    board[WRONG] = 1
                if role == STEADY:
                    board[PASSED] += 1
                following = item + 1

    def begin(role):
        signal.alarm(LIMIT)
        if role == VICTIM:
            board[BEGUN] += 1

    def ahead(role):
        got = board[GOT + role] if victim_puts else board[GOT] + board[GOT + VICTIM]
        return board[PUT + role] - got

    def start(work, role):
        process = context.Process(target=work, args=(role,), daemon=True)
        process.start()
        return process

    def end(process):
        process.kill()
        process.join()

    def kill_one(number):
        if victim_puts:  # what the last one had not sent yet is gone with it
            board[PUT + VICTIM] = board[GOT + VICTIM] = 0
        victim = start(put if victim_puts else get, VICTIM)
        begun = within_patience(lambda: board[BEGUN] > number)
        board[REST] = number % 2
        time.sleep((500 + number * 7919 % 1500) / 1e6)
        end(victim)
        board[REST] = 0
        before = board[PASSED]
        gone_on = within_patience(lambda: board[PASSED] >= before + GONE_ON or board[WRONG])
        return begun and gone_on and not board[WRONG]

    start_time = time.monotonic()
    others = [start(put, STEADY), start(get, STEADY)]
    survived = 0
    while survived < kills and kill_one(survived):
        survived += 1
    for other in others:
        end(other)
    seconds = time.monotonic() - start_time
    return {"operations": kills, "seconds": seconds, "cpu_seconds": 0, "value": survived}


def within_patience(happened):
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.0001)
    return True


WORK["killed"] = killed
