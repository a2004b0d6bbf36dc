package redisstore

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/go2fa/verify/otp"
)

// issueScript takes all keys and the arguments id, mac, ttl, window, remember,
// failures, sends, how many replaced codes to keep, and the cooldowns.
const issueScript = clockLua + loadCodeLua + loadReplacedLua + loadSendsLua + loadFailuresLua + `
local id, mac, ttl, window, longer = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local most, first = tonumber(ARGV[7]), 9
local at = {}
for t in string.gmatch(sends, '(%d+):') do at[#at + 1] = tonumber(t) end

-- admission says whether one more send is admitted, and when the next one is.
local function admission()
  local n = #at
  while n > 0 and now - at[#at - n + 1] - window >= 0 do n = n - 1 end
  if n == 0 then return 'admitted', 0 end
  local wait = ARGV[math.min(first + n - 1, #ARGV)] - (now - at[#at])
  if n >= most then return 'too many', math.max(wait, window - (now - at[#at - most + 1])) end
  if wait > 0 then return 'too soon', wait end
  return 'admitted', 0
end

local refused, wait = admission()
if string.find(sends, ':' .. id, 1, true) or redis.call('EXISTS', KEYS[6]) == 1 then return {'admitted', wait} end
if now - attempted - longer >= 0 then failures = '0' end
if failures - ARGV[6] >= 0 then return {'blocked', attempted + longer - now} end
if refused ~= 'admitted' then return {refused, wait} end

for _, time in ipairs({replay, window, ttl}) do
  if time - keep > 0 then keep = time end
end
while #at > 0 and now - at[1] - keep >= 0 do
  table.remove(at, 1)
  sends = string.match(sends, ' (.*)')
end
at[#at + 1] = now
sends = sends .. string.format('%d:', now) .. id .. ' '
redis.call('SET', KEYS[3], '2 ' .. keep .. ' ' .. sends, 'PX', math.ceil(keep / 1000))

if mac ~= '0' then
  if code ~= '-' then
    replaced = replaced .. code .. ' ' .. expires .. ' ' .. attempts .. ' ' .. by .. ' ' .. string.format('%d', now) .. ';'
    local _, n = string.gsub(replaced, ';', '')
    if n - ARGV[8] > 0 then replaced = string.match(replaced, ';(.*)') end
    redis.call('SET', KEYS[2], '2 ' .. replaced, 'PX', replay / 1000 + 1)
  else
    redis.call('DEL', KEYS[2])
  end
  code, expires, attempts, by = mac, string.format('%d', now + ttl), '0', id
` + saveCodeLua + `
end
if attempted ~= '0' and (failures == '0' or longer - remember > 0) then
  if longer - remember > 0 then remember = longer end
` + saveFailuresLua + `
end
refused, wait = admission()
return {'admitted', wait}
`

// Issue admits one send and remembers its code; see [otp.Store]. A server without
// memory to spare refuses it with [otp.Full].
func (s *Store) Issue(ctx context.Context, k otp.Key, id otp.ID, mac otp.MAC, ttl time.Duration, l otp.Limits) (otp.Admission, error) {
	l = l.WithDefaults()
	args := []any{
		hex.EncodeToString(id[:]), macWord(mac), int64(ttl / time.Microsecond), micros(l.Window),
		micros(l.Remember), l.Failures, l.Sends, otp.MaxReplaced,
	}
	for _, wait := range l.Cooldown {
		args = append(args, micros(wait))
	}
	word, wait, err := s.run(ctx, "issue", s.issue, append(s.keys(k), s.mark(k, id)), args...)
	if err != nil {
		if e := (*Error)(nil); errors.As(err, &e) && e.full {
			return otp.Admission{Refused: otp.Full}, nil
		}
		return otp.Admission{}, err
	}
	for _, r := range [...]otp.Refusal{otp.Admitted, otp.TooSoon, otp.TooMany, otp.SendBlocked} {
		if word == r.String() {
			return otp.Admission{Refused: r, Wait: time.Duration(wait) * time.Microsecond}, nil
		}
	}
	return otp.Admission{}, notUnderstood("issue")
}
