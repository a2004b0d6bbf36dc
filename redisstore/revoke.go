package redisstore

import (
	"context"
	"encoding/hex"

	"github.com/go2fa/verify/otp"
)

// revokeScript takes all keys, and the id of a send. With the id that names none
// it kills the live code and those that it replaced.
const revokeScript = clockLua + loadCodeLua + loadReplacedLua + loadSendsLua + `
local id = ARGV[1]
if id == ARGV[2] then
  redis.call('DEL', KEYS[1], KEYS[2])
  return {'done', 0}
end
local from, to = string.find(sends, '%d+:' .. id .. ' ')
if not from then return {'done', 0} end

sends = string.sub(sends, 1, from - 1) .. string.sub(sends, to + 1)
local last = string.match(sends, '(%d+):%x+ $')
if last and last + keep - now > 0 then
  redis.call('SET', KEYS[3], '2 ' .. keep .. ' ' .. sends, 'PX', math.ceil((last + keep - now) / 1000))
else
  redis.call('DEL', KEYS[3])
end
redis.call('SET', KEYS[6], '', 'PX', replay / 1000)

-- before are the codes that the revoked one replaced, after those that replaced it.
local before, after, alive, at, charged = '', '', false, nil, attempts
if by == id then
  before, alive = replaced, code ~= '-'
  code = '-'
else
  local start, stop, life, count, time = string.find(replaced, '%x+ (%d+) (%d+) ' .. id .. ' (%d+);')
  if not start then return {'done', 0} end
  before, after = string.sub(replaced, 1, start - 1), string.sub(replaced, stop + 1)
  alive, at, charged = now - life < 0, time, count
end
local m, life, count, send, time = string.match(before, '(%x+) (%d+) (%d+) (%x+) (%d+);$')
if m then
  before = string.gsub(before, '[^;]*;$', '')
  if not alive or now - time > replay then
    before = ''
  elseif at then
    before = before .. m .. ' ' .. life .. ' ' .. string.format('%d', count + charged) .. ' ' .. send .. ' ' .. at .. ';'
  elseif now - life < 0 then
    code, expires, attempts, by = m, life, string.format('%d', count + charged), send
  else
    before = ''
  end
end
replaced = before .. after
if replaced ~= '' then
  redis.call('SET', KEYS[2], '2 ' .. replaced, 'KEEPTTL')
else
  redis.call('DEL', KEYS[2])
end
if not at then
` + saveCodeLua + `
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
	var all otp.ID
	word, _, err := s.run(ctx, op, s.revoke, append(s.keys(k), s.mark(k, id)), hex.EncodeToString(id[:]), hex.EncodeToString(all[:]))
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
