package observe

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
)

// Limits of the join.
const (
	sentWithin = 72 * time.Hour
	earlyTime  = 15 * time.Second       // a Send takes no longer
	maxEarly   = 1024                   // reports that wait for their Send
	storeTime  = 100 * time.Millisecond // of a Send, for all that it asks
	lookTime   = 2 * time.Second        // of the reports that have waited
	minKey     = 32                     // bytes
)

// A DeliveriesConfig says where Sends that wait for their reports are kept. The zero
// value serves one process.
type DeliveriesConfig struct {
	// Sends remembers Sends. Defaults to a [MemorySends].
	Sends Sends
	// Key is at least 32 random bytes, the same in every process that shares Sends: it
	// sees a MAC and no reference of a message. Required with Sends, else a random one.
	Key []byte
}

// Deliveries joins what vendors report of messages with the Sends that they belong to:
// it makes an event OpDelivery of each report.
//
//	deliveries, err := observe.NewDeliveries(observe.DeliveriesConfig{}, o)
//	v = observe.New(v, o, deliveries.Observe)
//	reports, err := twilio.NewReports(cfg, deliveries.Report) // and so for every vendor
//
// The event holds neither recipient nor text: vendor, country, channel, scope, status,
// and how long after the Send the message came so far. A status that is reported again,
// or after one that is further or final, makes no event. A report is joined to a Send
// of the last 72 hours and the same vendor and reference, and to nothing else: without
// one the event is Unmatched. So is it where the Send had no receipt, because its answer
// was lost, and where another process sent, unless they share Sends.
//
// It is safe for concurrent use.
type Deliveries struct {
	observers []Observer
	sends     Sends
	key       []byte

	mu    sync.Mutex
	early map[[16]byte][]delivery.Event // reports that came before the answer to their Send
	count int                           // of early
}

// NewDeliveries makes a Deliveries that tells every observer of each report, in order.
// A nil observer is left out.
func NewDeliveries(cfg DeliveriesConfig, observers ...Observer) (*Deliveries, error) {
	switch {
	case cfg.Sends != nil && len(cfg.Key) < minKey:
		return nil, errors.New("observe: Key must be at least 32 random bytes, the same in every process")
	case cfg.Key != nil && len(cfg.Key) < minKey:
		return nil, errors.New("observe: Key must be at least 32 random bytes")
	}
	d := &Deliveries{
		observers: some(observers), sends: cfg.Sends, key: slices.Clone(cfg.Key),
		early: map[[16]byte][]delivery.Event{},
	}
	if d.sends == nil {
		d.sends = new(MemorySends)
	}
	if d.key == nil {
		d.key = make([]byte, minKey)
		_, _ = rand.Read(d.key) // never fails: see crypto/rand
	}
	return d, nil
}

// Format keeps the key out of every print.
func (*Deliveries) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("observe.Deliveries([hidden])"))
}

// Observe is an [Observer] that remembers each Send with a receipt: give it to [New].
// What failover tells of its backends may be given to it as well and counts once. A
// store that does not answer costs the Send 100 ms at most, and its reports are
// Unmatched.
func (d *Deliveries) Observe(ctx context.Context, e Event) {
	if e.Op != OpSend || e.Outcome != "" || e.ID == "" || e.Repeated {
		return
	}
	ctx = context.WithoutCancel(ctx)
	limited, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	key := d.keyOf(e.Vendor, e.ID)
	calling := strings.Clone(e.CallingCode) // a piece of the recipient, which would stay as long
	if d.sends.Put(limited, key, Sent{e.Time, e.Channel, e.Scope, calling, e.Region, e.Subject}, sentWithin) != nil {
		return
	}
	d.release(ctx, limited, key)
}

// Report is a [delivery.Handle]: it joins the report with its Send and tells of it. One
// that comes before the answer to its Send waits for it, 15 seconds at most, and is told
// then. It fails only if the store of Sends does, so that the vendor comes again; call
// it last if the report has another effect.
func (d *Deliveries) Report(ctx context.Context, report delivery.Event) error {
	key := d.keyOf(report.Vendor, report.ID)
	switch sent, progress, err := d.sends.Advance(ctx, key, stageOf(report.Status)); {
	case err != nil:
		return errors.New("observe: the store of Sends did not answer")
	case progress == Moved:
		d.joined(ctx, report, sent)
	case progress == Missing && !d.wait(ctx, key, report):
		d.unmatched(ctx, report)
	}
	return nil
}

// wait keeps a report until its Send is known or the time of a Send is over. It is false
// if too many wait.
func (d *Deliveries) wait(ctx context.Context, key [16]byte, report delivery.Event) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.count >= maxEarly {
		return false
	}
	if slices.ContainsFunc(d.early[key], func(e delivery.Event) bool { return stageOf(e.Status) >= stageOf(report.Status) }) {
		return true // it came again, or late
	}
	d.early[key] = append(d.early[key], report)
	d.count++
	if len(d.early[key]) > 1 {
		return true // it goes with the first one
	}
	ctx = context.WithoutCancel(ctx)
	time.AfterFunc(earlyTime, func() {
		limited, cancel := context.WithTimeout(ctx, lookTime)
		defer cancel()
		d.release(ctx, limited, key)
	})
	return true
}

// take returns the reports that wait for a Send, in the order in which they came.
func (d *Deliveries) take(key [16]byte) []delivery.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	reports := d.early[key]
	delete(d.early, key)
	d.count -= len(reports)
	return reports
}

// release tells of the reports that have waited for a Send. The store has the time of
// limited.
func (d *Deliveries) release(ctx, limited context.Context, key [16]byte) {
	for _, report := range d.take(key) {
		switch sent, progress, err := d.sends.Advance(limited, key, stageOf(report.Status)); {
		case err != nil, progress == Missing:
			d.unmatched(ctx, report)
		case progress == Moved:
			d.joined(ctx, report, sent)
		}
	}
}

// joined tells what became of a Send.
func (d *Deliveries) joined(ctx context.Context, report delivery.Event, s Sent) {
	d.told(ctx, Event{
		Time: s.Time, Latency: max(report.At.Sub(s.Time), 0), Op: OpDelivery, Vendor: report.Vendor, ID: report.ID,
		Status: report.Status, VendorCode: report.VendorCode,
		Channel: s.Channel, Scope: s.Scope, CallingCode: s.CallingCode, Region: s.Region, Subject: s.Subject,
	})
}

func (d *Deliveries) unmatched(ctx context.Context, report delivery.Event) {
	d.told(ctx, Event{
		Time: report.At, Op: OpDelivery, Vendor: report.Vendor, ID: report.ID,
		Status: report.Status, VendorCode: report.VendorCode, Unmatched: true,
	})
}

func (d *Deliveries) told(ctx context.Context, e Event) {
	for _, observe := range d.observers {
		observe.Observe(ctx, e)
	}
}

// keyOf names a message, so that a store sees no reference of it.
func (d *Deliveries) keyOf(vendor, id string) (key [16]byte) {
	copy(key[:], macOf(d.key, vendor, id))
	return key
}

// A Sent is what is remembered of a Send: no recipient, no code and no text.
type Sent struct {
	Time        time.Time      `json:"time"` // when the Send began
	Channel     verify.Channel `json:"channel,omitempty"`
	Scope       string         `json:"scope,omitempty"`
	CallingCode string         `json:"calling_code,omitempty"`
	Region      string         `json:"region,omitempty"`
	Subject     Subject        `json:"subject"`
}
