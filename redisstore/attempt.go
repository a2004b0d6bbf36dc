package redisstore

import (
	"context"
	"encoding/hex"

	"github.com/go2fa/verify/otp"
)

// attemptScript takes the keys, and the arguments id, attempts, failures, remember
// and the MACs. Their equality may be plain: nobody chooses the bytes of a MAC.
//
// An answer is kept with the attempt it is for: a generator that repeats itself
// must not hand one person's approval to another.
//
// The first write is one that a full server refuses, and with it the whole script:
// otherwise a right code would be approved where a wrong one cannot be charged.
const attemptScript = clockLua + loadCodeLua + loadFailuresLua + loadAnswersLua + `
local id, attempt, longer = ARGV[1], string.sub(ARGV[5], 1, 16), ARGV[4]

if string.find(answers, id, 1, true) then
  local verdict, left, at = string.match(answers, id .. ' ' .. attempt .. ' (%a+) (%d+) (%d+);')
  if at and now - at <= replay then return {verdict, tonumber(left)} end
end
if now - attempted - longer >= 0 then failures = '0' end
if failures - ARGV[3] >= 0 then return {'blocked', 0} end
if code == '-' then return {'gone', 0} end
if attempts - ARGV[2] >= 0 then return {'locked', 0} end

attempts, failures, attempted = attempts + 1, failures + 1, string.format('%d', now)
if longer - remember > 0 then remember = longer end
local verdict, left = 'wrong', ARGV[2] - attempts
if ARGV[3] - failures < left then left = ARGV[3] - failures end
if left == 0 then verdict = 'locked' end
for i = 5, #ARGV do
  if ARGV[i] == code then verdict = 'match' end
end
if verdict == 'match' then code, failures = '-', '0' end

while answers ~= '' do
  if now - string.match(answers, '^[^;]* (%d+);') <= replay then break end
  answers = string.match(answers, ';(.*)')
end
answers = answers .. id .. ' ' .. attempt .. ' ' .. verdict .. ' ' .. left .. ' ' .. attempted .. ';'
redis.call('SET', KEYS[5], '2 ' .. answers, 'PX', replay / 1000 + 1)
if verdict == 'match' then redis.call('DEL', KEYS[2]) end
` + saveCodeLua + saveFailuresLua + `
return {verdict, left}
`

// Attempt charges, compares and settles one attempt; see [otp.Store]. Without macs
// there is nothing to ask.
func (s *Store) Attempt(ctx context.Context, k otp.Key, id otp.ID, macs []otp.MAC, l otp.Limits) (otp.Verdict, int, error) {
	if len(macs) == 0 {
		return otp.Gone, 0, nil
	}
	l = l.WithDefaults()
	args := []any{hex.EncodeToString(id[:]), l.Attempts, l.Failures, micros(l.Remember)}
	for _, mac := range macs {
		args = append(args, macWord(mac))
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
