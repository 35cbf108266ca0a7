-- Takes up to a number of entries, streams in the order given, for one consumer.
--
-- The bell is cleared first: whoever adds from now on rings again. When the take came back full
-- something may be left, so the bell is rung again for the next worker. Every take renews the
-- consumer's heartbeat, so that what it holds is never without an owner. Entries whose job is no
-- longer unfinished under their attempt (canceled, expired, dispatched anew) leave here.
--
-- Where a progress is given, it replaces the one that stands behind the fence in each snapshot.
-- Where a thread is given, what was taken is noted as what that thread of the consumer runs.
--
-- KEYS: bell, heartbeat, queue of the bell, running, streams…
-- ARGV: group, consumer, count, bell seconds, heartbeat seconds, progress or '', bell message,
--       thread or '', seconds that the note of a silent consumer is kept
-- Answers {Redis time, {{stream, {{id, {field, value, …}}, …}}, …}}.
local group, consumer, wanted = ARGV[1], ARGV[2], tonumber(ARGV[3])
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], '1', 'EX', ARGV[5])

local ids = {}

local function read(stream, count)
  return redis.pcall('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', stream, '>')
end

-- An entry is {id, {'k', snapshot key, 'f', fence, 'h', header, 'p', payload}}.
local function owed(stream, entries)
  local keys, stale, kept, begun = {}, {}, {}, {}
  for i, entry in ipairs(entries) do keys[i] = entry[2][2] or '' end
  local snapshots = redis.call('MGET', unpack(keys))
  for i, entry in ipairs(entries) do
    local fence = entry[2][4] or ''
    if snapshots[i] and string.sub(snapshots[i], 1, #fence) == fence then
      table.insert(kept, entry)
      table.insert(ids, string.sub(keys[i], -36))
      if ARGV[6] ~= '' then
        local rest = string.match(snapshots[i], '"stage":"%a+",(.*)', #fence)
        table.insert(begun, keys[i])
        table.insert(begun, fence .. ARGV[6] .. rest)
      end
    else
      table.insert(stale, entry[1])
    end
  end
  if #begun > 0 then redis.call('MSET', unpack(begun)) end
  if #stale > 0 then
    redis.call('XACK', stream, group, unpack(stale))
    redis.call('XDEL', stream, unpack(stale))
  end
  return kept
end

local taken = {}
for i = 5, #KEYS do
  if wanted <= 0 then break end
  if redis.call('EXISTS', KEYS[i]) == 1 then
    local reply = read(KEYS[i], wanted)
    if reply and reply.err then
      redis.call('XGROUP', 'CREATE', KEYS[i], group, '0')
      reply = read(KEYS[i], wanted)
    end
    if reply and reply.err then return reply end
    if reply and reply[1] then
      wanted = wanted - #reply[1][2]
      table.insert(taken, {KEYS[i], owed(KEYS[i], reply[1][2])})
    end
  end
end

if wanted <= 0 then
  redis.call('SET', KEYS[1], '1', 'EX', ARGV[4])
  redis.call('LPUSH', KEYS[3], ARGV[7])
end
if #ids > 0 and ARGV[8] ~= '' and redis.call('HSET', KEYS[4], ARGV[8], table.concat(ids, ',')) == 1 then
  redis.call('EXPIRE', KEYS[4], ARGV[9])
end
return {redis.call('TIME'), taken}
