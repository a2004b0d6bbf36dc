package redisstore

// referenceScript takes the key of a reference, that of the answer to a take, and
// the arguments op and those of the op. Redis itself forgets both keys in time. It
// answers a word, and the reference where there is one.
//
// A take writes its answer before it removes anything: a server that is full and
// refuses the answer keeps the reference.
const referenceScript = `
local ops = {}

function ops.set(reference, ttl)
  redis.call('SET', KEYS[1], '1 ' .. reference, 'PX', ttl)
  return {'done'}
end

function ops.get()
  local raw = redis.call('GET', KEYS[1])
  if not raw then return {'none'} end
  if string.sub(raw, 1, 2) ~= '1 ' then return {'unreadable'} end
  return {'found', string.sub(raw, 3)}
end

function ops.take(reference)
  local before = redis.call('GET', KEYS[2])
  if before then return {before} end
  local taken = redis.call('GET', KEYS[1]) == '1 ' .. reference
  local word = taken and 'yes' or 'no'
  redis.call('SET', KEYS[2], word, 'PX', 120000)
  if taken then redis.call('DEL', KEYS[1]) end
  return {word}
end

return ops[ARGV[1]](ARGV[2], ARGV[3])
`
