package redisstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go2fa/verify/otp"
)

// issueScript takes all keys, that of what became of the send, and the arguments id, mac, ttl, window, remember,
// failures, sends, how many replaced codes to keep, and the cooldowns.
//
// The first write is one that a full server refuses, and with it the whole script.
const issueScript = clockLua + `
local got = call('MGET', KEYS[3], KEYS[4], KEYS[2], KEYS[6])
local held, failed, before = got[1], got[2], got[3]
` + loadCodeLua + loadFailuresLua + loadReplacedLua + `
local id, mac, ttl, window, longer = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local most, first = tonumber(ARGV[7]), 9

-- admission says whether one more send is admitted, and when the next one is.
local function admission()
  local all, old = #sends / 15, 0
  while old < all and now - unpack(time, sends, 15 * old + 1) >= window do old = old + 1 end
  local n = all - old
  if n == 0 then return 'admitted', 0 end
  local wait = ARGV[math.min(first + n - 1, #ARGV)] - (now - unpack(time, sends, #sends - 14))
  if n >= most then return 'too many', math.max(wait, window - (now - unpack(time, sends, 15 * (all - most) + 1))) end
  if wait > 0 then return 'too soon', wait end
  return 'admitted', 0
end

local refused, wait = admission()
local known = string.find(sends, id, 1, true)
while known and known % 15 ~= 8 do known = string.find(sends, id, known + 1, true) end
if known and by == id and code == mac then return {'admitted', wait} end
if known and now - unpack(time, sends, known - 7) > replay then return {'stale', wait} end
if known or got[4] then return {'repeated ' .. (call('GET', KEYS[7]) or ''), wait} end
if now - attempted >= longer then failures = 0 end
if failures >= tonumber(ARGV[6]) then return {'blocked', attempted + longer - now} end
if refused ~= 'admitted' then return {refused, wait} end

keep = math.max(keep, replay, window, ttl)
local gone = 0
while gone < #sends and now - unpack(time, sends, gone + 1) >= keep do gone = gone + 15 end
sends = sub(sends, gone + 1) .. pack(time, now) .. id
if mac ~= '0' then
  if code ~= '-' then
    replaced = replaced .. code .. pack(time, expires) .. string.char(attempts) .. by .. pack(time, now)
    replaced = sub(replaced, -39 * ARGV[8])
  else
    replaced = ''
  end
  code, expires, by, attempts = mac, now + ttl, id, 0
end
` + saveSendsLua + `
if mac ~= '0' then
  if replaced ~= '' then
    call('SET', KEYS[2], '3' .. replaced, 'PX', replay / 1000 + 1)
  elseif before then
    call('DEL', KEYS[2])
  end
end
if failed and (failures == 0 or longer > remember) then
  remember = math.max(remember, longer)
` + saveFailuresLua + `
end
refused, wait = admission()
return {'admitted', wait}
`

// What a send is answered that is known: the first one comes before what became of it.
const (
	wordRepeated = "repeated "
	wordStale    = "stale"
)

// concludeScript takes the key of what became of a send, and that.
const concludeScript = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', 120000)
return {'done', 0}
`

// Conclude keeps what became of a send; see [otp.Store].
func (s *Store) Conclude(ctx context.Context, k otp.Key, id otp.ID, outcome string) error {
	word, _, err := s.run(ctx, "conclude", s.conclude, []string{s.ended(k, id)}, outcome)
	if err == nil && word != done {
		return notUnderstood("conclude")
	}
	return err
}

// Issue admits one send and remembers its code; see [otp.Store]. A server without
// memory to spare refuses it with [otp.Full].
func (s *Store) Issue(ctx context.Context, k otp.Key, id otp.ID, mac otp.MAC, ttl time.Duration, l otp.Limits) (otp.Admission, error) {
	l = l.WithDefaults()
	args := []any{
		packedID(id), packedMAC(mac), int64(min(ttl, longest) / time.Microsecond), micros(l.Window),
		micros(l.Remember), l.Failures, l.Sends, otp.MaxReplaced,
	}
	for _, wait := range l.Cooldown {
		args = append(args, micros(wait))
	}
	word, wait, err := s.run(ctx, "issue", s.issue, append(s.keys(k), s.mark(k, id), s.ended(k, id)), args...)
	if err != nil {
		if e := (*Error)(nil); errors.As(err, &e) && e.full {
			return otp.Admission{Refused: otp.Full}, nil
		}
		return otp.Admission{}, err
	}
	if outcome, repeated := strings.CutPrefix(word, wordRepeated); repeated || word == wordStale {
		return otp.Admission{Wait: time.Duration(wait) * time.Microsecond, Repeated: true, Outcome: outcome, Stale: word == wordStale}, nil
	}
	for _, r := range [...]otp.Refusal{otp.Admitted, otp.TooSoon, otp.TooMany, otp.SendBlocked} {
		if word == r.String() {
			return otp.Admission{Refused: r, Wait: time.Duration(wait) * time.Microsecond}, nil
		}
	}
	return otp.Admission{}, notUnderstood("issue")
}
