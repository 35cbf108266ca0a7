-- The jobs of one slice of a stream, without their payloads, which stay where they are.
--
-- KEYS: stream   ARGV: first id, count
-- Answers {last id or '', {snapshot keys}}.
local slice = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
local keys = {}
for i, entry in ipairs(slice) do keys[i] = entry[2][2] or '' end
return {slice[#slice] and slice[#slice][1] or '', keys}
