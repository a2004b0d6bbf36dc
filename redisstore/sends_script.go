package redisstore

// sendsScript takes the key of a Send, and the arguments op and those of the op. Redis
// itself forgets the key in time. It answers a word, and what was put where there is
// something.
//
// A record is "1 STAGE CALL SENT": the id of a call that go-redis sends again, because
// its answer was lost, is found, and answers the same.
const sendsScript = `
local ops = {}
local raw = redis.call('GET', KEYS[1])
local stage, call, sent
if raw then
  stage, call, sent = string.match(raw, '^1 ([0-3]) (%S+) (.*)$')
  if not stage then return {'unreadable'} end
end

function ops.put(given, ttl)
  if not raw then redis.call('SET', KEYS[1], '1 0 - ' .. given, 'PX', ttl) end
  return {'ok'}
end

function ops.advance(to, id)
  if not raw then return {'missing'} end
  if call == id then return {'moved', sent} end
  if tonumber(to) <= tonumber(stage) then return {'repeated', sent} end
  redis.call('SET', KEYS[1], '1 ' .. to .. ' ' .. id .. ' ' .. sent, 'PX', math.max(redis.call('PTTL', KEYS[1]), 1))
  return {'moved', sent}
end

return ops[ARGV[1]](ARGV[2], ARGV[3])
`
