-- Returns unfinished items, those in hand, and the last bell. With "join", asks for a bell at the end.
-- KEYS: items, finished, state.  ARGV: "join" or "".
local unfinished = redis.call('XLEN', KEYS[1])
local in_hand = redis.call('XPENDING', KEYS[1], 'consumers')[1]
if ARGV[1] == 'join' and unfinished > 0 then redis.call('HSET', KEYS[3], 'joining', 'yes') end
local bell = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
return {unfinished, in_hand, bell and bell[1] or '0-0'}
