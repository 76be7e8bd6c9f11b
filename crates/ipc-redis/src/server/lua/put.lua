-- Puts as many of the items as there is room for, and returns how many.
-- KEYS: items, last, limits, room.  ARGV: sequence number, seconds, "woken" or "", size of the
-- largest, items.
local last = redis.call('GET', KEYS[2])
if last then
  local sequence, put = last:match('^(%d+) (%d+)$')
  if tonumber(sequence) >= tonumber(ARGV[1]) then return tonumber(put) end -- the reply was lost
end
local limits = redis.call('HMGET', KEYS[3], 'most', 'largest')
local count = #ARGV - 4
local most = tonumber(limits[1])
local room
if most then
  room = most - redis.call('XLEN', KEYS[1])
  if room <= 0 then return 0 end
  if room < count then count = room end
end
for i = 1, count do redis.call('XADD', KEYS[1], '*', 'item', ARGV[4 + i]) end
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. count, 'EX', ARGV[2])
if tonumber(ARGV[4]) > tonumber(limits[2] or 0) then
  redis.call('HSET', KEYS[3], 'largest', ARGV[4])
end
-- The token that woke this producer is gone; there may be room for another one.
if ARGV[3] == 'woken' and most and room > count and redis.call('LLEN', KEYS[4]) == 0 then
  redis.call('RPUSH', KEYS[4], 'room')
end
return count
