package otelverify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/totp"
)

func TestCallsAreCountedByOutcome(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	spanish := sendAt(0, birte)
	spanish.CallingCode, spanish.Region, spanish.Channel, spanish.Duplicate = "34", "ES", verify.ChannelVoice, true
	r.all(
		sendAt(0, anne), sendAt(time.Minute, anne), spanish,
		but(sendAt(0, anne), verify.ErrUnavailable),
		but(checkAt(time.Minute, anne), verify.ErrMismatch), but(checkAt(time.Minute, anne), verify.ErrMismatch),
		checkAt(time.Minute, anne), checkAt(2*time.Minute, observe.Subject{3}),
	)
	assert.Equal(t, map[string]int64{
		"verify.channel=sms,verify.country=DK,verify.vendor=twilio":                        2,
		"verify.channel=voice,verify.country=ES,verify.vendor=twilio":                      1,
		"error.type=unavailable,verify.channel=sms,verify.country=DK,verify.vendor=twilio": 1,
	}, r.counts(t, "verify.sends"))
	assert.Equal(t, map[string]int64{
		"error.type=mismatch,verify.channel=sms,verify.country=DK,verify.vendor=twilio": 2,
		"verify.channel=sms,verify.country=DK,verify.vendor=twilio":                     1,
		"verify.country=DK,verify.vendor=twilio":                                        1,
	}, r.counts(t, "verify.checks"))
	assert.Equal(t, map[string]int64{
		"verify.channel=voice,verify.country=ES,verify.vendor=twilio": 1,
	}, r.counts(t, "verify.possible_duplicates"))
}

// Checks of authenticator apps and recovery codes count as those of vendors do.
func TestChecksOfAccountsAreCounted(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	codes, err := recovery.New(recovery.Config{Store: new(recovery.MemoryStore), Keys: [][]byte{make([]byte, 32)}})
	require.NoError(t, err)
	list, err := codes.Replace(t.Context(), "ada.lovelace")
	require.NoError(t, err)
	apps, err := totp.New(totp.Config{Store: new(totp.MemoryStore), Keys: [][]byte{make([]byte, 32)}, Issuer: "Acme"})
	require.NoError(t, err)
	papers := observe.Checker(codes, r.tell)
	require.NoError(t, papers.Check(t.Context(), "ada.lovelace", list[0]))
	require.Error(t, papers.Check(t.Context(), "ada.lovelace", list[0]))
	require.Error(t, observe.Checker(apps, r.tell).Check(t.Context(), "ada.lovelace", "13579024"))

	assert.Equal(t, map[string]int64{
		"verify.vendor=recovery":                     1,
		"error.type=mismatch,verify.vendor=recovery": 1,
		"error.type=not_pending,verify.vendor=totp":  1,
	}, r.counts(t, "verify.checks"))
	assert.Equal(t, map[string]int64{"verify.vendor=recovery": 1}, r.counts(t, "verify.approvals"))
	require.Len(t, r.spans.Ended(), 3)
	assert.Equal(t, "verify.check", r.spans.Ended()[0].Name())
	text := fmt.Sprintf("%+v %+v", r.metrics(t), r.spans.Ended())
	for _, secret := range append(list, "lovelace", "13579024") {
		assert.NotContains(t, text, secret)
	}
}

func TestConversionIsTheSendersNotTheComposites(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	backend := sendAt(0, birte)
	backend.Vendor, backend.Channel = "bandwidth", verify.ChannelVoice
	yes, no, elsewhere := checkAt(time.Minute, birte), checkAt(time.Minute, anne), checkAt(time.Minute, observe.Subject{3})
	yes.Vendor, no.Vendor, elsewhere.Vendor = "failover", "failover", "failover"
	r.all(sendAt(0, anne), backend, yes, but(no, verify.ErrMismatch), elsewhere)
	assert.Equal(t, map[string]int64{
		"verify.channel=voice,verify.country=DK,verify.vendor=bandwidth": 1,
		"verify.country=DK,verify.vendor=failover":                       1,
	}, r.counts(t, "verify.approvals"), "of what another process sent, only the composite's name is known")
	assert.Equal(t, map[string]int64{
		"error.type=mismatch,verify.channel=sms,verify.country=DK,verify.vendor=failover": 1,
		"verify.channel=voice,verify.country=DK,verify.vendor=failover":                   1,
		"verify.country=DK,verify.vendor=failover":                                        1,
	}, r.counts(t, "verify.checks"), "a Check counts for the vendor that answered")
}

func TestLatency(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	slow := but(sendAt(0, anne), verify.ErrOutcomeUnknown)
	slow.Latency = 15 * time.Second
	r.all(sendAt(0, anne), slow, checkAt(time.Minute, birte))
	assert.Equal(t, map[string]float64{
		"verify.channel=sms,verify.operation=send,verify.vendor=twilio":                            1,
		"error.type=outcome_unknown,verify.channel=sms,verify.operation=send,verify.vendor=twilio": 15,
		"verify.operation=check,verify.vendor=twilio":                                              1,
	}, r.seconds(t, "verify.operation.duration"))
}

