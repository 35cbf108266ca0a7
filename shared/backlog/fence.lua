-- Notes that a consumer's work was taken away, also in a Redis that is full: see ring.lua.
--
-- KEYS: mark   ARGV: seconds
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
