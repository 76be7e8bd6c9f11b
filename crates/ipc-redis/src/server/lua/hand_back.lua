-- Puts items in hand back into the queue, for another consumer.
-- KEYS: items.  ARGV: ids.
for _, id in ipairs(ARGV) do
  local found = redis.call('XRANGE', KEYS[1], id, id)[1]
  if redis.call('XACK', KEYS[1], 'consumers', id) == 1 and found then
    local fields = found[2]
    redis.call('XDEL', KEYS[1], id)
    redis.call('XADD', KEYS[1], '*', 'item', fields[2], 'deliveries', (fields[4] or 1) + 1)
  end
end
