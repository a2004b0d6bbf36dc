package main

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhereARequestComesFrom(t *testing.T) {
	tests := map[string]struct {
		secure    bool
		remote    string
		forwarded []string
		want      string
	}{
		"no proxy":                             {false, "192.0.2.1:1234", nil, "192.0.2.1"},
		"no proxy, and a header is a lie":      {false, "192.0.2.1:1234", []string{"203.0.113.9"}, "192.0.2.1"},
		"a proxy":                              {true, "127.0.0.1:1234", []string{"198.51.100.7"}, "198.51.100.7"},
		"a proxy, and a lie before it":         {true, "127.0.0.1:1234", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		"a proxy, and a lie in a header":       {true, "127.0.0.1:1234", []string{"203.0.113.9", "198.51.100.7"}, "198.51.100.7"},
		"a proxy that says nothing":            {true, "127.0.0.1:1234", nil, "127.0.0.1"},
		"a proxy that says nonsense":           {true, "127.0.0.1:1234", []string{"x"}, ""},
		"an address of six within one of four": {false, "[::ffff:192.0.2.1]:1", nil, "192.0.2.1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tc.remote
			for _, f := range tc.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			got := (&site{secure: tc.secure}).client(r)
			if tc.want == "" {
				assert.False(t, got.IsValid())
				return
			}
			assert.Equal(t, netip.MustParseAddr(tc.want), got)
		})
	}
	six := netip.MustParseAddr("2001:db8:1:2::3")
	assert.Equal(t, "2001:db8:1::/48", party(six), "a customer has many addresses")
	assert.Equal(t, "192.0.2.0/24", network(netip.MustParseAddr("192.0.2.77")))
}
