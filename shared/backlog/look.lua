-- Looks again whether taken entries are still owed: those whose job is no longer unfinished under
-- their attempt (canceled, expired, dispatched anew) leave their backlog.
--
-- ARGV: group, then {stream, entry, snapshot key, fence} for each.
-- Answers {Redis time, {1 or 0 for each entry: is it still owed}}.
local keys, owed = {}, {}
for i = 2, #ARGV, 4 do table.insert(keys, ARGV[i + 2]) end
for i, snapshot in ipairs(redis.call('MGET', unpack(keys))) do
  local stream, entry, fence = ARGV[4 * i - 2], ARGV[4 * i - 1], ARGV[4 * i + 1]
  local ours = snapshot and string.sub(snapshot, 1, #fence) == fence
  if not ours then
    redis.call('XACK', stream, ARGV[1], entry)
    redis.call('XDEL', stream, entry)
  end
  owed[i] = ours and 1 or 0
end
return {redis.call('TIME'), owed}
