package redisstore

// ledgerScript takes the key of an entry, and the arguments op, id and those of
// the op. It does what failover.Record does, word by word. An entry is one
// JSON object. Its times are milliseconds of the server's clock, because cjson
// writes 14 digits; no table stands in it twice, because miniredis would not write
// it. It answers like every script here: a word and a number.
const ledgerScript = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local op, id, replay = ARGV[1], ARGV[2], 120000

local e = {v = 2, holder = '', trying = '', lease = 0, began = 0, during = 0, before = {}, sender = '', tries = 0, overdue = false,
  serial = 0, backends = {}, failures = 0, failed = 0, remember = 0, checks = {}, closed = {}, claims = {}}
local raw = redis.call('GET', KEYS[1])
if raw then
  local ok, old = pcall(cjson.decode, raw)
  if not ok or type(old) ~= 'table' or old.v ~= 2 then return {'unreadable', 0} end
  e = old
  e.claims = e.claims or {}
end

local function keep(list, fits)
  local kept = {}
  for _, x in ipairs(list) do
    if fits(x) then kept[#kept + 1] = x end
  end
  return kept
end
local function find(list, fits)
  for _, x in ipairs(list) do
    if fits(x) then return x end
  end
end
local function recent(x) return now - x.at <= replay end
local function backend(name) return find(e.backends, function(l) return l.name == name end) end
local function check() return find(e.checks, function(c) return c.id == id end) end
local function over(name) return find(e.closed, function(c) return c.id == id and c.backend == name end) end

e.backends = keep(e.backends, function(l) return now - l.till < replay end)
e.checks, e.closed, e.claims = keep(e.checks, recent), keep(e.closed, recent), keep(e.claims, recent)
if e.failures > 0 and now - e.failed > e.remember then e.failures = 0 end

local function first(name, till)
  local l = backend(name) or {name = name, till = till, attempts = 0, since = e.serial}
  l.till = math.max(l.till, till)
  local list = {l}
  for _, x in ipairs(e.backends) do
    if x.name ~= name then list[#list + 1] = x end
  end
  e.backends = list
  return l
end
local function save()
  local stop = e.lease
  local function last(t) if t > stop then stop = t end end
  for _, l in ipairs(e.backends) do last(l.till + replay) end
  for _, c in ipairs(e.checks) do last(c.at + replay) end
  for _, c in ipairs(e.closed) do last(c.at + replay) end
  for _, c in ipairs(e.claims) do last(c.at + replay) end
  if e.failures > 0 then last(e.failed + e.remember) end
  if stop > now then
    redis.call('SET', KEYS[1], cjson.encode(e), 'PX', string.format('%d', stop - now + 1))
  else
    redis.call('DEL', KEYS[1])
  end
end

local ops = {}

function ops.begin(name, lease)
  lease = tonumber(lease)
  if over(name) then return {'begun', 0} end
  if e.holder ~= id and now < e.lease then return {'busy', e.lease - now} end
  if e.sender ~= id then e.sender, e.tries, e.overdue = id, 0, false end
  if e.overdue then
    save()
    return {'busy', lease}
  end
  if e.holder ~= id or e.trying ~= name then
    e.serial, e.tries, e.trying, e.during, e.before = e.serial + 1, e.tries + 1, name, 0, {}
    e.began = e.serial
    for i, l in ipairs(e.backends) do
      e.before[i] = {name = l.name, till = l.till, attempts = l.attempts, since = l.since}
    end
  end
  e.holder, e.lease = id, now + lease
  first(name, now + lease)
  save()
  return {'begun', 0}
end

ops['end'] = function(name, state, ttl)
  if over(name) then return {'ended', 0} end
  e.closed[#e.closed + 1] = {id = id, backend = name, at = now}
  while #e.closed > 64 do table.remove(e.closed, 1) end
  local holds = e.holder == id and e.trying == name
  if state ~= 'notsent' then
    if not (e.sender == id and e.overdue and e.tries > 1) then
      local l = first(name, now + ttl)
      if holds and state == 'sent' then l.attempts, l.since = e.during, e.began end
    end
  elseif holds then
    for _, l in ipairs(e.before) do
      local current = backend(l.name)
      if current then l.attempts = current.attempts end
    end
    e.backends = e.before
  end
  if holds then e.holder, e.trying, e.lease, e.before = '', '', 0, {} end
  save()
  return {'ended', 0}
end

-- by is that of the call, by which a lost reply is told from another call.
function ops.attempt(by, attempts, failures, remember)
  attempts, failures = tonumber(attempts), tonumber(failures)
  local known = check()
  if known then
    local progress = known.won and 'approved' or known.settled and 'denied' or known.by == by and '' or 'pending'
    return {known.word, known.left, progress, known.outcome or ''}
  end
  local newest = {}
  for _, l in ipairs(e.backends) do
    if now < l.till and #newest < 2 then newest[#newest + 1] = l end
  end
  if #newest == 0 then return {'none', 0} end
  if e.failures >= failures then return {'blocked', 0} end
  if #e.checks >= 64 then return {'locked', 0} end
  local word, left, asked = 'live', 0, {}
  for _, l in ipairs(newest) do
    if l.attempts < attempts then
      l.attempts = l.attempts + 1
      if l.name == e.trying then e.during = e.during + 1 end
      word, left = word .. ' ' .. l.name, math.max(left, attempts - l.attempts)
      asked[#asked + 1] = l.name
    end
  end
  if #asked == 0 then return {'locked', 0} end
  e.failures, e.failed, e.remember = e.failures + 1, now, tonumber(remember)
  left = math.min(left, failures - e.failures)
  e.checks[#e.checks + 1] = {id = id, by = by, at = now, serial = e.serial, word = word, left = left, asked = asked,
    settled = false, won = false, lost = false}
  save()
  return {word, left}
end

-- id is that of the Send, by which a lost reply is told from another call.
function ops.claim(call)
  local c = find(e.claims, function(c) return c.call == call end)
  if c then return {c.id == id and 'claimed' or 'repeated', 0, '', c.outcome} end
  e.claims[#e.claims + 1] = {call = call, id = id, at = now, outcome = ''}
  while #e.claims > 64 do table.remove(e.claims, 1) end
  save()
  return {'claimed', 0}
end

function ops.conclude(outcome)
  local c = check()
  if c then c.outcome = outcome end
  local claims = {}
  for _, x in ipairs(e.claims) do
    if x.call == id then x.outcome, c = outcome, x end
    if x.call ~= id or outcome ~= '' then claims[#claims + 1] = x end
  end
  e.claims = claims
  if c then save() end
  return {'concluded', 0}
end

function ops.look()
  local live = find(e.backends, function(l) return now < l.till end) and 'live' or 'gone'
  return {string.format('%s %d', live, e.failures), math.max(e.lease - now, 0)}
end

function ops.settle(verdict)
  local c = check()
  if not c then return {'forgotten', 0} end
  if not c.settled then
    c.settled = true
    if verdict == 'notasked' and not c.lost then
      e.failures = math.max(e.failures - 1, 0)
      for _, name in ipairs(c.asked) do
        local l = backend(name)
        if l and c.serial >= l.since then l.attempts = math.max(l.attempts - 1, 0) end
        if name == e.trying and c.serial >= e.began then e.during = math.max(e.during - 1, 0) end
      end
    elseif verdict == 'approved' and not c.lost then
      e.backends, e.before, e.failures, e.overdue = {}, {}, 0, true
      for _, x in ipairs(e.checks) do x.lost = true end
      c.won = true
    end
    save()
  end
  return {c.won and 'won' or 'lost', 0}
end

return ops[op](ARGV[3], ARGV[4], ARGV[5], ARGV[6])
`
