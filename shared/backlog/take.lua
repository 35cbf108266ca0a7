-- Takes entries up to a number of rows and of bytes, streams in the order given, for one consumer.
--
-- The bell is cleared first: whoever adds from now on rings again. When the take ended at one of
-- its bounds something may be left, so the bell is rung again for the next worker. Every take
-- renews the consumer's heartbeat, so that what it holds is never without an owner. Entries whose
-- job is no longer unfinished under their attempt (canceled, expired, dispatched anew) leave here.
--
-- Nobody can look into a stream before reading from it, so a take reads in slices and stops behind
-- the one that reached a bound: what comes too much is less than a slice. A slice is shorter where
-- entries of the mean rows and bytes so far would fill the take; the caller says how long the first
-- is. 256 light entries are 16 reads, 0.15 ms more than a single one.
--
-- A caller that has listened for any bell of its queue takes only if the one of this backlog rang:
-- where it is hushed, another waits for its batch to grow.
--
-- Where a progress is given, it replaces the one that stands behind the fence in each snapshot.
-- Where a thread is given, what was taken is noted as what that thread of the consumer runs.
--
-- KEYS: bell, heartbeat, queue of the bell, running, streams…
-- ARGV: group, consumer, rows, bell seconds, heartbeat seconds, progress or '', bytes, first slice,
--       bell message, thread or '', seconds that the note of a silent consumer is kept, 1 to take
--       only if the bell rings
-- Answers {Redis time, {{stream, {id, header, payload, rows or nothing, bytes or nothing, …}}, …}}:
-- the parts of all entries in one list, for every table costs much on its way out of a script.
local LONGEST_SLICE, HUSHED = 16, '1'
local group, consumer = ARGV[1], ARGV[2]
local max_rows, max_bytes = tonumber(ARGV[3]), tonumber(ARGV[7])
local first_slice = tonumber(ARGV[8])
local count, rows, bytes, ids = 0, 0, 0, {}
if ARGV[12] == '1' then
  local rings = redis.call('GET', KEYS[1])
  if not rings or rings == HUSHED then return {redis.call('TIME'), {}} end
end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], '1', 'EX', ARGV[5])

local function read(call, stream, count)
  return call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', stream, '>')
end

local function slice(stream, count)
  local reply = read(redis.pcall, stream, count)
  if reply and reply.err then
    redis.call('XGROUP', 'CREATE', stream, group, '0')
    reply = read(redis.call, stream, count)
  end
  return reply and reply[1] and reply[1][2] or {}
end

-- An entry is {id, {'k', snapshot key, 'f', fence, 'h', header, 'p', payload, 'r', rows, 'b', bytes}}.
-- Most lack the last two: one row, and the bytes of the payload.
local function weigh(entry)
  local fields = entry[2]
  count = count + 1
  rows = rows + math.max(1, tonumber(fields[10]) or 1)
  bytes = bytes + (tonumber(fields[12]) or #(fields[8] or ''))
end

local function next_slice()
  if count == 0 then return math.min(first_slice, LONGEST_SLICE, max_rows) end
  local room = math.min((max_rows - rows) / rows, (max_bytes - bytes) / math.max(1, bytes))
  return math.min(LONGEST_SLICE, math.ceil(count * room))
end

local function owed(stream, entries)
  local keys, stale, kept, begun = {}, {}, {}, {}
  for i, entry in ipairs(entries) do keys[i] = entry[2][2] or '' end
  for i, snapshot in ipairs(redis.call('MGET', unpack(keys))) do
    local fields = entries[i][2]
    local fence, last = fields[4] or '', #kept
    if snapshot and string.sub(snapshot, 1, #fence) == fence then
      kept[last + 1], kept[last + 2], kept[last + 3] = entries[i][1], fields[6] or '', fields[8] or ''
      kept[last + 4], kept[last + 5] = fields[10] or false, fields[12] or false
      ids[#ids + 1] = string.sub(keys[i], -36)
      if ARGV[6] ~= '' then
        begun[#begun + 1] = keys[i]
        begun[#begun + 1] = fence .. ARGV[6] .. string.match(snapshot, '"stage":"%a+",(.*)', #fence)
      end
    else
      stale[#stale + 1] = entries[i][1]
    end
  end
  if #begun > 0 then redis.call('MSET', unpack(begun)) end
  if #stale > 0 then
    redis.call('XACK', stream, group, unpack(stale))
    redis.call('XDEL', stream, unpack(stale))
  end
  return kept
end

local function is_full() return rows >= max_rows or bytes >= max_bytes end

local taken = {}
for i = 5, #KEYS do
  local found, more = {}, redis.call('EXISTS', KEYS[i]) == 1
  while more and not is_full() do
    local wanted = next_slice()
    local entries = slice(KEYS[i], wanted)
    for _, entry in ipairs(entries) do
      weigh(entry)
      found[#found + 1] = entry
    end
    more = #entries == wanted
  end
  if #found > 0 then table.insert(taken, {KEYS[i], owed(KEYS[i], found)}) end
end

if is_full() then
  redis.call('SET', KEYS[1], ARGV[9], 'EX', ARGV[4])
  redis.call('LPUSH', KEYS[3], ARGV[9])
end
local thread = ARGV[10]
if #ids > 0 and thread ~= ''
  and redis.call('HSET', KEYS[4], thread, table.concat(ids, ',')) == 1 then
  redis.call('EXPIRE', KEYS[4], ARGV[11])
end
return {redis.call('TIME'), taken}
