package emulator_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go2fa/verify/emulator"
)

// A vendor answers {"sent":true} and counts how often it acted.
type vendor struct {
	*emulator.Server
	emulator.Core
	acts  atomic.Int32
	seen  chan struct{} // gets a value when a request came in
	acted chan struct{} // and when the vendor acted
	over  chan struct{} // and when the emulator is done with it
}

func newVendor(t *testing.T) *vendor {
	v := &vendor{seen: make(chan struct{}, 9), acted: make(chan struct{}, 9), over: make(chan struct{}, 9)}
	v.Start(emulator.API{Routes: []emulator.Route{
		{On: "send", Pattern: "POST /send", Serve: v.act},
		{On: "check", Pattern: "POST /check", Serve: v.act},
	}})
	v.Server = emulator.ServeTest(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.seen <- struct{}{}
		v.ServeHTTP(w, r)
		v.over <- struct{}{}
	}), "")
	return v
}

func (v *vendor) act(r *http.Request) *emulator.Answer {
	body, err := io.ReadAll(r.Body)
	if err != nil || string(body) != "To=me" {
		return &emulator.Answer{Status: http.StatusBadRequest}
	}
	v.acts.Add(1)
	v.acted <- struct{}{}
	return &emulator.Answer{
		Status: http.StatusCreated, Header: http.Header{"Vendor": {"yes"}}, Body: map[string]bool{"sent": true},
	}
}

// open returns what a client sees that follows no redirect.
func (v *vendor) open(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.URL+path, strings.NewReader("To=me"))
	if err != nil {
		return nil, err
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client.Do(req)
}

func (v *vendor) post(path string) (*http.Response, string, error) {
	res, err := v.open(context.Background(), path)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}
