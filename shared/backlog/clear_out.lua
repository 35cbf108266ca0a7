-- Takes entries away that nobody has taken and whose job is no longer unfinished under their
-- attempt, of one slice of a stream.
--
-- KEYS: stream   ARGV: group, first id, count   Answers {id of the last entry or '', how many left}.
local slice = redis.call('XRANGE', KEYS[1], ARGV[2], '+', 'COUNT', ARGV[3])
if #slice == 0 then return {'', 0} end
local keys, left = {}, 0
for i, entry in ipairs(slice) do keys[i] = entry[2][2] or '' end
for i, snapshot in ipairs(redis.call('MGET', unpack(keys))) do
  local id, fence = slice[i][1], slice[i][2][4] or ''
  local owed = snapshot and string.sub(snapshot, 1, #fence) == fence
  if not owed and #redis.pcall('XPENDING', KEYS[1], ARGV[1], id, id, 1) == 0 then
    left = left + redis.call('XDEL', KEYS[1], id)
  end
end
return {slice[#slice][1], left}
