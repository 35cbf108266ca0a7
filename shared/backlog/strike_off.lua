-- Removes a consumer from a group unless it lives or holds something: deleting a consumer drops
-- its pending list, and an entry that nobody holds is never read again.
--
-- KEYS: stream, heartbeat   ARGV: group, consumer
if redis.call('EXISTS', KEYS[2]) == 0
  and #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
end
