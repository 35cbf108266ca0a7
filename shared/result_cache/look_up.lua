-- For each of a model's inputs: the job that answered it, the job that is about to, or nobody yet;
-- then the asking job is noted as the one that is about to.
--
-- A note is the id of a job; behind a result stand ':' and the epoch second when it ends to count.
-- What falls out first when there are too many is what was asked first.
--
-- KEYS: notes by input hash, input hashes in the order they were noted
-- ARGV: prefix of snapshot keys, most inputs, seconds after which unused notes go,
--       then {input hash, asking job, '1' when it may reuse} for each
-- Answers for each: {} nobody; {job} about to; {job, snapshot} answered.
local PER_INPUT, FIRST = 3, 3
local prefix, most = ARGV[1], tonumber(ARGV[2])
local now = tonumber(redis.call('TIME')[1])

local hashes = {}
for i = FIRST + 1, #ARGV, PER_INPUT do table.insert(hashes, ARGV[i]) end
local notes = redis.call('HMGET', KEYS[1], unpack(hashes))

local answers, results, keys = {}, {}, {}
for i, note in ipairs(notes) do
  local at = FIRST + (i - 1) * PER_INPUT
  answers[i] = {}
  if note and ARGV[at + 3] == '1' then
    local job, counts_until = string.sub(note, 1, 36), tonumber(string.sub(note, 38))
    if counts_until and counts_until > now then
      table.insert(keys, prefix .. job)
      table.insert(results, i)
    end
    if not counts_until and job ~= ARGV[at + 2] then answers[i] = {job} end
  end
end
if #keys > 0 then
  for n, snapshot in ipairs(redis.call('MGET', unpack(keys))) do
    local i = results[n]
    if snapshot then answers[i] = {string.sub(notes[i], 1, 36), snapshot} end
  end
end

local noted, added = {}, {}
for i, hash in ipairs(hashes) do
  if #answers[i] == 0 then
    table.insert(noted, hash)
    table.insert(noted, ARGV[FIRST + (i - 1) * PER_INPUT + 2])
    if not notes[i] then table.insert(added, hash) end
  end
end
if #noted > 0 then redis.call('HSET', KEYS[1], unpack(noted)) end
if #added > 0 then
  local excess = redis.call('RPUSH', KEYS[2], unpack(added)) - most
  if excess > 0 then
    redis.call('HDEL', KEYS[1], unpack(redis.call('LPOP', KEYS[2], math.min(excess, 5000))))
  end
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
return answers
