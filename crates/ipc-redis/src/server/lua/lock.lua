-- Takes the lock if it is free or its holder is dead. Returns the fence; or 0, and how many handles
-- there are.
-- KEYS: lock, fence.  ARGV: who wants it, the name of its connection, the lock's name in braces.
local holder = redis.call('HMGET', KEYS[1], 'holder', 'connection', 'fence')
if holder[1] then
  local name = holder[2]
  if holder[1] == ARGV[1] then -- the reply was lost
    redis.call('HSET', KEYS[1], 'connection', ARGV[2])
    return {tonumber(holder[3]), 0}
  end
  if redis.call('PUBSUB', 'NUMSUB', 'alive:' .. name)[2] > 0
    and (name:sub(-7) ~= '.leased' or redis.call('EXISTS', ARGV[3] .. ':lease:' .. name) == 1)
  then
    return {0, redis.call('PUBSUB', 'NUMSUB', ARGV[3] .. ':present')[2]}
  end
end
local fence = redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'connection', ARGV[2], 'fence', fence)
return {fence, 0}
