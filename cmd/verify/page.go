package main

import (
	"fmt"
	"html"
	"strings"
)

// The parts of the page. It is put together here, since html/template would keep
// every method of every type in the program, and make it half as large again.
const (
	placeHTML = `
<details>
<summary><span>{vendor}</span> <code>{url}</code></summary>
<label>DSN <input readonly value="{dsn}"></label>{users}
</details>`

	usersHTML = `
<label>DSN of registered users <input readonly value="{dsn}"></label>`

	messageHTML = `
<article id="m{number}">
<div class="to"><h2>{to}</h2><time datetime="{stamp}">{clock}</time></div>{code}
<p class="text">{text}</p>
<p class="tags"><span>{vendor}</span> <span>{channel}</span></p>{scope}
</article>`

	codeHTML = `
<p class="code"><span class="hidden">Code </span><code>{code}</code></p>`

	scopeHTML = `
<p class="scope">{scope}</p>`

	emptyHTML = `
<p id="empty">No message yet. Codes appear here by themselves.</p>`
)

// A markup is HTML that is put in as it is. Every other text is escaped.
type markup string

// fill puts values in the place of their names, in one pass: what a value holds is
// no name. The values alternate with the names.
func fill(form string, namesAndValues ...any) markup {
	pairs := make([]string, 0, len(namesAndValues))
	for i, v := range namesAndValues {
		text := fmt.Sprint(v)
		if _, raw := v.(markup); i%2 == 1 && !raw {
			text = html.EscapeString(text)
		}
		pairs = append(pairs, text)
	}
	return markup(strings.NewReplacer(pairs...).Replace(form))
}

// optional is form with a value, or nothing without one.
func optional(form, name, value string) markup {
	if value == "" {
		return ""
	}
	return fill(form, name, value)
}

// document is the whole page.
func document(places []place, messages []received) markup {
	var vendors, list strings.Builder
	for _, p := range places {
		vendors.WriteString(string(fill(placeHTML, "{vendor}", p.Vendor, "{url}", p.URL, "{dsn}", p.DSN, "{users}", optional(usersHTML, "{dsn}", p.DSNUsers))))
	}
	for _, m := range messages {
		list.WriteString(string(fill(messageHTML, "{number}", m.Number, "{to}", m.To, "{stamp}", m.Stamp(), "{clock}", m.Clock(), "{text}", m.Text,
			"{vendor}", m.Vendor, "{channel}", m.Channel, "{code}", optional(codeHTML, "{code}", m.Code), "{scope}", optional(scopeHTML, "{scope}", m.Named))))
	}
	count := ""
	if len(messages) == 0 {
		list.WriteString(emptyHTML)
	} else {
		count = fmt.Sprintf(" (%d)", len(messages))
	}
	return fill(skeleton, "{count}", count, "{style}", markup(style), "{places}", markup(vendors.String()), "{messages}", markup(list.String()), "{script}", markup(script))
}
