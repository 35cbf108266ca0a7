-- Moves entries in one step: each leaves its source, and goes on only while its job's snapshot
-- says what is asked of it.
--
--   source ''     the job must have no snapshot: a new dispatch; but where it goes nowhere:
--   else          the snapshot must open with the fence: unfinished, under this very attempt
--   destination '' the job leaves Redis: its snapshot goes, and SQL dispatches it again
--   snapshot ''   the one that is there stays as it is
--
-- An entry that is not in its source any more stays where it is now: a Redis that went back in time
-- has given the job to somebody else, under the same attempt. Where the whole stream is lost, its
-- entries are in nobody's hands but the caller's. One that the caller was given twice, before and
-- after such a Redis, goes on once.
--
-- A bell that is not ringing yet is rung: its message goes on its queue.
--
-- Entries of one way, from the same stream to the same, stand together: it is told once.
--
-- ARGV: set of streams, bell seconds, group, number of bells, number of ways,
--       then {bell, queue, message} for each bell,
--       then {source or '', destination, number of its bell, number of entries} for each way,
--       then {id in the source, snapshot key, fence, snapshot, header, payload, 'rows bytes' or ''}
--       for each entry.
-- Answers {1 or 0 for each entry: did it move}.
local BELLS, PER_BELL, PER_WAY, PER_ENTRY = 5, 3, 4, 7
local WAYS = BELLS + PER_BELL * ARGV[4]
local ENTRIES = WAYS + PER_WAY * ARGV[5]

local keys, way_of = {}, {}
for way = WAYS, ENTRIES - 1, PER_WAY do
  for _ = 1, ARGV[way + 4] do
    local i = #keys + 1
    way_of[i] = way
    keys[i] = ARGV[ENTRIES + (i - 1) * PER_ENTRY + 2]
  end
end
local held = redis.call('MGET', unpack(keys))

local left = {}
for i = 1, #keys do
  local source = ARGV[way_of[i] + 1]
  if source ~= '' then
    local entries = left[source] or {}
    left[source] = entries
    entries[#entries + 1] = ARGV[ENTRIES + (i - 1) * PER_ENTRY + 1]
  end
end
-- What frees memory comes first: a script that has written may go on in a full Redis, so that
-- what waits can drain.
local elsewhere, doubtful = {}, false
for source, entries in pairs(left) do
  if redis.call('XACK', source, ARGV[3], unpack(entries)) < #entries then
    doubtful = true
    local lost = redis.call('EXISTS', source) == 0
    for _, entry in ipairs(entries) do
      elsewhere[source .. entry] = not lost and #redis.call('XRANGE', source, entry, entry) == 0
    end
  end
  redis.call('XDEL', source, unpack(entries))
end

local snapshots, dropped, destinations, due, moved = {}, {}, {}, {}, {}
for i = 1, #keys do
  local way, at = way_of[i], ENTRIES + (i - 1) * PER_ENTRY
  local source, destination = ARGV[way + 1], ARGV[way + 2]
  local id, key, fence, snapshot = ARGV[at + 1], keys[i], ARGV[at + 3], ARGV[at + 4]
  local ours
  if source == '' and destination ~= '' then
    ours = not held[i]
  else
    ours = held[i] and string.sub(held[i], 1, #fence) == fence and not elsewhere[source .. id]
  end
  if doubtful then elsewhere[source .. id] = true end
  moved[i] = ours and 1 or 0
  if ours and destination == '' then
    dropped[#dropped + 1] = key
  elseif ours then
    local header, payload, declared = ARGV[at + 5], ARGV[at + 6], ARGV[at + 7]
    if declared == '' then
      redis.call('XADD', destination, '*', 'k', key, 'f', fence, 'h', header, 'p', payload)
    else
      local rows, bytes = string.match(declared, '(%d+) (%d+)')
      redis.call('XADD', destination, '*', 'k', key, 'f', fence, 'h', header, 'p', payload,
        'r', rows, 'b', bytes)
    end
    if snapshot ~= '' then
      snapshots[#snapshots + 1] = key
      snapshots[#snapshots + 1] = snapshot
    end
    destinations[destination] = true
    due[tonumber(ARGV[way + 3])] = true
  end
end

if #snapshots > 0 then redis.call('MSET', unpack(snapshots)) end
if #dropped > 0 then redis.call('DEL', unpack(dropped)) end
local names = {}
for destination in pairs(destinations) do table.insert(names, destination) end
if #names > 0 then redis.call('SADD', ARGV[1], unpack(names)) end

for bell in pairs(due) do
  local at = BELLS + PER_BELL * bell
  if redis.call('SET', ARGV[at + 1], ARGV[at + 3], 'NX', 'EX', ARGV[2]) then
    redis.call('LPUSH', ARGV[at + 2], ARGV[at + 3])
  end
end
return moved
