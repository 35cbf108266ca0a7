-- Makes finished jobs visible: terminal snapshots with an expiry, entries gone, ids published.
--
-- SQL holds these outcomes already, so nothing is asked and nothing can be refused.
-- ARGV: group, snapshot seconds, channel, number of snapshots, then {key, value} for each,
-- then {stream, entry} for each entry that leaves, then the ids to publish (JSON) last.
local group, seconds, channel, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local left = {}
for i = 5 + 2 * count, #ARGV - 2, 2 do
  left[ARGV[i]] = left[ARGV[i]] or {}
  table.insert(left[ARGV[i]], ARGV[i + 1])
end
for stream, entries in pairs(left) do
  redis.call('XACK', stream, group, unpack(entries))
  redis.call('XDEL', stream, unpack(entries))
end
-- In a full Redis a SET is refused unless the script has freed something before.
local keys = {}
for i = 0, count - 1 do keys[i + 1] = ARGV[5 + 2 * i] end
if count > 0 then redis.call('DEL', unpack(keys)) end
for i = 0, count - 1 do
  redis.call('SET', ARGV[5 + 2 * i], ARGV[6 + 2 * i], 'EX', seconds)
end
if count > 0 then redis.call('PUBLISH', channel, ARGV[#ARGV]) end
