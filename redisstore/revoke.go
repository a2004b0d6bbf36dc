package redisstore

import (
	"context"

	"github.com/go2fa/verify/otp"
)

// revokeScript takes all keys, and the id of a send. With an empty one it kills the
// live code and those that it replaced; the removal is a write even where nothing
// is, so that Probe finds out a server that does not write.
const revokeScript = clockLua + `
local got = call('MGET', KEYS[3], KEYS[4], KEYS[2])
local held, failed, before = got[1], got[2], got[3]
` + loadCodeLua + loadFailuresLua + loadReplacedLua + `
local id = ARGV[1]
if id == '' then
  call('DEL', KEYS[1], KEYS[2])
  if kind == '3m' then call('SET', KEYS[3], '3-' .. sub(held, 3, 9) .. sends, 'KEEPTTL') end
  return {'done', 0}
end
local from = string.find(sends, id, 1, true)
while from and from % 15 ~= 8 do from = string.find(sends, id, from + 1, true) end
if not from then return {'done', 0} end
sends = sub(sends, 1, from - 8) .. sub(sends, from + 8)

-- older are the codes that the revoked one replaced, newer those that replaced it.
local older, newer, alive, at, charged = '', '', false, nil, attempts
local revived = false
if by == id then
  older, alive = replaced, code ~= '-'
  code = '-'
else
  older, newer = replaced, ''
  for i = 1, #replaced, 39 do
    if sub(replaced, i + 24, i + 31) == id then
      older, newer = sub(replaced, 1, i - 1), sub(replaced, i + 39)
      alive, at, charged = now < unpack(time, replaced, i + 16), sub(replaced, i + 32, i + 38), byte(replaced, i + 23)
    end
  end
end
if (by == id or at) and older ~= '' then
  local i = #older - 38
  local mac, life, count = sub(older, i, i + 15), unpack(time, older, i + 16), math.min(byte(older, i + 23) + charged, 255)
  local send, replacedAt = sub(older, i + 24, i + 31), unpack(time, older, i + 32)
  older = sub(older, 1, i - 1)
  if not alive or now - replacedAt > replay then
    older = ''
  elseif at then
    older = older .. mac .. pack(time, life) .. string.char(count) .. send .. at
  elseif now < life then
    code, expires, attempts, by, revived = mac, life, count, send, true
  else
    older = ''
  end
end
replaced = older .. newer

if sends ~= '' and unpack(time, sends, #sends - 14) + keep > now then
` + saveSendsLua + `
else
  call('DEL', KEYS[3], KEYS[1])
end
call('SET', KEYS[6], '', 'PX', replay / 1000)
if replaced ~= '' then
  call('SET', KEYS[2], '3' .. replaced, 'KEEPTTL')
elseif before then
  call('DEL', KEYS[2])
end
if revived then
` + saveFailuresLua + `
end
return {'done', 0}
`

// done is what revokeScript answers.
const done = "done"

// Revoke takes an Issue back; see [otp.Store].
func (s *Store) Revoke(ctx context.Context, k otp.Key, id otp.ID) error {
	return s.revokeAs(ctx, "revoke", k, id)
}

func (s *Store) revokeAs(ctx context.Context, op string, k otp.Key, id otp.ID) error {
	name := packedID(id)
	if id == (otp.ID{}) {
		name = ""
	}
	word, _, err := s.run(ctx, op, s.revoke, append(s.keys(k), s.mark(k, id)), name)
	if err == nil && word != done {
		return notUnderstood(op)
	}
	return err
}

// Reset removes all that is kept of a key; see [otp.Store].
func (s *Store) Reset(ctx context.Context, k otp.Key) error {
	return s.remove(ctx, "reset", s.keys(k)...)
}

func (s *Store) remove(ctx context.Context, op string, keys ...string) error {
	if !s.made() {
		return notMade(op)
	}
	err := ctx.Err()
	if err == nil {
		err = s.client.Del(ctx, keys...).Err()
	}
	if err != nil {
		return failure(ctx, op, err)
	}
	return nil
}
