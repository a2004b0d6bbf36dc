package observe_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/observe"
)

// A post is a Verifier whose Sends are reported.
type post struct {
	verify.Verifier
	*observe.Deliveries
	told   chan observe.Event // of deliveries
	events []observe.Event    // those that were looked at
}

func newPost(t *testing.T, receipt verify.Receipt, takes time.Duration) *post {
	t.Helper()
	p := &post{told: make(chan observe.Event, 2000)}
	var err error
	p.Deliveries, err = observe.NewDeliveries(observe.DeliveriesConfig{}, nil, func(_ context.Context, e observe.Event) { p.told <- e })
	require.NoError(t, err)
	p.Verifier = observe.New(scripted{receipt: receipt, takes: takes}, p.Observe)
	return p
}

func (p *post) send(t *testing.T, to string, opts ...verify.SendOption) {
	t.Helper()
	_, err := p.Send(t.Context(), to, opts...)
	require.NoError(t, err)
}

// report reports so much later.
func (p *post) report(t *testing.T, after time.Duration, id string, status delivery.Status) {
	t.Helper()
	time.Sleep(after)
	require.NoError(t, p.Report(t.Context(), delivery.Event{Vendor: "twilio", ID: id, Status: status, VendorCode: "30003", At: time.Now()}))
}

// statuses are those that were told.
func (p *post) statuses() (all []string) {
	synctest.Wait()
	for len(p.told) > 0 {
		p.events = append(p.events, <-p.told)
	}
	for _, e := range p.events {
		text := string(e.Status)
		if e.Unmatched {
			text += " unmatched"
		}
		all = append(all, text)
	}
	return all
}

var receipt = verify.Receipt{Vendor: "twilio", ID: "SM1", Channel: verify.ChannelSMS}

func TestAReportIsJoinedWithItsSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t, receipt, 3*time.Second)
		var send observe.Event
		p.Verifier = observe.New(p.Verifier, func(_ context.Context, e observe.Event) { send = e })
		began := time.Now()
		p.send(t, "+18765550123", verify.WithScope("login"))
		assert.Equal(t, "SM1", send.ID)
		p.report(t, 4*time.Second, "SM1", delivery.Delivered)
		require.Len(t, p.statuses(), 1)
		want := observe.Event{
			Time: began, Op: observe.OpDelivery, Vendor: "twilio", ID: "SM1", Channel: verify.ChannelSMS, Scope: "login",
			Status: delivery.Delivered, VendorCode: "30003", Latency: 7 * time.Second,
			CallingCode: "1", Region: "JM", Subject: p.events[0].Subject,
		}
		assert.Equal(t, want, p.events[0])
		assert.Equal(t, "JM", p.events[0].Country(), "one of 25 behind +1")
		assert.NotZero(t, p.events[0].Subject)
		assert.NotContains(t, fmt.Sprintf("%+v", p.events), "8765550123")
	})
}

func TestAStatusNeverMovesBackAndARepeatCountsOnce(t *testing.T) {
	t.Parallel()
	const accepted, sent, delivered, undelivered = delivery.Accepted, delivery.Sent, delivery.Delivered, delivery.Undelivered
	for name, tc := range map[string]struct {
		reported []delivery.Status
		want     []string
	}{
		"in order":                {[]delivery.Status{accepted, sent, delivered}, []string{"accepted", "sent", "delivered"}},
		"each twice":              {[]delivery.Status{accepted, accepted, sent, sent, undelivered, undelivered}, []string{"accepted", "sent", "undelivered"}},
		"the first comes last":    {[]delivery.Status{delivered, sent, accepted}, []string{"delivered"}},
		"a final one stays":       {[]delivery.Status{undelivered, delivered}, []string{"undelivered"}},
		"delivered is final":      {[]delivery.Status{delivered, delivery.Failed, delivery.Expired, delivery.Blocked}, []string{"delivered"}},
		"accepted after sent":     {[]delivery.Status{sent, accepted, delivered}, []string{"sent", "delivered"}},
		"an unknown one is final": {[]delivery.Status{"eaten", delivered}, []string{"eaten"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPost(t, receipt, 0)
				p.send(t, phone)
				for _, status := range tc.reported {
					p.report(t, time.Second, "SM1", status)
				}
				time.Sleep(time.Hour)
				assert.Equal(t, tc.want, p.statuses())
			})
		})
	}
}

