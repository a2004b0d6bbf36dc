package redisstore

// What is kept of a name of the guard is one string, which expires by itself:
//
//	1 keep width head c0 .. c8|floor|tally|last;last;last
//
// These are the fields of guard.Record, of Sends the newest first, and the script does
// what guard.Decide, Undo and Credit do: RunGuard compares them call by call. Times are
// microseconds of the server's clock. Lua's own way to a string keeps 14 digits only,
// so times are written by format.
//
// KEYS[1] is the set of known recipients by their approvals, KEYS[2] that of clear
// names by their ends; then come records, that of the recipient first. ARGV are op, id,
// the recipient's name, and the counts as one string: adds, limit, width and window,
// everybody, floor, keep, budget and name of each, where a name that is not clear is a
// dash.
const guardScript = `
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local op, id, recipient = ARGV[1], ARGV[2], ARGV[3]
local minute, day, known = 60000000, 86400000000, 7776000000000
local floor, max, min = math.floor, math.max, math.min

local function numbers(text)
  local n = {}
  for x in string.gmatch(text, '%S+') do n[#n + 1] = tonumber(x) end
  return n
end
local function ends(r)
  local e = max((r.head + 9) * r.width, r.keep)
  if r.f and r.f.ends ~= 0 then e = max(e, r.f.ends + day) end
  return e
end
local broken = false
local function load(key)
  local raw = redis.call('GET', key)
  if not raw then return nil end
  local head, f, t, s = string.match(raw, '^1 ([^|]*)|([^|]*)|([^|]*)|([^|]*)$')
  if not head then broken = true return nil end
  local n = numbers(head)
  local r = {keep = n[1], width = n[2], head = n[3], c = {}}
  for i = 0, 8 do r.c[i] = n[4 + i] end
  if f ~= '' then
    n = numbers(f)
    r.f = {minute = n[1], ripe = n[2], ripeYes = n[3], since = n[4], closed = n[5] == 1, ends = n[6],
      closures = n[7], probed = n[8], last = n[9], sends = {}, yes = {}}
    for i = 0, 5 do r.f.sends[i], r.f.yes[i] = n[10 + i], n[16 + i] end
  end
  if t ~= '' then
    n = numbers(t)
    r.t = {since = n[1], sends = n[2], approvals = n[3], refusals = n[4], spent = n[5]}
  end
  r.s = {}
  for last in string.gmatch(s, '[^;]+') do
    local name, at, stranger, approved = string.match(last, '^(%x+) (%d+) (%d) (%d)$')
    if not name then broken = true return nil end
    r.s[#r.s + 1] = {id = name, at = tonumber(at), stranger = stranger == '1', approved = approved == '1'}
  end
  if ends(r) <= now then return nil end
  return r
end
local furthest = 0 -- when the last of the clear names that were saved ends
local function save(key, r, name)
  local e = ends(r)
  if e <= now then
    redis.call('DEL', key)
    return
  end
  local text = string.format('1 %.0f %.0f %.0f', r.keep, r.width, r.head)
  for i = 0, 8 do text = text .. ' ' .. r.c[i] end
  text = text .. '|'
  local f, t = r.f, r.t
  if f then
    text = text .. string.format('%.0f %d %d %.0f %d %.0f %d %d %.0f', f.minute, f.ripe, f.ripeYes, f.since,
      f.closed and 1 or 0, f.ends, f.closures, f.probed, f.last)
    for i = 0, 5 do text = text .. ' ' .. f.sends[i] end
    for i = 0, 5 do text = text .. ' ' .. f.yes[i] end
  end
  text = text .. '|'
  if t then
    text = text .. string.format('%.0f %.0f %.0f %.0f %.0f', t.since, t.sends, t.approvals, t.refusals, t.spent)
  end
  text = text .. '|'
  for i, s in ipairs(r.s) do
    text = text .. (i > 1 and ';' or '') .. s.id .. string.format(' %.0f %d %d', s.at, s.stranger and 1 or 0, s.approved and 1 or 0)
  end
  redis.call('SET', key, text, 'PX', math.ceil((e - now) / 1000))
  if name ~= '-' then
    redis.call('ZADD', KEYS[2], string.format('%.0f', e), name)
    furthest = max(furthest, e)
  end
end
local function done(answer)
  if furthest > 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
    local left = math.ceil((furthest - now) / 1000)
    if redis.call('PTTL', KEYS[2]) < left then redis.call('PEXPIRE', KEYS[2], left) end
  end
  return answer
end

local function move(r, slice)
  if slice - r.head > 8 then
    for i = 0, 8 do r.c[i] = 0 end
    r.head = slice
  end
  while r.head < slice do
    r.head = r.head + 1
    r.c[r.head % 9] = 0
  end
end
local function total(r)
  local n = 0
  for i = 0, 8 do n = n + r.c[i] end
  return n
end
local function roll(r, width)
  if r.width == width then
    move(r, floor(now / width))
    return
  end
  local sum = 0
  if r.width ~= 0 then
    move(r, floor(now / r.width))
    sum = total(r)
  end
  r.width, r.head = width, floor(now / width)
  for i = 0, 8 do r.c[i] = 0 end
  r.c[r.head % 9] = min(sum, 4294967295)
end
local function full(r, c)
  roll(r, c.width)
  local over = total(r) + c.adds - c.limit
  if over <= 0 then return 0 end
  local e = r.head + 1
  for slice = max(r.head - 8, 0), r.head do
    over = over - r.c[slice % 9]
    if over <= 0 then
      e = slice + 9
      break
    end
  end
  return max(e * r.width - now, 1)
end

local function ripen(f)
  local m = floor(now / minute)
  local to = m
  if m - f.minute > 10 then to = f.minute + 6 end
  while f.minute < to do
    f.minute = f.minute + 1
    local i = f.minute % 6
    f.ripe, f.ripeYes = f.ripe + f.sends[i], f.ripeYes + f.yes[i]
    f.sends[i], f.yes[i] = 0, 0
  end
  while f.ripe > 200 and not f.closed do
    f.ripe, f.ripeYes = floor(f.ripe / 2), floor(f.ripeYes / 2)
  end
  f.minute = max(f.minute, m)
end
local function fresh(f, since)
  f.ripe, f.ripeYes, f.since, f.probed, f.last, f.closed, f.ends = 0, 0, since, 0, 0, false, 0
  f.sends, f.yes = {}, {}
  for i = 0, 5 do f.sends[i], f.yes[i] = 0, 0 end
end
local function closed(f, share)
  ripen(f)
  if now < f.ends then return 2, f.ends - now, false end
  if f.closed then
    local yes = f.ripeYes
    for i = 0, 5 do yes = yes + f.yes[i] end
    if yes * 1000 >= share * 5 then
      f.closed, f.probed, f.last = false, 0, 0
      return 0, 0, false
    end
    if f.probed < 5 then return 0, 0, false end
    if f.ripe < f.probed then return 3, max((floor(f.last / minute) + 6) * minute - now, 1), false end
  elseif f.ripe < 20 or f.ripeYes * 1000 >= share * f.ripe then
    return 0, 0, false
  end
  if f.ends ~= 0 and now - f.ends >= day then f.closures = 0 end
  local span = min(900000000 * 2 ^ min(f.closures, 10), day)
  fresh(f, floor(now / minute) + 1)
  f.closed, f.ends, f.closures = true, now + span, f.closures + 1
  return 2, span, true
end

local counts = {}
if ARGV[4] then
  for adds, limit, width, window, all, share, keep, budget, name in
    string.gmatch(ARGV[4], '(%d+) (%d+) (%d+) (%d+) (%d) (%d+) (%d+) (%d) (%S+);') do
    counts[#counts + 1] = {adds = tonumber(adds), limit = tonumber(limit), width = tonumber(width), window = tonumber(window),
      all = all == '1', share = tonumber(share), keep = tonumber(keep), budget = budget == '1', name = name}
  end
end
if #counts ~= #KEYS - 2 then return {'unreadable'} end
local records = {}
for i = 1, #counts do records[i] = load(KEYS[2 + i]) end
if broken then return {'unreadable'} end
local first, found = records[1], nil
for i, s in ipairs(first and first.s or {}) do
  if s.id == id then found = i end
end

if op == 'approve' then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), recipient)
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - known))
  local beyond = redis.call('ZCARD', KEYS[1]) - tonumber(id)
  if beyond > 0 then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, beyond - 1) end
  redis.call('PEXPIRE', KEYS[1], known / 1000)
  local last = first and first.s[1]
  if not last or not last.stranger or last.approved then return {'done'} end
  last.approved = true
  save(KEYS[3], first, counts[1].name)
  for i = 2, #counts do
    local r = records[i]
    if r then
      local f, m = r.f, floor(last.at / minute)
      if f then
        ripen(f)
        if m >= f.since and m <= f.minute then
          if f.minute - m > 5 then
            f.ripeYes = min(f.ripeYes + 1, f.ripe)
          else
            f.yes[m % 6] = min(f.yes[m % 6] + 1, f.sends[m % 6])
          end
        end
      end
      if r.t then r.t.approvals = r.t.approvals + 1 end
      save(KEYS[2 + i], r, counts[i].name)
    end
  end
  return done({'done'})
end

if op == 'revoke' then
  if not found then return {'done'} end
  local undone = table.remove(first.s, found)
  local at, stranger, before = undone.at, undone.stranger, first.s[found]
  if before then before.approved = before.approved or undone.approved end
  for i, c in ipairs(counts) do
    local r = records[i]
    if r and (stranger or c.all) then
      if r.width ~= 0 then
        local slice = floor(at / r.width)
        if slice <= r.head and slice >= r.head - 8 then r.c[slice % 9] = max(r.c[slice % 9] - c.adds, 0) end
      end
      local f, m = r.f, floor(at / minute)
      if f then
        ripen(f)
        if m >= f.since and m <= f.minute then
          if f.minute - m > 5 then
            f.ripe = max(f.ripe - 1, 0)
          elseif f.sends[m % 6] > 0 then
            f.sends[m % 6] = f.sends[m % 6] - 1
          end
          if f.closed then f.probed = max(f.probed - 1, 0) end
        end
      end
      if r.t then
        r.t.sends = max(r.t.sends - 1, 0)
        if c.budget then r.t.spent = max(r.t.spent - c.adds, 0) end
      end
      save(KEYS[2 + i], r, c.name)
    end
  end
  return done({'done'})
end

if found then return {'admitted', first.s[found].stranger and 0 or 1} end
local approved = redis.call('ZSCORE', KEYS[1], recipient)
local isKnown = approved and now - approved < known
local by, reason, wait, closes = 0, 0, 0, {}
for i, c in ipairs(counts) do
  if not isKnown or c.all then
    local r, why, long, closing = records[i], 0, 0, false
    if r and r.f and c.share > 0 then why, long, closing = closed(r.f, c.share) end
    if closing then closes[#closes + 1] = i - 1 end
    if why == 0 and c.window > 0 then
      if c.adds > c.limit then
        why, long = 1, c.window
      elseif r then
        long = full(r, c)
        if long > 0 then why = 1 end
      end
    end
    if why ~= 0 and long > wait then by, reason, wait = i - 1, why, long end
  end
end
if reason ~= 0 then
  for i, c in ipairs(counts) do
    local r = records[i]
    if r and r.t then
      r.t.refusals = r.t.refusals + 1
      save(KEYS[2 + i], r, c.name)
    end
  end
  local answer = {'refused', isKnown and 1 or 0, by, reason, wait}
  for _, i in ipairs(closes) do answer[#answer + 1] = i end
  return done(answer)
end
for i, c in ipairs(counts) do
  if not isKnown or c.all or i == 1 then
    local r = records[i]
    if not r then
      r = {keep = 0, width = 0, head = 0, c = {}, s = {}}
      for n = 0, 8 do r.c[n] = 0 end
    end
    if i == 1 then
      table.insert(r.s, 1, {id = id, at = now, stranger = not isKnown, approved = false})
      r.s[4] = nil
    end
    if not isKnown or c.all then
      if c.window > 0 then
        roll(r, c.width)
        r.c[r.head % 9] = min(r.c[r.head % 9] + c.adds, 4294967295)
      end
      r.keep = max(r.keep, now + c.keep)
      if c.share > 0 then
        if not r.f then
          r.f = {minute = 0, closures = 0}
          fresh(r.f, 0)
        end
        ripen(r.f)
        r.f.sends[r.f.minute % 6] = r.f.sends[r.f.minute % 6] + 1
        if r.f.closed then r.f.probed, r.f.last = r.f.probed + 1, now end
      end
      if c.name ~= '-' then
        if not r.t then r.t = {since = now, sends = 0, approvals = 0, refusals = 0, spent = 0} end
        r.t.sends = r.t.sends + 1
        if c.budget then r.t.spent = r.t.spent + c.adds end
      end
    end
    save(KEYS[2 + i], r, c.name)
  end
end
return done({'admitted', isKnown and 1 or 0})
`

// guardReadScript lists the clear names that have not ended, or reads records: the
// time comes first.
const guardReadScript = `
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local answer = {string.format('%.0f', now)}
if ARGV[1] == 'names' then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', answer[1])
  for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do answer[#answer + 1] = name end
  return answer
end
for i = 1, #KEYS do answer[i + 1] = redis.call('GET', KEYS[i]) or '' end
return answer
`
