package redisstore

// recoveryScript takes the key of a record, and the arguments op, id and those of the
// op. A record is one JSON object; its times are milliseconds of the server's clock.
// It never expires. It answers like the scripts of codes, with one number more: a
// word, what is left, and a wait.
const recoveryScript = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local op, id, replay = ARGV[1], ARGV[2], 120000

local e
local raw = redis.call('GET', KEYS[1])
if raw then
  local ok, old = pcall(cjson.decode, raw)
  if not ok or type(old) ~= 'table' or old.v ~= 1 then return {'unreadable', 0, 0} end
  e = old
  -- See the script of factors about a clock that went back.
  local ahead = e.charged > now
  e.charged = math.min(e.charged, now)
  local calls = {}
  for _, c in ipairs(e.calls) do
    ahead, c.at = ahead or c.at > now, math.min(c.at, now)
    if now - c.at < replay then calls[#calls + 1] = c end
  end
  e.calls = calls
  if ahead then redis.call('SET', KEYS[1], cjson.encode(e)) end
  for _, c in ipairs(calls) do
    if c.id == id and c.op == op then return {c.word, c.left, c.wait} end
  end
end
local function answer(word, left, wait)
  e.calls[#e.calls + 1] = {id = id, op = op, at = now, word = word, left = left, wait = wait}
  while #e.calls > 64 do table.remove(e.calls, 1) end
  redis.call('SET', KEYS[1], cjson.encode(e))
  return {word, left, wait}
end

if op == 'left' then
  return {'left', e and #e.codes or 0, 0}
end
if op == 'replace' then
  local calls = e and e.calls or {}
  e = {v = 1, codes = {}, failures = 0, charged = 0, calls = calls}
  for i = 3, #ARGV do e.codes[i - 2] = ARGV[i] end
  return answer('done', 0, 0)
end

if not e or #e.codes == 0 then return {'none', 0, 0} end
local attempts, wait, longest = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local function after()
  if e.failures < attempts then return 0 end
  local w = wait
  for _ = 1, e.failures - attempts do
    if w >= longest then break end
    w = w * 2
  end
  return math.min(w, longest)
end
local left = after() - (now - e.charged)
if left > 0 then return {'waiting', 0, left} end
e.failures, e.charged = e.failures + 1, now
for i = 6, #ARGV do
  for n, code in ipairs(e.codes) do
    if code == ARGV[i] then
      table.remove(e.codes, n)
      e.failures, e.charged = 0, 0
      return answer('match', 0, 0)
    end
  end
end
return answer('wrong', math.max(attempts - e.failures, 0), after())
`
