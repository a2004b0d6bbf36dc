package redisstore

import (
	"context"
	"encoding/hex"

	"github.com/go2fa/verify/otp"
)

// revokeScript takes the keys of a record and of an undone send, and its id.
const revokeScript = loadLua + `
local id = ARGV[1]
local keep, by, sends = string.match(made, '^(%d+) (%S+) (.*)')
local from, to = string.find(sends, '%d+:' .. id .. ' ')
if not from then return {'done', 0} end

sends = string.sub(sends, 1, from - 1) .. string.sub(sends, to + 1)
if by == id then code, by = '-', '-' end
local last = string.match(sends, '(%d+):%x+ $')
made, idle = keep .. ' ' .. by .. ' ' .. sends, last and string.format('%d', last + keep) or '0'
` + saveLua + `
redis.call('SET', KEYS[2], '', 'PX', replay / 1000)
return {'done', 0}
`

// done is what revokeScript answers.
const done = "done"

// Revoke takes an Issue back; see [otp.Store].
func (s *Store) Revoke(ctx context.Context, k otp.Key, id otp.ID) error {
	return s.takeBack(ctx, "revoke", k, id)
}

func (s *Store) takeBack(ctx context.Context, op string, k otp.Key, id otp.ID) error {
	word, _, err := s.run(ctx, op, s.revoke, s.recordAndRevokene(k, id), hex.EncodeToString(id[:]))
	if err == nil && word != done {
		return notUnderstood(op)
	}
	return err
}

// Forget removes a record; see [otp.Store].
func (s *Store) Reset(ctx context.Context, k otp.Key) error {
	return s.remove(ctx, "reset", s.record(k)...)
}

func (s *Store) remove(ctx context.Context, op string, keys ...string) error {
	err := ctx.Err()
	if err == nil {
		err = s.client.Del(ctx, keys...).Err()
	}
	if err != nil {
		return failure(ctx, op, err)
	}
	return nil
}
