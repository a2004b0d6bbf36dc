package redisstore

// seenScript takes the key of what was seen, and the arguments op and those of the op.
// Redis itself forgets the key in time. It answers a word.
//
// A record is "1 c CLAIM RELEASE", "1 r - RELEASE" or "1 d": claimed, released, done.
// CLAIM and RELEASE are the ids of calls: one that go-redis sends again because its
// answer was lost finds its own id, and changes nothing. A claim keeps the id of the
// release before it, or that one, sent again, would end a claim of somebody else.
const seenScript = `
local ops = {}
local raw = redis.call('GET', KEYS[1])
local state, claim, release
if raw then
  state, claim, release = string.match(raw, '^1 ([crd]) ?(%S*) ?(%S*)$')
  if not state then return {'unreadable'} end
end

function ops.begin(id, lease)
  if state == 'd' then return {'done'} end
  if state == 'c' then
    if claim == id then return {'new'} end
    return {'busy'}
  end
  redis.call('SET', KEYS[1], '1 c ' .. id .. ' ' .. (release or '-'), 'PX', lease)
  return {'new'}
end

function ops.done(keep)
  redis.call('SET', KEYS[1], '1 d', 'PX', keep)
  return {'ok'}
end

function ops.release(id)
  if state == 'c' and release ~= id then
    redis.call('SET', KEYS[1], '1 r - ' .. id, 'PX', 120000)
  end
  return {'ok'}
end

return ops[ARGV[1]](ARGV[2], ARGV[3])
`
