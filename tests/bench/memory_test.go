package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
)

// BenchmarkAttempt is a wrong attempt among a million live codes, beside the least
// that counts and compares one: a map and a mutex.
func BenchmarkAttempt(b *testing.B) {
	limits := otp.Limits{}.WithDefaults()
	wrong := []otp.MAC{mac(1 << 50)}
	crowds(b, map[string]func(*crowd) func(n uint64) error{
		"ours": func(c *crowd) func(n uint64) error {
			return func(n uint64) error {
				_, _, err := c.store.Attempt(background, c.keys[somewhere(n)], id(n), wrong, limits)
				return err
			}
		},
		"mutex-map": func(c *crowd) func(n uint64) error {
			m := c.floor()
			return func(n uint64) error {
				m.attempt(c.keys[somewhere(n)], wrong[0])
				return nil
			}
		},
	})
}

// BenchmarkIssue is a send again among a million live codes.
func BenchmarkIssue(b *testing.B) {
	free := otp.Limits{Window: 1, Cooldown: []time.Duration{0}}.WithDefaults()
	crowds(b, map[string]func(*crowd) func(n uint64) error{
		"ours": func(c *crowd) func(n uint64) error {
			return func(n uint64) error {
				_, err := c.store.Issue(background, c.keys[somewhere(n)], id(n), mac(n), 10*time.Minute, free)
				return err
			}
		},
		"mutex-map": func(c *crowd) func(n uint64) error {
			m := c.floor()
			return func(n uint64) error {
				m.put(c.keys[somewhere(n)], mac(n))
				return nil
			}
		},
	})
}

// crowds measures stores by one caller and by 16.
func crowds(b *testing.B, stores map[string]func(*crowd) func(n uint64) error) {
	c := crowded(b)
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("live=1M/callers=%d", callers), func(b *testing.B) {
			for _, name := range shuffled(stores) {
				b.Run("by="+name, func(b *testing.B) {
					op := stores[name](c)
					measure(b, callers, func() error { return op(turns.Add(1)) })
					if name == "ours" {
						c.report(b)
					}
				})
			}
		})
	}
}
