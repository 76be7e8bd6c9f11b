-- Puts as many of the items as there is room for, and returns how many.
-- KEYS: items, last, state, room.  ARGV: sequence number, seconds, "woken" or "", size of the
-- largest, items.
local function put_before(last) -- by the same change, whose reply was lost
  if not last then return end
  local sequence, put = last:match('^(%d+) (%d+)$')
  if tonumber(sequence) >= tonumber(ARGV[1]) then return tonumber(put) end
end
local state = redis.call('HMGET', KEYS[3], 'most', 'largest')
local count = #ARGV - 4
local most, room = tonumber(state[1]), nil
if most then
  room = most - redis.call('XLEN', KEYS[1])
  if room <= 0 then return put_before(redis.call('GET', KEYS[2])) or 0 end
  if room < count then count = room end
end
local last = redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. count, 'EX', ARGV[2], 'GET')
local before = put_before(last)
if before then
  redis.call('SET', KEYS[2], last, 'EX', ARGV[2])
  return before
end
for i = 5, 4 + count do redis.call('XADD', KEYS[1], '*', 'item', ARGV[i]) end
if tonumber(ARGV[4]) > tonumber(state[2] or 0) then
  redis.call('HSET', KEYS[3], 'largest', ARGV[4])
end
-- The token that woke this producer is gone; there may be room for another one.
if ARGV[3] == 'woken' and most and room > count and redis.call('LLEN', KEYS[4]) == 0 then
  redis.call('RPUSH', KEYS[4], 'room')
end
return count
