-- Rings those bells that are silent. A bell rings for as long as its message waits on its queue,
-- however long that is: the key holds the message, so that no second one is put beside it. Once the
-- message has been taken the key has its usual time left, and then a bell that was lost rings again.
--
-- ARGV: bell seconds, then {bell, queue, message} for each   Answers {1 or 0 for each: was it rung}.
local WAITS = 60  -- seconds between two looks of the sweeper, at the very most
local seconds, rung = tonumber(ARGV[1]), {}
for i = 2, #ARGV, 3 do
  local bell, queue = ARGV[i], ARGV[i + 1]
  local message = redis.call('GET', bell)
  if not message then
    redis.call('DEL', bell)  -- a full Redis lets a script go on that has begun with it
    redis.call('SET', bell, ARGV[i + 2], 'EX', seconds)
    redis.call('LPUSH', queue, ARGV[i + 2])
  elseif redis.call('LPOS', queue, message) then
    redis.call('EXPIRE', bell, WAITS)
  elseif redis.call('TTL', bell) > seconds then
    redis.call('EXPIRE', bell, seconds)
  end
  table.insert(rung, message and 0 or 1)
end
return rung
