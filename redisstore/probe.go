package redisstore

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/go2fa/verify/otp"
)

// keeper is the one maxmemory-policy under which a full server refuses writes
// instead of dropping budgets
// (https://redis.io/docs/latest/develop/reference/eviction/).
const keeper = "noeviction"

// Probe asks whether the server will do: that it can be reached, is a primary and
// not one node of a cluster, runs scripts, accepts writes, and never evicts. It
// changes nothing. In a cluster it asks every primary.
//
// It refuses any maxmemory-policy but noeviction, even where no maxmemory is set
// yet: the day it is, budgets would go first.
func (s *Store) Probe(ctx context.Context) error {
	if !s.made() {
		return notMade("probe")
	}
	if err := s.probeServers(ctx); err != nil {
		return err
	}
	// No recipient has the zero key: a key is a hash.
	if err := s.revokeAs(ctx, "probe", otp.Key{}, otp.ID{}); err != nil {
		return err
	}
	return s.remove(ctx, "probe", s.keys(otp.Key{})...)
}

func (s *Store) probeServers(ctx context.Context) error {
	err := s.onPrimaries(ctx, probeServer)
	if ours := (*Error)(nil); err == nil || errors.As(err, &ours) {
		return err
	}
	return failure(ctx, "probe", err)
}

// probeServer reads INFO: CONFIG and ROLE are often forbidden, and HELLO does not
// tell the policy.
func probeServer(ctx context.Context, node Client, inCluster bool) error {
	text, err := node.Info(ctx).Result()
	if err != nil {
		return failure(ctx, "probe", err)
	}
	if fault := unfit(fields(text), inCluster); fault != "" {
		return &Error{Op: "probe", Detail: fault}
	}
	return nil
}

// fields reads the lines of INFO.
func fields(info string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(info) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			all[key] = value
		}
	}
	return all
}

// unfit says why a server will not do. One that keeps its mode or its role to
// itself, as some hosted ones do, may be right: the script tells.
func unfit(info map[string]string, inCluster bool) string {
	mode := cmp.Or(info["redis_mode"], info["server_mode"]) // the second is Valkey's
	policy, known := info["maxmemory_policy"]
	switch {
	case mode == "sentinel":
		return "this is a Sentinel: open it with redis+sentinel://HOSTS/MASTER/DB"
	case mode == "cluster" && !inCluster:
		return oneNode
	case info["role"] == "slave", info["role"] == "replica":
		return "this server is a replica: connect to the primary"
	case !known:
		return "the server does not tell its maxmemory-policy, which must be noeviction"
	case policy != keeper:
		return "the server may evict the count of failures: set its maxmemory-policy to noeviction"
	}
	return ""
}
