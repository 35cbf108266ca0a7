-- Moves entries in one step: each leaves its source, and goes on only while its job's snapshot
-- says what the guard asks.
--
--   guard ''      the job must have no snapshot: a new dispatch
--   guard fence   the snapshot must open with it: unfinished, under this very attempt
--   destination '' the job leaves Redis: its snapshot goes, and SQL dispatches it again
--   snapshot ''   the one that is there stays as it is
--
-- An entry that is not in its source any more stays where it is now: a Redis that went back in time
-- has given the job to somebody else, under the same attempt. Where the whole stream is lost, its
-- entries are in nobody's hands but the caller's.
--
-- A bell that is not ringing yet is rung: its message goes on its queue.
--
-- ARGV: set of streams, bell seconds, group, number of bells, then {bell, queue, message} for each,
-- then twelve fields an entry.
-- Answers {1 or 0 for each entry: did it move}.
local BELLS, FIELDS = 4, 12
local FIRST = BELLS + 3 * tonumber(ARGV[4])
local count = (#ARGV - FIRST) / FIELDS
local function field(i, n) return ARGV[FIRST + (i - 1) * FIELDS + n] end

local keys = {}
for i = 1, count do keys[i] = field(i, 4) end
local held = redis.call('MGET', unpack(keys))

local left = {}
for i = 1, count do
  local source = field(i, 1)
  if source ~= '' then
    left[source] = left[source] or {}
    table.insert(left[source], field(i, 2))
  end
end
-- What frees memory comes first: a script that has written may go on in a full Redis, so that
-- what waits can drain.
local elsewhere = {}
for source, entries in pairs(left) do
  if redis.call('XACK', source, ARGV[3], unpack(entries)) < #entries
    and redis.call('EXISTS', source) == 1 then
    for _, entry in ipairs(entries) do
      elsewhere[source .. entry] = #redis.call('XRANGE', source, entry, entry) == 0
    end
  end
  redis.call('XDEL', source, unpack(entries))
end

local snapshots, dropped, destinations, due, moved = {}, {}, {}, {}, {}
for i = 1, count do
  local guard = field(i, 3)
  local snapshot, destination, bell = field(i, 5), field(i, 6), field(i, 7)
  local ours
  if guard == '' then
    ours = not held[i]
  else
    ours = held[i] and string.sub(held[i], 1, #guard) == guard
      and not elsewhere[field(i, 1) .. field(i, 2)]
  end
  moved[i] = ours and 1 or 0
  if ours and destination == '' then
    table.insert(dropped, keys[i])
  elseif ours then
    redis.call('XADD', destination, '*',
      'k', keys[i], 'f', field(i, 8), 'h', field(i, 9), 'p', field(i, 10),
      'r', field(i, 11), 'b', field(i, 12))
    if snapshot ~= '' then
      table.insert(snapshots, keys[i])
      table.insert(snapshots, snapshot)
    end
    destinations[destination] = true
    due[tonumber(bell)] = true
  end
end

if #snapshots > 0 then redis.call('MSET', unpack(snapshots)) end
if #dropped > 0 then redis.call('DEL', unpack(dropped)) end
local names = {}
for destination in pairs(destinations) do table.insert(names, destination) end
if #names > 0 then redis.call('SADD', ARGV[1], unpack(names)) end

for bell in pairs(due) do
  local at = BELLS + 3 * bell
  if redis.call('SET', ARGV[at + 1], ARGV[at + 3], 'NX', 'EX', ARGV[2]) then
    redis.call('LPUSH', ARGV[at + 2], ARGV[at + 3])
  end
end
return moved
