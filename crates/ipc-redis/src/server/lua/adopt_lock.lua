-- Moves the lock to its holder's new connection, unless it was given to another.
-- KEYS: lock.  ARGV: name of the new connection, who it is, fence.
local holder = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if holder[1] == ARGV[2] and holder[2] == ARGV[3] then
  redis.call('HSET', KEYS[1], 'connection', ARGV[1])
end
