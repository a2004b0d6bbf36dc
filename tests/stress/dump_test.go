package stress

import (
	"context"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// dump is all that a real server keeps under a prefix: names and values, as the
// server itself would write them to a disk.
func dump(t testing.TB, client *redis.Client, prefix string) string {
	t.Helper()
	ctx := context.Background()
	var all strings.Builder
	scan := client.Scan(ctx, 0, prefix+"*", 1000).Iterator()
	for scan.Next(ctx) {
		value, err := client.Dump(ctx, scan.Val()).Result()
		if err == redis.Nil { //nolint:errorlint // it is never wrapped
			continue // it has just expired
		}
		require.NoError(t, err)
		all.WriteString(scan.Val() + "\n" + value + "\n")
	}
	require.NoError(t, scan.Err())
	return all.String()
}
