-- Acknowledges and removes items, sends a task's result if there is one, and wakes who waits for room
-- or for the end. Returns how many items were still in hand.
-- KEYS: items, last, limits, room, finished, joining[, results].
-- ARGV: sequence number, seconds, how many ids, ids[, task number, result, seconds].
local last = redis.call('GET', KEYS[2])
if last then
  local sequence, finished = last:match('^(%d+) (%d+)$')
  if tonumber(sequence) >= tonumber(ARGV[1]) then return tonumber(finished) end -- the reply was lost
end
local ids = {unpack(ARGV, 4, 3 + ARGV[3])}
local finished = redis.call('XACK', KEYS[1], 'consumers', unpack(ids))
if finished == 0 then return 0 end
redis.call('XDEL', KEYS[1], unpack(ids))
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. finished, 'EX', ARGV[2])
if KEYS[7] then
  local at = 4 + ARGV[3]
  redis.call('XADD', KEYS[7], '*', 'task', ARGV[at], 'result', ARGV[at + 1])
  redis.call('EXPIRE', KEYS[7], ARGV[at + 2])
end
if redis.call('HEXISTS', KEYS[3], 'most') == 1 and redis.call('LLEN', KEYS[4]) == 0 then
  redis.call('RPUSH', KEYS[4], 'room')
end
if redis.call('EXISTS', KEYS[6]) == 1 and redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('XADD', KEYS[5], 'MAXLEN', 1, '*', 'all', 'finished')
  redis.call('DEL', KEYS[6])
end
return finished
