-- Releases the lock and wakes one that waits. Returns 0 if it was given to another meanwhile.
-- KEYS: lock, last, free.  ARGV: who holds it, its fence, seconds.
local holder = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if holder[1] ~= ARGV[1] or holder[2] ~= ARGV[2] then -- or by this change, and the reply was lost
  return redis.call('GET', KEYS[2]) == ARGV[2] and 1 or 0
end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
if redis.call('LLEN', KEYS[3]) == 0 then redis.call('RPUSH', KEYS[3], 'free') end
return 1
