package main

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"path"
	"time"

	"github.com/go2fa/verify"
)

// The tones of a notice.
const (
	good   = "good"
	bad    = "bad"
	unsure = "unsure"
)

//go:embed templates
var templates embed.FS

// pages are the templates by name, each within the layout.
type pages map[string]*template.Template

// A page is what the layout shows, and Data what the page itself does.
type page struct {
	Title        string
	Name         string // of who is logged in
	Half         bool   // somebody still owes a code
	Notice, Tone string
	Inbox        bool
	Watch        bool // the page looks by itself whether there is something new
	Data         any
}

func readPages() (pages, error) {
	layout, err := template.New("layout.html").Funcs(template.FuncMap{
		"euros": euros, "channelNoun": channelNoun, "static": func() string { return staticPath() },
		"span": func(seconds int) string { return span(time.Duration(seconds) * time.Second) },
	}).ParseFS(templates, "templates/layout.html")
	if err != nil {
		return nil, err
	}
	files, err := templates.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	all := pages{}
	for _, f := range files {
		t, err := layout.Clone()
		if err != nil {
			return nil, err
		}
		name := f.Name()
		if all[name[:len(name)-len(path.Ext(name))]], err = t.ParseFS(templates, "templates/"+name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Notices for somebody who has no session to keep them in, by query.
const (
	pleaseLogIn = "please"
	loggedOut   = "out"
)

// show writes a page, all of it or an error.
func (s *site) show(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) error {
	p := page{Title: title, Inbox: s.inbox != nil, Watch: name == "inbox", Data: data}
	v, ok := s.peek(r)
	if ok {
		p.Name, p.Half = v.account.Name, !v.login.Full
	}
	switch query := r.URL.RawQuery; {
	case p.Watch: // which is another device: it must not take the notice away
	case name == "login" && query == pleaseLogIn && status == http.StatusOK:
		p.Notice, p.Tone = "Please log in.", unsure
	case name == "home" && query == loggedOut && !ok:
		p.Notice, p.Tone = "You are logged out.", good
	default:
		p.Notice, p.Tone = s.sessions.PopString(r.Context(), "notice"), s.sessions.PopString(r.Context(), "tone")
	}
	var b bytes.Buffer
	if err := s.pages[name].Execute(&b, p); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader has gone: nobody to tell
	return nil
}

// say keeps a notice for the next page of somebody who has a session.
func (s *site) say(r *http.Request, tone, notice string) {
	s.sessions.Put(r.Context(), "notice", notice)
	s.sessions.Put(r.Context(), "tone", tone)
}

// channelNoun is what a code travels in.
func channelNoun(c verify.Channel) string {
	switch c {
	case verify.ChannelSMS, verify.ChannelRCS:
		return "text message"
	case verify.ChannelVoice:
		return "phone call"
	case verify.ChannelApp:
		return "app"
	}
	return string(c)
}
