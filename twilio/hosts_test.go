package twilio_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/vendors"
)

// A host with a region and no edge answers with a wrong certificate, or not at all:
// https://www.twilio.com/docs/global-infrastructure/api-domain-migration-guide.
func TestARegionIsNeverAskedWithoutAnEdge(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ region, edge, want string }{
		"neither":                      {"", "", ".twilio.com"},
		"Ireland completes its edge":   {"ie1", "", ".dublin.ie1.twilio.com"},
		"Australia completes its edge": {"au1", "", ".sydney.au1.twilio.com"},
		"another edge of a region":     {"ie1", "frankfurt", ".frankfurt.ie1.twilio.com"},
		"an edge alone":                {"", "ashburn", ".ashburn.us1.twilio.com"},
		"us1 needs none":               {"us1", "", ".us1.twilio.com"},
		"a region that is not known":   {"xx1", "", ""},
		"the same with its edge":       {"xx1", "here", ".here.xx1.twilio.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var hosts []string
			client := &http.Client{Transport: hostSpy{&hosts}}
			cfg := valid()
			cfg.Region, cfg.Edge, cfg.HTTPClient = tc.region, tc.edge, client
			send := messaging()
			send.Region, send.Edge, send.HTTPClient = tc.region, tc.edge, client
			dsn := "twilio://?account_sid=" + cfg.AccountSID + "&auth_token=t&service_sid=" + cfg.Service.SID
			if tc.region != "" {
				dsn += "&region=" + tc.region
			}
			if tc.edge != "" {
				dsn += "&edge=" + tc.edge
			}
			v, errVerify := twilio.New(cfg)
			m, errMessaging := twilio.NewMessaging(send)
			opened, errOpen := vendors.Open(dsn, vendors.WithHTTPClient(client))
			if tc.want == "" {
				require.ErrorContains(t, errVerify, "Edge is missing")
				require.ErrorContains(t, errMessaging, "Edge is missing")
				require.ErrorContains(t, errOpen, "edge is missing: a host with this region alone does not answer")
				return
			}
			require.NoError(t, errors.Join(errVerify, errMessaging, errOpen))
			_, err := v.Send(t.Context(), "+15005550006")
			require.Error(t, err)
			_, err = m.Deliver(t.Context(), otp.Message{To: "+15005550006", Channel: verify.ChannelSMS, Text: "Hi"})
			require.Error(t, err)
			_, err = opened.Send(t.Context(), "+15005550006")
			require.Error(t, err)
			assert.Subset(t, hosts, []string{"verify" + tc.want, "api" + tc.want})
			for _, host := range hosts {
				assert.Contains(t, []string{"verify" + tc.want, "api" + tc.want}, host)
			}
		})
	}
}

// A hostSpy notes which hosts are asked, and answers nothing.
type hostSpy struct{ hosts *[]string }

func (s hostSpy) RoundTrip(r *http.Request) (*http.Response, error) {
	*s.hosts = append(*s.hosts, r.URL.Host)
	return nil, errors.New("nobody answers")
}