func TestAReportJoinsASendOfTheLast72HoursAndNoOther(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tc := range map[string]struct {
		after   time.Duration
		id      string
		receipt verify.Receipt
		want    string
	}{
		"to the last moment": {3*day - time.Nanosecond, "SM1", receipt, "delivered"},
		"after 72 hours":     {3 * day, "SM1", receipt, "delivered unmatched"},
		"of another id":      {0, "SM2", receipt, "delivered unmatched"},
		"of another vendor":  {0, "SM1", verify.Receipt{Vendor: "vonage", ID: "SM1"}, "delivered unmatched"},
		"without a receipt":  {0, "", verify.Receipt{Vendor: "twilio"}, "delivered unmatched"},
		"nothing was sent":   {0, "SM1", verify.Receipt{Vendor: "twilio", ID: "SM1", Repeated: true}, "delivered unmatched"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPost(t, tc.receipt, 0)
				p.send(t, phone)
				p.report(t, tc.after, tc.id, delivery.Delivered)
				at := time.Now()
				time.Sleep(16 * time.Second)
				require.Equal(t, []string{tc.want}, p.statuses())
				if p.events[0].Unmatched {
					assert.Equal(t, observe.Event{
						Time: at, Op: observe.OpDelivery, Vendor: "twilio", ID: tc.id, Status: delivery.Delivered, VendorCode: "30003", Unmatched: true,
					}, p.events[0], "joined to nothing")
				}
			})
		})
	}
}

func TestAReportThatComesBeforeTheAnswerOfItsSendWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t, receipt, 10*time.Second)
		done := make(chan struct{})
		go func() {
			p.send(t, phone)
			close(done)
		}()
		p.report(t, 2*time.Second, "SM1", delivery.Accepted)
		p.report(t, 2*time.Second, "SM1", delivery.Delivered)
		p.report(t, time.Second, "SM1", delivery.Delivered)
		p.report(t, 0, "SM1", delivery.Sent)
		assert.Empty(t, p.statuses())
		<-done
		assert.Equal(t, []string{"accepted", "delivered"}, p.statuses())
		assert.Equal(t, 4*time.Second, p.events[1].Latency, "and when it came counts")
		time.Sleep(time.Hour)
		assert.Len(t, p.statuses(), 2)
	})
}

func TestAReportWithoutASendIsToldAfterTheTimeOfASend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t, receipt, 0)
		p.report(t, 0, "SM7", delivery.Sent)
		p.report(t, time.Second, "SM7", delivery.Undelivered)
		time.Sleep(14*time.Second - 1)
		assert.Empty(t, p.statuses())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, []string{"sent unmatched", "undelivered unmatched"}, p.statuses())
	})
}

func TestNoMoreThan1024ReportsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t, receipt, 0)
		for i := range 1025 {
			p.report(t, 0, fmt.Sprintf("SM%d", i+10), delivery.Sent)
		}
		assert.Equal(t, []string{"sent unmatched"}, p.statuses(), "the last one")
		time.Sleep(15 * time.Second)
		assert.Equal(t, 1025, len(p.statuses()))
		p.report(t, 0, "SM9", delivery.Sent)
		assert.Equal(t, 1025, len(p.statuses()), "there is room again")
		time.Sleep(time.Minute)
	})
}

// sends is a store that fails as it is told, and may be shared.
type sends struct {
	observe.MemorySends
	err  error
	keys [][16]byte
	sent observe.Sent // the last one
}

func (s *sends) Put(ctx context.Context, key [16]byte, sent observe.Sent, ttl time.Duration) error {
	s.keys, s.sent = append(s.keys, key), sent
	if s.err != nil {
		return s.err
	}
	return s.MemorySends.Put(ctx, key, sent, ttl)
}

func (s *sends) Advance(ctx context.Context, key [16]byte, stage int) (observe.Sent, observe.Progress, error) {
	if s.err != nil {
		return observe.Sent{}, 0, s.err
	}
	return s.MemorySends.Advance(ctx, key, stage)
}

func TestTwoProcessesThatShareSendsJoinEachOthersReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared, key := new(sends), make([]byte, 32)
		told := make(chan observe.Event, 10)
		process := func() *observe.Deliveries {
			d, err := observe.NewDeliveries(observe.DeliveriesConfig{Sends: shared, Key: key}, func(_ context.Context, e observe.Event) { told <- e })
			require.NoError(t, err)
			return d
		}
		one, two := process(), process()
		report := delivery.Event{Vendor: "twilio", ID: "SM1", Status: delivery.Delivered, At: time.Now()}
		require.NoError(t, two.Report(t.Context(), report), "it comes before the answer of the Send, and elsewhere")
		_, err := observe.New(scripted{receipt: receipt}, one.Observe).Send(t.Context(), phone)
		require.NoError(t, err)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		require.Len(t, told, 1)
		e := <-told
		assert.False(t, e.Unmatched)
		assert.Equal(t, "US", e.Country())
		require.NoError(t, one.Report(t.Context(), report))
		assert.Empty(t, told, "it counted at the other")
		assert.NotContains(t, string(shared.keys[0][:]), "SM1")
	})
}

