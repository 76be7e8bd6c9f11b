# The end of the script: does what it was asked to do.

if __name__ == "__main__":
    signal.alarm(LIMIT)
    operations, work, arguments = int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    print(json.dumps(WORK[work](operations, *arguments)))
