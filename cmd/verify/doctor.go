package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/sqlstore"
	"github.com/go2fa/verify/vendors"
)

// most is how far this machine's clock may be off before it is told.
const most = 30 * time.Second

// A finding is one thing that doctor looked at.
type finding struct {
	Check   string `json:"check"`
	Outcome string `json:"outcome"` // "ok", "not checked", or an outcome of package verify
	Detail  string `json:"detail"`
}

// notChecked is the outcome of what cannot be looked at.
const notChecked = "not checked"

// A told error was told in findings already: only its exit status is left.
type told struct{ error }

// Unwrap returns what was told.
func (t told) Unwrap() error { return t.error }

// doctor looks at all that can be looked at without sending.
func doctor(ctx context.Context, t terminal, f *flags) error {
	watch := &watch{next: http.DefaultTransport}
	v, err := f.open(vendors.WithHTTPClient(&http.Client{Transport: watch}))
	if err != nil {
		return err
	}
	defer shut(v)
	ctx, cancel := f.limited(ctx)
	defer cancel()

	t.find(f, finding{"settings", "ok", f.where() + " says all that is needed"})
	failed := t.probe(ctx, f, v)
	if off := t.time(f, watch); failed == nil {
		failed = off
	}
	if failed != nil {
		return told{failed}
	}
	return nil
}

// probe tells what the vendor and the store find, one line a fault.
func (t terminal) probe(ctx context.Context, f *flags, v verify.Verifier) error {
	vendor := v.Capabilities().Vendor
	prober, ok := verify.As[verify.Prober](v)
	if !ok {
		t.find(f, finding{vendor, notChecked, "cannot be asked without sending: verify try sends"})
		return nil
	}
	err := prober.Probe(ctx)
	if err == nil {
		t.find(f, finding{vendor, "ok", "nothing wrong was found, as far as it can be asked without sending"})
		return nil
	}

	e := *known(err)
	e.Vendor, e.Op = "", ""
	for detail := range strings.SplitSeq(e.Detail, "; ") {
		e.Detail = detail
		t.find(f, finding{vendor, string(e.Outcome), strings.TrimPrefix(e.Error(), e.Outcome.Error()+": ")})
	}
	if detail := ofStore(err); detail != "" {
		t.find(f, finding{"store", string(verify.ErrUnavailable), detail})
	}
	return err
}

// ofStore is what a store says is wrong with its server, or nothing.
func ofStore(err error) string {
	var redis *redisstore.Error
	var sql *sqlstore.Error
	switch {
	case errors.As(err, &redis):
		return redis.Detail
	case errors.As(err, &sql):
		return sql.Detail
	}
	return ""
}

// time compares this machine's clock with that of the vendor.
func (t terminal) time(f *flags, w *watch) error {
	switch off := w.off(); {
	case !w.seen:
		t.find(f, finding{"clock", notChecked, "no Date in the vendor's answer"})
	case off > most, off < -most:
		e := &verify.Error{Outcome: verify.ErrRejected, Detail: fmt.Sprintf("this machine is %s %s the vendor: set its clock", off.Abs().Round(time.Second), side(off))}
		t.find(f, finding{"clock", string(e.Outcome), e.Detail})
		return e
	default:
		t.find(f, finding{"clock", "ok", "within 30 s of the vendor's"})
	}
	return nil
}

// where is what the settings were read from.
func (f *flags) where() string {
	if f.config != "" {
		return "the file"
	}
	return "the DSN"
}

func side(off time.Duration) string {
	if off > 0 {
		return "ahead of"
	}
	return "behind"
}

func (t terminal) find(f *flags, found finding) {
	if f.json {
		t.json(found)
		return
	}
	say(t.out, "%s: %v: %s\n", found.Check, verify.Outcome(found.Outcome), found.Detail)
}