func TestAStoreOfSendsThatIsDownCostsNoReceiptAndBringsTheReportAgain(t *testing.T) {
	t.Parallel()
	s := &sends{err: errors.New("at +15005550006 away")}
	var told []observe.Event
	d, err := observe.NewDeliveries(observe.DeliveriesConfig{Sends: s, Key: make([]byte, 32)}, func(_ context.Context, e observe.Event) { told = append(told, e) })
	require.NoError(t, err)
	got, err := observe.New(scripted{receipt: receipt}, d.Observe).Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, receipt, got)
	err = d.Report(t.Context(), delivery.Event{Vendor: "twilio", ID: "SM1", Status: delivery.Delivered})
	require.EqualError(t, err, "observe: the store of Sends did not answer")
	assert.Empty(t, told)
}

func TestWhatIsRememberedKeepsNoRecipientInMemory(t *testing.T) {
	t.Parallel()
	s := new(sends)
	d, err := observe.NewDeliveries(observe.DeliveriesConfig{Sends: s, Key: make([]byte, 32)})
	require.NoError(t, err)
	to := strings.Clone("+4512345678")
	_, err = observe.New(scripted{receipt: receipt}, d.Observe).Send(t.Context(), to)
	require.NoError(t, err)
	require.Equal(t, "45", s.sent.CallingCode)
	assert.NotSame(t, unsafe.StringData(to[1:]), unsafe.StringData(s.sent.CallingCode), "a piece of a number keeps all of it")
}

func TestNewDeliveriesRefuses(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]observe.DeliveriesConfig{
		"in every process":                 {Sends: new(observe.MemorySends)},
		"observe: Key must be at least 32": {Key: make([]byte, 31)},
	} {
		_, err := observe.NewDeliveries(cfg)
		require.ErrorContains(t, err, want)
	}
	d, err := observe.NewDeliveries(observe.DeliveriesConfig{Key: []byte(strings.Repeat("k", 32))})
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", d, d, d), "kkk")
}

func TestSlogOfDeliveries(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]observe.Event{
		`level=INFO msg="verify delivery" vendor=twilio status=delivered latency=3s channel=sms country=DK`: {
			Status: delivery.Delivered, Latency: 3 * time.Second, Channel: verify.ChannelSMS, CallingCode: "45", Region: "DK"},
		`level=INFO msg="verify delivery" vendor=twilio status=sent unmatched=true`:                      {Status: delivery.Sent, Unmatched: true},
		`level=WARN msg="verify delivery" vendor=twilio status=undelivered latency=0s vendor_code=30003`: {Status: delivery.Undelivered, VendorCode: "30003"},
	} {
		var log strings.Builder
		e.Op, e.Vendor = observe.OpDelivery, "twilio"
		observe.Slog(slog.New(slog.NewTextHandler(&log, nil)))(t.Context(), e)
		assert.Contains(t, log.String(), want)
		assert.NotContains(t, log.String(), "outcome")
	}
}

func TestACountryIsItsRegionOrElseTheCallingCode(t *testing.T) {
	t.Parallel()
	countries := map[string]bool{}
	for code := range 1000 {
		for _, rest := range []string{"5005550006", "8765550123", "12345678", "20123456"} {
			var e observe.Event
			v := observe.New(scripted{}, func(_ context.Context, told observe.Event) { e = told })
			_, _ = v.Send(t.Context(), fmt.Sprintf("+%d%s", code, rest))
			countries[e.Country()] = true
		}
	}
	assert.LessOrEqual(t, len(countries), 266, "265 and none: the bound of what may become labels of metrics")
	for _, want := range []string{"US", "JM", "DK", "GB", "+882", ""} {
		assert.Contains(t, countries, want)
	}
	assert.NotContains(t, countries, "001")
	assert.NotContains(t, countries, "+210", "nobody has this one")
}

func ExampleDeliveries() {
	o := func(_ context.Context, e observe.Event) { // such as otelverify.New makes
		if e.Op == observe.OpDelivery {
			fmt.Println(e.Vendor, e.Country(), e.Status)
		}
	}
	deliveries, err := observe.NewDeliveries(observe.DeliveriesConfig{}, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	var v verify.Verifier = scripted{receipt: verify.Receipt{Vendor: "twilio", ID: "SM1", Channel: verify.ChannelSMS}}
	v = observe.New(v, o, deliveries.Observe)
	_, _ = v.Send(context.Background(), "+4512345678")

	// What twilio.NewReports(cfg, deliveries.Report) does with a signed report.
	_ = deliveries.Report(context.Background(), delivery.Event{Vendor: "twilio", ID: "SM1", Status: delivery.Delivered, At: time.Now()})
	// Output:
	// twilio DK delivered
}
