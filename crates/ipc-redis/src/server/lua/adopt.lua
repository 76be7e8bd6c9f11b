-- Moves items that are still in hand to their consumer's new connection.
-- KEYS: items.  ARGV: name of the new connection, who it is, ids.
for i = 3, #ARGV do
  local pending = redis.pcall('XPENDING', KEYS[1], 'consumers', ARGV[i], ARGV[i], 1)
  if not pending.err and #pending == 1 then -- the server may have lost all
    redis.call('XCLAIM', KEYS[1], 'consumers', ARGV[1], 0, ARGV[i], 'JUSTID')
  end
end
