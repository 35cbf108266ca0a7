-- Rings those bells that are silent.
--
-- ARGV: bell seconds, then {bell, queue, message} for each   Answers {1 or 0 for each: was it rung}.
local rung = {}
for i = 2, #ARGV, 3 do
  local silent = redis.call('EXISTS', ARGV[i]) == 0
  if silent then
    redis.call('DEL', ARGV[i])  -- a full Redis lets a script go on that has begun with it
    redis.call('SET', ARGV[i], '1', 'EX', ARGV[1])
    redis.call('LPUSH', ARGV[i + 1], ARGV[i + 2])
  end
  table.insert(rung, silent and 1 or 0)
end
return rung
