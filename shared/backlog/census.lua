-- Where every job is at one moment: nothing moves while this script runs, 2 µs an entry. For audits.
--
-- KEYS: set of streams   ARGV: bytes of a snapshot to answer, then snapshot keys of jobs
-- Answers {{{stream, snapshot key, fence} of every entry}, {head of each of these jobs' snapshots}}.
local SLICE = 500
local found, heads = {}, {}
for _, stream in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local from, more = '-', true
  while more do
    local slice = redis.call('XRANGE', stream, from, '+', 'COUNT', SLICE)
    for _, entry in ipairs(slice) do
      found[#found + 1] = {stream, entry[2][2] or '', entry[2][4] or ''}
      from = '(' .. entry[1]
    end
    more = #slice == SLICE
  end
end
for i = 2, #ARGV do heads[i - 1] = redis.call('GETRANGE', ARGV[i], 0, ARGV[1] - 1) end
return {found, heads}
