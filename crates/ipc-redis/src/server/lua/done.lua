-- Acknowledges and removes items, sends a task's result if there is one, and wakes who waits for room
-- or for the end. Returns how many items were still in hand.
-- KEYS: items, last, state, room, finished[, results].
-- ARGV: sequence number, seconds, how many ids, ids[, task number, result, seconds].
local ids = {unpack(ARGV, 4, 3 + ARGV[3])}
local finished = redis.call('XACK', KEYS[1], 'consumers', unpack(ids))
if finished == 0 then -- given to another, or done by this change and the reply was lost
  local last = redis.call('GET', KEYS[2])
  if not last then return 0 end
  local sequence, before = last:match('^(%d+) (%d+)$')
  return tonumber(sequence) >= tonumber(ARGV[1]) and tonumber(before) or 0
end
redis.call('XDEL', KEYS[1], unpack(ids))
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. finished, 'EX', ARGV[2])
if KEYS[6] then
  local at = 4 + ARGV[3]
  redis.call('XADD', KEYS[6], '*', 'task', ARGV[at], 'result', ARGV[at + 1])
  redis.call('EXPIRE', KEYS[6], ARGV[at + 2])
end
local state = redis.call('HMGET', KEYS[3], 'most', 'joining')
if state[1] and redis.call('LLEN', KEYS[4]) == 0 then redis.call('RPUSH', KEYS[4], 'room') end
if state[2] and redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('XADD', KEYS[5], 'MAXLEN', 1, '*', 'all', 'finished')
  redis.call('HDEL', KEYS[3], 'joining')
end
return finished
