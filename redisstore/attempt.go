package redisstore

import (
	"context"

	"github.com/go2fa/verify/otp"
)

// attemptScript takes the keys, and the arguments id with what is attempted, attempts,
// failures, remember and the MACs. Their equality may be plain: nobody chooses the
// bytes of a MAC.
//
// An answer is kept with the attempt it is for: a generator that repeats itself
// must not hand one person's approval to another.
//
// The first write is one that a full server refuses, and with it the whole script:
// otherwise a right code would be approved where a wrong one cannot be charged.
const attemptScript = clockLua + `
local got = call('MGET', KEYS[3], KEYS[4], KEYS[5])
local held, failed, answers = got[1], got[2], got[3] or '3'
` + loadCodeLua + loadFailuresLua + `
if sub(answers, 1, 1) ~= '3' or #answers % 25 ~= 1 then return {'unreadable', 0} end
local asked, longer = ARGV[1], tonumber(ARGV[4])
local known = string.find(answers, asked, 1, true)
while known and known % 25 ~= 2 do known = string.find(answers, asked, known + 1, true) end
if known and now - unpack(time, answers, known + 18) <= replay then
  local words = {w = 'wrong', l = 'locked', m = 'match'}
  return {words[sub(answers, known + 16, known + 16)], byte(answers, known + 17)}
end
local most, tries = tonumber(ARGV[3]), tonumber(ARGV[2])
if now - attempted >= longer then failures = 0 end
if failures >= most then return {'blocked', 0} end
if code == '-' then return {'gone', 0} end
if attempts >= tries then return {'locked', 0} end

attempts, failures, attempted = attempts + 1, failures + 1, now
if longer > remember then remember = longer end
local verdict, left = 'wrong', tries - attempts
if most - failures < left then left = most - failures end
if left == 0 then verdict = 'locked' end
for i = 5, #ARGV do
  if ARGV[i] == code then verdict = 'match' end
end

local first, at = 2, pack(time, now)
while first < #answers and now - unpack(time, answers, first + 18) > replay do first = first + 25 end
call('SET', KEYS[5], '3' .. sub(answers, first) .. asked .. sub(verdict, 1, 1) .. string.char(left) ..
  at, 'PX', replay / 1000 + 1)
if verdict == 'match' then
  call('DEL', KEYS[1], KEYS[2], KEYS[4])
  if kind == '3m' then call('SET', KEYS[3], '3-' .. sub(held, 3, 9) .. sends, 'KEEPTTL') end
  return {verdict, left}
end
-- This is saveFailuresLua where there are failures, attempts and a code.
call('SET', KEYS[4], '3' .. string.char(failures, attempts) .. at .. pack(time, remember) .. by,
  'PX', math.ceil(math.max(remember, expires - now) / 1000))
return {verdict, left}
`

// Attempt charges, compares and settles one attempt; see [otp.Store]. Without macs
// there is nothing to ask.
func (s *Store) Attempt(ctx context.Context, k otp.Key, id otp.ID, macs []otp.MAC, l otp.Limits) (otp.Verdict, int, error) {
	if len(macs) == 0 {
		return otp.Gone, 0, nil
	}
	l = l.WithDefaults()
	args := []any{packedID(id) + string(macs[0][:idBytes]), l.Attempts, l.Failures, micros(l.Remember)}
	for _, mac := range macs {
		args = append(args, packedMAC(mac))
	}
	word, left, err := s.run(ctx, "attempt", s.attempt, s.keys(k), args...)
	if err != nil {
		return otp.Gone, 0, err
	}
	for _, v := range [...]otp.Verdict{otp.Gone, otp.Wrong, otp.Locked, otp.Blocked, otp.Match} {
		if word == v.String() {
			return v, int(left), nil
		}
	}
	return otp.Gone, 0, notUnderstood("attempt")
}
