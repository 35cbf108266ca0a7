-- How streams stand, without a byte of what their entries hold.
--
-- KEYS: streams   ARGV: group
-- Answers {Redis time, {{length, taken by somebody, id of the oldest entry or ''} for each}}.
local found = {}
for i, stream in ipairs(KEYS) do
  local length, pending, oldest = redis.call('XLEN', stream), 0, ''
  if length > 0 then
    local summary = redis.pcall('XPENDING', stream, ARGV[1])
    if not summary.err then pending = summary[1] end
    oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1][1]
  end
  found[i] = {length, pending, oldest}
end
return {redis.call('TIME'), found}
