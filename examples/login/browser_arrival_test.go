package main

import (
	"github.com/stretchr/testify/assert"
)

// An arrival is what is asked of every page that a walk comes to.
type arrival struct {
	Path   string
	Title  string // of the document
	Notice string
	Role   string // of the notice

	Headings  []string // of the first level
	Language  string
	Width     int
	Twice     []string // ids
	Nameless  []string // fields without a label, buttons and links without a word
	Focusable []string // by a tabindex above zero
	Foreign   []string // what was loaded from elsewhere
	CodeField string
}

const lookAround = `(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const about = (e) => e.tagName.toLowerCase() + "#" + e.id;
  const notice = document.getElementById("notice");
  const code = document.getElementById("code");
  const ids = all("[id]").map((e) => e.id);
  return {
    Path: location.pathname,
    Title: document.title,
    Notice: notice ? notice.innerText.trim().replaceAll("\u00a0", " ") : "",
    Role: notice ? notice.getAttribute("role") : "",
    Headings: all("h1").map((e) => e.innerText),
    Language: document.documentElement.lang,
    Width: document.documentElement.scrollWidth,
    Twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    Nameless: all("input:not([type=hidden], [aria-hidden=true]), select").filter((e) => !e.labels.length || !e.labels[0].innerText.trim())
      .concat(all("a, button").filter((e) => !e.innerText.trim())).map(about),
    Focusable: all("[tabindex]").filter((e) => e.tabIndex > 0).map(about),
    Foreign: performance.getEntriesByType("resource").map((e) => e.name).filter((name) => !name.startsWith(location.origin + "/")),
    CodeField: code ? [code.type, code.inputMode, code.autocomplete, all("input[autocomplete=one-time-code]").length].join(" ") : "",
  };
})()`

// arrived looks at the page, as a person with or without eyes does.
func (p *tab) arrived() {
	p.t.Helper()
	p.at = eval[arrival](p, lookAround)
	where := p.at.Path
	if assert.Len(p.t, p.at.Headings, 1, "headings of the first level on %s", where) {
		assert.Equal(p.t, p.at.Headings[0]+" · Acme Bank", p.at.Title, where)
	}
	assert.Equal(p.t, "en", p.at.Language, where)
	assert.LessOrEqual(p.t, p.at.Width, p.width, "%s scrolls sideways", where)
	assert.Empty(p.t, p.at.Twice, "ids that are there twice on %s", where)
	assert.Empty(p.t, p.at.Nameless, "nameless on %s", where)
	assert.Empty(p.t, p.at.Focusable, "out of the order of the text on %s", where)
	assert.Empty(p.t, p.at.Foreign, "loaded from elsewhere on %s", where)
	if p.at.Notice != "" {
		assert.Contains(p.t, []string{"status", "alert"}, p.at.Role, where)
	}
	if p.at.CodeField != "" {
		assert.Equal(p.t, "text numeric one-time-code 1", p.at.CodeField, "the one field for a code on %s", where)
	}
}
