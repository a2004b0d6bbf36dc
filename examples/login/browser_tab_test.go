package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A tab is one page of a browser that knows nothing of the others. It is as wide
// as a phone.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	width int
	at    arrival

	mu     sync.Mutex
	faults []string // of the console
}

const phoneWidth, phoneHeight = 375, 740

// tab opens one for a site. What the console has against the site fails the test.
func (c *chromium) tab(t *testing.T, base string) *tab {
	t.Helper()
	p := &tab{t: t, base: base, width: phoneWidth}
	ctx, end := context.WithTimeout(c.ctx, walkTime)
	t.Cleanup(end)
	p.ctx, end = chromedp.NewContext(ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	t.Cleanup(func() {
		end()
		p.mu.Lock()
		defer p.mu.Unlock()
		assert.Empty(t, p.faults, "the console of the browser")
	})
	p.do("open a tab", chromedp.EmulateViewport(phoneWidth, phoneHeight, chromedp.EmulateMobile))
	return p
}

func (p *tab) listen(event any) {
	var fault string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = "exception: " + e.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		fault = fmt.Sprintf("console.%s", e.Type)
	case *log.EventEntryAdded: // a policy that was violated, a file that is missing
		if strings.HasPrefix(e.Entry.Text, "Autofocus processing was blocked") {
			return // the test was in the field before the browser
		}
		fault = fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
	}
	if fault == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fault)
}

// expect waits for one fault of the console, a status that the test has brought
// about, and takes it off the list.
func (p *tab) expect(status int) {
	p.t.Helper()
	becomes(p, true, fmt.Sprintf("the console says %d", status), func() bool { return p.dropFault(fmt.Sprintf("a status of %d ", status)) })
}

func (p *tab) dropFault(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range p.faults {
		if strings.Contains(f, text) {
			p.faults = append(p.faults[:i], p.faults[i+1:]...)
			return true
		}
	}
	return false
}

func (p *tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	require.NoError(p.t, chromedp.Do(p.ctx, actions...), "%s, on %s %q %q", what, p.at.Path, p.at.Title, p.at.Notice)
}

// load does what has another page loaded, waits for it, and looks at it.
func (p *tab) load(what string, action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.WaitEvent(cdppage.LoadEventFired, nil, action))
	require.NoError(p.t, err, "%s, on %s %q %q", what, p.at.Path, p.at.Title, p.at.Notice)
	p.arrived()
}

func (p *tab) open(path string) {
	p.t.Helper()
	p.do("open "+path, chromedp.Navigate(p.base+path))
	p.arrived()
}

// click waits until a link or a button can be used, and uses it.
func (p *tab) click(id string) {
	p.t.Helper()
	p.do("wait for #"+id, chromedp.WaitVisible(chromedp.ID(id)), chromedp.WaitEnabled(chromedp.ID(id)))
	p.load("click #"+id, chromedp.Click(chromedp.ID(id)))
}

// tick clicks a checkbox, or a radio button.
func (p *tab) tick(id string) {
	p.t.Helper()
	p.do("tick #"+id, chromedp.Click(chromedp.ID(id)))
	require.True(p.t, eval[bool](p, fmt.Sprintf(`document.getElementById(%q).checked`, id)), id)
}

// fill types into a field, in place of what is there.
func (p *tab) fill(id, text string) {
	p.t.Helper()
	p.do("wait for #"+id, chromedp.WaitVisible(chromedp.ID(id)))
	eval[chromedp.Void](p, fmt.Sprintf(`document.getElementById(%q).select()`, id))
	command(p, input.InsertText, input.InsertTextParams{Text: text})
	require.Equal(p.t, text, p.value(id), "#%s on %s", id, p.at.Path)
}

func (p *tab) has(id string) bool {
	return eval[bool](p, fmt.Sprintf(`document.getElementById(%q) !== null`, id))
}

// text is what can be read in an element, and "" if there is none.
func (p *tab) text(id string) string {
	return eval[string](p, fmt.Sprintf(`(document.getElementById(%q)?.innerText ?? "").trim().replaceAll("\u00a0", " ")`, id))
}

// becomes waits until something is so: a browser is done with a page some time
// after it has loaded it, and a busy machine takes longer.
func becomes[T comparable](p *tab, want T, what string, got func() T) {
	p.t.Helper()
	last := got()
	for last != want && p.ctx.Err() == nil {
		select {
		case <-p.ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
		if p.ctx.Err() == nil {
			last = got()
		}
	}
	require.Equal(p.t, want, last, "%s, on %s", what, p.at.Path)
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // a string always marshals
	return string(b)
}

func (p *tab) value(id string) string {
	return eval[string](p, fmt.Sprintf(`document.getElementById(%q).value`, id))
}

// eval returns what an expression is in the page.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	got, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	require.NoError(p.t, err, "%s, on %s", expression, p.at.Path)
	return got
}

// command has the browser do what a person does with its menus.
func command[P, R any](p *tab, c cdp.Command[P, R], params P) R {
	p.t.Helper()
	got, err := chromedp.Call(p.ctx, c, params)
	require.NoError(p.t, err, c.Method)
	return got
}

func (p *tab) withoutScript() *tab {
	command(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return p
}
