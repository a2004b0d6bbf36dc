package redisstore

// ledgerScript takes the key of an entry, and the arguments op, id and those of
// the op. An entry is one JSON object; its times are milliseconds of the
// server's clock, since cjson writes 14 digits; no table stands in it twice, since
// miniredis would not write it. It answers like every script here: a word and a
// number.
const ledgerScript = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local op, id, replay = ARGV[1], ARGV[2], 120000

local e = {v = 1, holder = '', lease = 0, sender = '', tries = 0, overdue = false, before = {}, backends = {},
  attempts = 0, during = 0, failures = 0, failed = 0, remember = 0, checks = {}, closed = {}}
local raw = redis.call('GET', KEYS[1])
if raw then
  local ok, old = pcall(cjson.decode, raw)
  if not ok or type(old) ~= 'table' or old.v ~= 1 then return {'unreadable', 0} end
  e = old
end

local function keep(list, fits)
  local kept = {}
  for _, x in ipairs(list) do
    if fits(x) then kept[#kept + 1] = x end
  end
  return kept
end
local function recent(x) return now - x.at <= replay end
local function find(list, fits)
  for _, x in ipairs(list) do
    if fits(x) then return x end
  end
end

e.backends = keep(e.backends, function(l) return now < l.till end)
e.checks, e.closed = keep(e.checks, recent), keep(e.closed, recent)
if e.failures > 0 and now - e.failed > e.remember then e.failures = 0 end

local function over(backend)
  return find(e.closed, function(c) return c.id == id and c.backend == backend end)
end
local function first(backend, till)
  local others = keep(e.backends, function(l) return l.name ~= backend end)
  e.backends = {{name = backend, till = till}, others[1]}
end
local function save()
  local stop = e.lease
  local function last(t) if t > stop then stop = t end end
  for _, l in ipairs(e.backends) do last(l.till) end
  for _, c in ipairs(e.checks) do last(c.at + replay) end
  for _, c in ipairs(e.closed) do last(c.at + replay) end
  if e.failures > 0 then last(e.failed + e.remember) end
  if stop > now then
    redis.call('SET', KEYS[1], cjson.encode(e), 'PX', string.format('%d', stop - now + 1))
  else
    redis.call('DEL', KEYS[1])
  end
end

local ops = {}

function ops.begin(backend, lease)
  lease = tonumber(lease)
  if over(backend) then return {'begun', 0} end
  if e.holder ~= id and now < e.lease then return {'busy', e.lease - now} end
  if e.sender ~= id then e.sender, e.tries, e.overdue = id, 0, false end
  if e.overdue then
    save()
    return {'busy', lease}
  end
  if e.holder ~= id or not find(e.backends, function(l) return l.name == backend end) then
    e.before, e.during, e.tries = {}, 0, e.tries + 1
    for i, l in ipairs(e.backends) do e.before[i] = {name = l.name, till = l.till} end
  end
  e.holder, e.lease = id, now + lease
  first(backend, now + lease)
  save()
  return {'begun', 0}
end

ops['end'] = function(backend, state, ttl)
  if over(backend) then return {'ended', 0} end
  e.closed[#e.closed + 1] = {id = id, backend = backend, at = now}
  local holds = e.holder == id
  if state == 'notsent' then
    if holds then e.backends = e.before end
  elseif not (e.sender == id and e.overdue and e.tries > 1) then
    first(backend, now + ttl)
    if holds then e.attempts = e.during end
  end
  if holds then e.holder, e.lease, e.before = '', 0, {} end
  save()
  return {'ended', 0}
end

function ops.attempt(attempts, failures, remember)
  attempts, failures = tonumber(attempts), tonumber(failures)
  local known = find(e.checks, function(c) return c.id == id end)
  if known then return {known.word, known.left} end
  if #e.backends == 0 then return {'none', 0} end
  if e.failures >= failures then return {'blocked', 0} end
  if e.attempts >= attempts or #e.checks >= 64 then return {'locked', 0} end
  e.attempts, e.during, e.failures = e.attempts + 1, e.during + 1, e.failures + 1
  e.failed, e.remember = now, tonumber(remember)
  local word, left = 'live', math.min(attempts - e.attempts, failures - e.failures)
  for _, l in ipairs(e.backends) do word = word .. ' ' .. l.name end
  e.checks[#e.checks + 1] = {id = id, at = now, word = word, left = left, settled = false, won = false, lost = false}
  save()
  return {word, left}
end

function ops.settle(verdict)
  local c = find(e.checks, function(x) return x.id == id end)
  if not c then return {'lost', 0} end
  if not c.settled then
    c.settled = true
    if verdict == 'notasked' and not c.lost then
      e.attempts, e.during, e.failures = math.max(e.attempts - 1, 0), math.max(e.during - 1, 0), math.max(e.failures - 1, 0)
    elseif verdict == 'approved' and not c.lost then
      e.backends, e.before, e.attempts, e.during, e.failures, e.overdue = {}, {}, 0, 0, 0, true
      for _, x in ipairs(e.checks) do x.lost = true end
      c.won = true
    end
    save()
  end
  return {c.won and 'won' or 'lost', 0}
end

return ops[op](ARGV[3], ARGV[4], ARGV[5])
`
