-- Makes finished jobs visible: terminal snapshots with an expiry, entries gone, who waits told, and
-- who asks for the same input from now on finds the result.
--
-- SQL holds these outcomes already, so nothing is asked and nothing can be refused.
-- ARGV: group, channel, number of snapshots, number of results,
--       then {key, value, seconds} for each snapshot,
--       then {notes, input hash, job, seconds or 0} for each result: see look_up.lua; a job that is
--       not noted is not remembered, one that did not succeed is forgotten,
--       then {stream, entry} for each entry that leaves, then what to publish last.
local group, channel, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
local first_result = 4 + 3 * count
local first_entry = first_result + 4 * tonumber(ARGV[4])

local left = {}
for i = first_entry + 1, #ARGV - 2, 2 do
  local entries = left[ARGV[i]] or {}
  left[ARGV[i]] = entries
  entries[#entries + 1] = ARGV[i + 1]
end
for stream, entries in pairs(left) do
  redis.call('XACK', stream, group, unpack(entries))
  redis.call('XDEL', stream, unpack(entries))
end

-- In a full Redis a SET is refused unless the script has freed something before.
if count > 0 and next(left) == nil then
  local keys = {}
  for i = 5, first_result, 3 do keys[#keys + 1] = ARGV[i] end
  redis.call('DEL', unpack(keys))
end
for i = 5, first_result, 3 do redis.call('SET', ARGV[i], ARGV[i + 1], 'EX', ARGV[i + 2]) end

local inputs = {}
for i = first_result + 1, first_entry, 4 do
  inputs[ARGV[i]] = inputs[ARGV[i]] or {}
  table.insert(inputs[ARGV[i]], i)
end
for notes, positions in pairs(inputs) do
  local now, hashes, remembered, forgotten = tonumber(redis.call('TIME')[1]), {}, {}, {}
  for _, i in ipairs(positions) do table.insert(hashes, ARGV[i + 1]) end
  for n, note in ipairs(redis.call('HMGET', notes, unpack(hashes))) do
    local i = positions[n]
    if note and string.sub(note, 1, 36) == ARGV[i + 2] then
      local seconds = tonumber(ARGV[i + 3])
      if seconds > 0 then
        table.insert(remembered, hashes[n])
        table.insert(remembered, ARGV[i + 2] .. ':' .. string.format('%d', now + seconds))
      else
        table.insert(forgotten, hashes[n])
      end
    end
  end
  if #remembered > 0 then redis.call('HSET', notes, unpack(remembered)) end
  if #forgotten > 0 then redis.call('HDEL', notes, unpack(forgotten)) end
end

if count > 0 then redis.call('PUBLISH', channel, ARGV[#ARGV]) end
