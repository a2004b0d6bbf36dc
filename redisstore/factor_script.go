package redisstore

// factorScript takes the key of a record, and the arguments op, id and those of the
// op. A record is one JSON object; its times are milliseconds of the server's clock,
// and steps are strings, since cjson writes 14 digits. It never expires: it is the
// person's factor.
//
// It answers a list that opens with a word. A record that is saved by a full server
// is refused with the whole script, so that nothing is compared that is not charged.
const factorScript = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local op, id, replay, window = ARGV[1], ARGV[2], 120000, 1296000000

local e
local raw = redis.call('GET', KEYS[1])
if raw then
  local ok, old = pcall(cjson.decode, raw)
  if not ok or type(old) ~= 'table' or old.v ~= 1 then return {'unreadable'} end
  e = old
  -- A clock that went back makes nothing last longer than it should: what lies
  -- ahead of it is taken for now, and written, or it would be now each time.
  local ahead = e.charged > now or e.since + e.half * window > now
  e.charged, e.since = math.min(e.charged, now), math.min(e.since, now - e.half * window)
  local calls = {}
  for _, c in ipairs(e.calls) do
    ahead, c.at = ahead or c.at > now, math.min(c.at, now)
    if now - c.at < replay then calls[#calls + 1] = c end
  end
  e.calls = calls
  if ahead then redis.call('SET', KEYS[1], cjson.encode(e)) end
end

local function find(kind)
  for _, c in ipairs(e.calls) do
    if c.id == id and c.kind == kind then return c end
  end
end
local function save(c)
  if c then
    c.id, c.at = id, now
    e.calls[#e.calls + 1] = c
  end
  redis.call('SET', KEYS[1], cjson.encode(e))
end
local function uncount()
  if e.h0 > 0 then e.h0 = e.h0 - 1
  elseif e.h1 > 0 then e.h1 = e.h1 - 1
  elseif e.h2 > 0 then e.h2 = e.h2 - 1 end
end
local function settles(enrolment, step)
  return e.enrolment == enrolment and tonumber(step) > tonumber(e.step)
end
local function approve(kind)
  e.settled = e.failures
  uncount()
  save({kind = kind})
end

local ops = {}

function ops.create(enrolment, keyid, step, sealed)
  if e then
    if find('create') then return {'yes'} end
    return {'no'}
  end
  e = {v = 1, enrolment = enrolment, keyid = keyid, step = step, sealed = sealed, failures = 0, settled = 0, charged = 0,
    h0 = 0, h1 = 0, h2 = 0, since = 0, half = 0, calls = {}}
  save({kind = 'create'})
  return {'yes'}
end

function ops.attempt(attempts, wait, longest, failures, total)
  if not e then return {'none'} end
  local c = find('attempt')
  if c then
    return {'charged', c.enrolment, c.keyid, c.step, c.sealed, c.failures, c.left, c.next, now - c.at, find('accept') and 1 or 0}
  end
  attempts, wait, longest = tonumber(attempts), tonumber(wait), tonumber(longest)
  failures, total = tonumber(failures), tonumber(total)
  local function after()
    local n = e.failures - e.settled
    if n >= attempts then
      local w = wait
      for _ = 1, n - attempts do
        if w >= longest then break end
        w = w * 2
      end
      return math.min(w, longest)
    end
    if e.failures >= attempts then return wait end
    return 0
  end

  if e.settled > 0 and now - e.charged >= wait then e.failures, e.settled = e.failures - e.settled, 0 end
  local half = math.floor((now - e.since) / window)
  while e.half < half and e.h0 + e.h1 + e.h2 > 0 do
    e.h0, e.h1, e.h2, e.half = 0, e.h0, e.h1, e.half + 1
  end
  if e.h0 + e.h1 + e.h2 == 0 then e.since, e.half = now, 0 end
  if e.failures - e.settled >= failures or e.h0 + e.h1 + e.h2 >= total then return {'blocked'} end
  local left = after() - (now - e.charged)
  if left > 0 then return {'wait', left} end
  if #e.calls >= 64 then return {'wait', replay - (now - e.calls[1].at)} end

  e.failures, e.h0, e.charged = e.failures + 1, e.h0 + 1, now
  c = {kind = 'attempt', enrolment = e.enrolment, keyid = e.keyid, step = e.step, sealed = e.sealed,
    failures = e.failures - e.settled, left = math.max(attempts - e.failures, 0), next = after()}
  save(c)
  return {'charged', c.enrolment, c.keyid, c.step, c.sealed, c.failures, c.left, c.next, 0, 0}
end

function ops.accept(enrolment, step, keyid, sealed)
  if not e then return {'no'} end
  if find('accept') then return {'yes'} end
  if not settles(enrolment, step) then return {'no'} end
  e.step = step
  if sealed ~= '' then e.keyid, e.sealed = keyid, sealed end
  approve('accept')
  return {'yes'}
end

function ops.swap(old, step, enrolment, keyid, last, sealed)
  if not e then return {'no'} end
  if find('swap') then return {'yes'} end
  if not settles(old, step) then return {'no'} end
  e.enrolment, e.keyid, e.step, e.sealed = enrolment, keyid, last, sealed
  approve('swap')
  return {'yes'}
end

function ops.refund()
  if e and find('attempt') and not find('refund') then
    e.failures = math.max(e.failures - 1, e.settled)
    uncount()
    save({kind = 'refund'})
  end
  return {'yes'}
end

function ops.get()
  if not e then return {'none'} end
  return {'factor', e.enrolment, e.keyid, e.step, e.sealed}
end

function ops.reseal(enrolment, keyid, sealed)
  if not e or e.enrolment ~= enrolment then return {'no'} end
  e.keyid, e.sealed = keyid, sealed
  save()
  return {'yes'}
end

function ops.reset()
  if e then
    e.failures, e.settled, e.charged, e.h0, e.h1, e.h2 = 0, 0, 0, 0, 0, 0
    save()
  end
  return {'yes'}
end

return ops[op](ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
`
