package otelverify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/observe"
)

func deliveredAfter(after time.Duration, status delivery.Status) observe.Event {
	return observe.Event{
		Time: noon, Op: observe.OpDelivery, Vendor: "twilio", ID: "SM1", Channel: verify.ChannelSMS,
		Status: status, Latency: after, CallingCode: "45", Region: "DK", Subject: anne,
	}
}

func TestDeliveriesAreCountedByVendorCountryAndStatus(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	vonage, unmatched := deliveredAfter(time.Second, delivery.Undelivered), observe.Event{
		Time: noon, Op: observe.OpDelivery, Vendor: "twilio", Status: delivery.Delivered, Unmatched: true,
	}
	vonage.Vendor, vonage.CallingCode, vonage.Region = "vonage", "1", "JM"
	r.all(deliveredAfter(time.Second, delivery.Sent), deliveredAfter(4*time.Second, delivery.Delivered),
		deliveredAfter(8*time.Second, delivery.Delivered), vonage, unmatched)
	assert.Equal(t, map[string]int64{
		"verify.channel=sms,verify.country=DK,verify.delivery_status=sent,verify.vendor=twilio":        1,
		"verify.channel=sms,verify.country=DK,verify.delivery_status=delivered,verify.vendor=twilio":   2,
		"verify.channel=sms,verify.country=JM,verify.delivery_status=undelivered,verify.vendor=vonage": 1,
		"verify.delivery_status=delivered,verify.unmatched=true,verify.vendor=twilio":                  1,
	}, r.counts(t, "verify.deliveries"))
	assert.Equal(t, map[string]float64{"verify.channel=sms,verify.country=DK,verify.vendor=twilio": 12},
		r.seconds(t, "verify.time_to_deliver"), "of what was delivered, and whose Send is known")
	for name, unit := range map[string]string{"verify.deliveries": "{report}", "verify.time_to_deliver": "s"} {
		assert.Equal(t, unit, r.metric(t, name).Unit)
		assert.NotEmpty(t, r.metric(t, name).Description)
	}
	assert.Empty(t, r.spans.Ended(), "a report is no call")
	assert.Empty(t, r.counts(t, "verify.sends"))
}

func TestNoReportMakesALabelOfItsOwn(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	for i := range 100 {
		e := deliveredAfter(time.Second, delivery.Status(fmt.Sprintf("eaten by %d", i)))
		e.ID, e.VendorCode, e.Scope = fmt.Sprint(i), fmt.Sprint(i), fmt.Sprint("order:", i)
		r.all(e)
	}
	assert.Equal(t, map[string]int64{
		"verify.channel=sms,verify.country=DK,verify.delivery_status=_OTHER,verify.vendor=twilio": 100,
	}, r.counts(t, "verify.deliveries"))
}

func TestASendThatAnIdempotencyKeyAnsweredIsNoSend(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	again := sendAt(time.Minute, anne)
	again.Repeated = true
	r.all(sendAt(0, anne), again, checkAt(2*time.Minute, anne))
	assert.Equal(t, map[string]int64{"verify.channel=sms,verify.country=DK,verify.vendor=twilio": 1}, r.counts(t, "verify.sends"))
	assert.Equal(t, map[string]float64{"verify.channel=sms,verify.country=DK,verify.vendor=twilio": 121},
		r.seconds(t, "verify.time_to_verify"), "from the Send that sent")
	require.Len(t, r.spans.Ended(), 3)
}

func TestOfAllNumbersNoMoreThan265CountriesAreTold(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	v := observe.New(mocks.NewFake("135790"), r.tell)
	for code := range 1000 {
		for _, rest := range []string{"2005550006", "8765550123", "12345678", "20123456", "9123456789"} {
			_, _ = v.Send(t.Context(), fmt.Sprintf("+%d%s", code, rest))
		}
	}
	countries := map[string]bool{}
	for _, p := range r.histogram(t, "verify.operation.duration").DataPoints {
		_, found := p.Attributes.Value("verify.country")
		assert.False(t, found, "a histogram of calls keeps no country")
	}
	for _, span := range r.spans.Ended() {
		for _, a := range span.Attributes() {
			if a.Key == "verify.country" {
				countries[a.Value.AsString()] = true
			}
		}
	}
	assert.Greater(t, len(countries), 200)
	assert.LessOrEqual(t, len(countries), 265)
}
