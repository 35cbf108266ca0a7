-- How many entries wait in each stream, how many have ever been taken from it, and who is next.
--
-- An entry waits while nobody has read it. The first ones are looked at up to a number and to a
-- number of bytes: what is behind them is only counted.
--
-- ARGV: group, most entries, most bytes, then the streams
-- Answers for each stream: {waiting, taken or -1 (a Redis before 7 does not count), id of the last
-- entry that was looked at, id of the last entry, {snapshot key of each entry that was looked at}}.
local SLICE = 32
local group, most, most_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function named(flat)
  local found = {}
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end

local function state_of(stream)
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local found = named(flat)
    if found['name'] == group then return found['pending'], found['last-delivered-id'] end
  end
  return 0, '0-0'  -- nobody has read yet
end

local function first_of(stream, behind)
  local keys, bytes, more = {}, 0, true
  while more and #keys < most and bytes < most_bytes do
    local slice = redis.call('XRANGE', stream, '(' .. behind, '+', 'COUNT', SLICE)
    for _, entry in ipairs(slice) do
      behind = entry[1]
      table.insert(keys, entry[2][2] or '')
      bytes = bytes + #(entry[2][6] or '') + #(entry[2][8] or '')
    end
    more = #slice == SLICE
  end
  return behind, keys
end

local answers = {}
for i = 4, #ARGV do
  local stream = ARGV[i]
  if redis.call('EXISTS', stream) == 0 then
    answers[#answers + 1] = {0, 0, '0-0', '0-0', {}}
  else
    local info = named(redis.call('XINFO', 'STREAM', stream))
    local pending, delivered = state_of(stream)
    local waiting = info['length'] - pending
    local added = info['entries-added']
    local looked_at, keys = first_of(stream, delivered)
    answers[#answers + 1] = {
      waiting, added and added - waiting or -1, looked_at, info['last-generated-id'], keys}
  end
end
return answers