func TestUnitsAndBuckets(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	double := sendAt(0, anne)
	double.Duplicate = true
	r.all(double, checkAt(time.Minute, anne))
	for name, unit := range map[string]string{
		"verify.sends": "{send}", "verify.checks": "{check}", "verify.approvals": "{approval}",
		"verify.possible_duplicates": "{send}", "verify.operation.duration": "s", "verify.time_to_verify": "s",
	} {
		m := r.metric(t, name)
		assert.Equal(t, unit, m.Unit, name)
		assert.NotEmpty(t, m.Description, name)
	}
	calls := r.histogram(t, "verify.operation.duration").DataPoints[0].Bounds
	assert.Equal(t, 0.005, calls[0], "as http.client.request.duration")
	assert.Equal(t, 15.0, calls[len(calls)-1], "as long as a Send may take")
	people := r.histogram(t, "verify.time_to_verify").DataPoints[0].Bounds
	assert.Equal(t, 900.0, people[len(people)-1], "as long as a Send is remembered")
}

func TestTimeToVerify(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	tests := map[string]struct {
		events []observe.Event
		want   []float64 // one for each approval that joins
	}{
		"to the end of the Check":               {[]observe.Event{sendAt(0, anne), checkAt(20*time.Second, anne)}, []float64{21}},
		"a wrong code first":                    {[]observe.Event{sendAt(0, anne), but(checkAt(minute, anne), verify.ErrMismatch), checkAt(2*minute, anne)}, []float64{121}},
		"from the last of two Sends":            {[]observe.Event{sendAt(0, anne), sendAt(minute, anne), checkAt(2*minute, anne)}, []float64{61}},
		"a Send that failed sent nothing":       {[]observe.Event{sendAt(0, anne), but(sendAt(minute, anne), verify.ErrUnavailable), checkAt(2*minute, anne)}, []float64{121}},
		"a Send that nobody knows of may count": {[]observe.Event{but(sendAt(0, anne), verify.ErrOutcomeUnknown), checkAt(minute, anne)}, []float64{61}},
		"nothing sent":                          {[]observe.Event{checkAt(0, anne)}, nil},
		"sent to another person":                {[]observe.Event{sendAt(0, birte), checkAt(minute, anne)}, nil},
		"never approved":                        {[]observe.Event{sendAt(0, anne), but(checkAt(minute, anne), verify.ErrMismatch)}, nil},
		"approved once":                         {[]observe.Event{sendAt(0, anne), checkAt(minute, anne), checkAt(2*minute, anne)}, []float64{61}},
		"15 minutes":                            {[]observe.Event{sendAt(0, anne), checkAt(15*minute-time.Second, anne)}, []float64{900}},
		"more than 15 minutes":                  {[]observe.Event{sendAt(0, anne), checkAt(15*minute, anne)}, nil},
		"a second Send is young again":          {[]observe.Event{sendAt(0, anne), sendAt(10*minute, anne), checkAt(20*minute, anne)}, []float64{601}},
		"an old one goes, a young one stays":    {[]observe.Event{sendAt(0, birte), sendAt(10*minute, anne), checkAt(20*minute, birte), checkAt(20*minute, anne)}, []float64{601}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder(t)
			r.all(tc.events...)
			points := r.histogram(t, "verify.time_to_verify").DataPoints
			if len(tc.want) == 0 {
				assert.Empty(t, points)
				return
			}
			require.Len(t, points, 1)
			assert.EqualValues(t, len(tc.want), points[0].Count)
			assert.InDelta(t, tc.want[0], points[0].Sum, 1e-9)
			assert.Equal(t, "verify.channel=sms,verify.country=DK,verify.vendor=twilio", encoded(points[0].Attributes))
		})
	}
}

func TestScopesAreToldAsConfigured(t *testing.T) {
	t.Parallel()
	scoped := func(scope string) observe.Event {
		e := sendAt(0, anne)
		e.Scope = scope
		return e
	}
	const plain = "verify.channel=sms,verify.country=DK"
	tests := map[string]struct {
		scopes []string
		want   map[string]int64
	}{
		"none": {nil, map[string]int64{plain + ",verify.vendor=twilio": 3}},
		"one": {[]string{"login"}, map[string]int64{
			plain + ",verify.vendor=twilio":                     1,
			plain + ",verify.scope=login,verify.vendor=twilio":  1,
			plain + ",verify.scope=_OTHER,verify.vendor=twilio": 1,
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder(t, tc.scopes...)
			r.all(scoped(""), scoped("login"), scoped("order:12345"))
			assert.Equal(t, tc.want, r.counts(t, "verify.sends"))
		})
	}
}
