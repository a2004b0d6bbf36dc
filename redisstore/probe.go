package redisstore

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/go2fa/verify/otp"
)

// keeper is the one maxmemory-policy under which a full server refuses writes
// instead of dropping budgets
// (https://redis.io/docs/latest/develop/reference/eviction/).
const keeper = "noeviction"

// Probe asks whether the server will do: that it can be reached, runs scripts,
// accepts writes, and never evicts. It changes nothing. In a cluster it asks
// every primary what it evicts.
//
// It refuses any maxmemory-policy but noeviction, even where no maxmemory is set
// yet: the day it is, budgets would go first.
func (s *Store) Probe(ctx context.Context) error {
	if err := s.probePolicies(ctx); err != nil {
		return err
	}
	// No recipient has the zero key: a key is a hash.
	if err := s.revokeAs(ctx, "probe", otp.Key{}, otp.ID{}); err != nil {
		return err
	}
	return s.remove(ctx, "probe", s.keys(otp.Key{})...)
}

func (s *Store) probePolicies(ctx context.Context) error {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return probePolicy(ctx, s.client)
	}
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		return probePolicy(ctx, node)
	})
	if ours := (*Error)(nil); err == nil || errors.As(err, &ours) {
		return err
	}
	return failure(ctx, "probe", err)
}

// probePolicy reads the policy out of INFO: CONFIG is often forbidden.
func probePolicy(ctx context.Context, node redis.Cmdable) error {
	info, err := node.Info(ctx, "memory").Result()
	if err != nil {
		return failure(ctx, "probe", err)
	}
	for line := range strings.Lines(info) {
		if policy, ok := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:"); ok {
			if policy == keeper {
				return nil
			}
			return &Error{Op: "probe", Detail: "the server may evict the count of failures: set its maxmemory-policy to noeviction"}
		}
	}
	return &Error{Op: "probe", Detail: "the server does not tell its maxmemory-policy, which must be noeviction"}
}
