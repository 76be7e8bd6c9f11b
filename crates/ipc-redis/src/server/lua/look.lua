-- Puts what dead consumers had in hand back into the queue, at most 100 items. A consumer lives while
-- it is subscribed to the channel of its name, which the server ends with its connection, and while
-- its lease is there if it has one.
-- KEYS: items, state.  ARGV: who looks, the queue's name in braces, "sweep" or "".
-- Returns: items put back, other consumers with items in hand, living consumers, size of the largest
-- item, how many items the one that looks has in hand.
local items, group = KEYS[1], 'consumers'

local function living(names)
  local alive, channels = {}, {}
  for i, name in ipairs(names) do channels[i] = 'alive:' .. name end
  if #names == 0 then return alive end
  local counts = redis.call('PUBSUB', 'NUMSUB', unpack(channels))
  for i, name in ipairs(names) do
    alive[name] = counts[2 * i] > 0
      and (name:sub(-7) ~= '.leased' or redis.call('EXISTS', ARGV[2] .. ':lease:' .. name) == 1)
  end
  return alive
end

local function put_back(name, most)
  local pending = redis.call('XPENDING', items, group, '-', '+', most, name)
  for _, entry in ipairs(pending) do
    local id = entry[1]
    local found = redis.call('XRANGE', items, id, id)[1]
    redis.call('XACK', items, group, id)
    if found then
      local fields = found[2]
      redis.call('XDEL', items, id)
      redis.call('XADD', items, '*', 'item', fields[2], 'deliveries', (fields[4] or 1) + 1)
    end
  end
  if #pending < most then redis.call('XGROUP', 'DELCONSUMER', items, group, name) end
  return #pending
end

local busy, own = {}, 0
for _, consumer in ipairs(redis.call('XPENDING', items, group)[4] or {}) do
  if consumer[1] == ARGV[1] then
    own = tonumber(consumer[2])
  elseif #busy < 4000 then
    busy[#busy + 1] = consumer[1]
  end
end
local alive, back, working = living(busy), 0, 0
for _, name in ipairs(busy) do
  if alive[name] then
    working = working + 1
  elseif back < 100 then
    back = back + put_back(name, 100 - back)
  end
end
if ARGV[3] == 'sweep' then -- names of those that died with empty hands
  local idle = {}
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', items, group)) do
    if consumer[4] == 0 and #idle < 4000 then idle[#idle + 1] = consumer[2] end
  end
  alive = living(idle)
  for _, name in ipairs(idle) do
    if not alive[name] then redis.call('XGROUP', 'DELCONSUMER', items, group, name) end
  end
end
local consumers = redis.call('PUBSUB', 'NUMSUB', ARGV[2] .. ':present')[2]
return {back, working, consumers, tonumber(redis.call('HGET', KEYS[2], 'largest') or 0), own}
