package papers

import (
	"fmt"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/dsn"
	"github.com/go2fa/verify/tests/all"
)

// settings are the tables of docs/dsn.md.
func (p *papers) settings() (string, error) {
	var b strings.Builder
	for _, v := range p.vendors {
		fmt.Fprintf(&b, "\n### %s\n\n%s: see [vendors.md](vendors.md#%s).", v.Scheme, v.facts.Product, v.Scheme)
		if v.Messenger {
			b.WriteString(" It delivers text: a code is made and checked here, so the settings of [the engine](#engine) go with these.")
		}
		if v.own != "" {
			fmt.Fprintf(&b, " It is in module %s, so it needs an [option](#vendors-of-other-modules).", v.own)
		}
		b.WriteString("\n\n```\n" + v.ready() + "\n```\n\n")
		if err := p.rows(&b, v.table); err != nil {
			return "", err
		}
	}
	b.WriteString("\n### Engine\n\nWhat makes and checks codes over a vendor that only delivers text.\n\n")
	if err := p.rows(&b, p.engine); err != nil {
		return "", err
	}
	b.WriteString("\n### Failover\n\nThese keys come after the closing parenthesis. Each backend has `name` as well.\n\n")
	if err := p.rows(&b, p.fail); err != nil {
		return "", err
	}
	b.WriteString("\n### Guard\n\nThese keys come after the closing parenthesis. A limit is a number and a time, such as `20/1h`; see [guard.md](guard.md).\n\n")
	if err := p.rows(&b, p.guard); err != nil {
		return "", err
	}
	return b.String(), nil
}

func (p *papers) rows(b *strings.Builder, table dsn.Table) error {
	b.WriteString("| key | default | example | what |\n|---|---|---|---|\n")
	for _, s := range table.Settings {
		keys := "`" + s.Key + "`"
		if s.Also != "" {
			keys += " or `" + s.Also + "`"
		}
		if s.Part != "" {
			keys += " (" + s.Part + ")"
		}
		fallback := s.Default
		switch {
		case s.Required:
			fallback = "**required**"
		case fallback != "":
			fallback = "`" + fallback + "`"
		}
		text, err := p.docs.setting(table, s)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "| %s | %s | `%s` | %s |\n", keys, fallback, s.Example, text)
	}
	return nil
}

// table is that of the README.
func (p *papers) table() (string, error) {
	var b strings.Builder
	b.WriteString("| vendor | DSN | channels | scopes | digits | who makes the code |\n|---|---|---|---|---|---|\n")
	for _, v := range p.vendors {
		opened, err := all.Open(v.line)
		if err != nil {
			return "", err
		}
		c := opened.Capabilities()
		option := ""
		if v.own != "" {
			option = ", with an [option](docs/dsn.md#vendors-of-other-modules)"
		}
		fmt.Fprintf(&b, "| [%s](docs/vendors.md#%s) | `%s`%s | %s | %s | %s | %s |\n", v.facts.Product, v.Scheme, v.ready(), option, channels(c), scopes(v, c), digits(v, c), maker(v))
	}
	b.WriteString("| [e-mail](email) | `smtp://USER:PASS@mail.example.com%3A587?from=a@example.com&code_key=env:OTP_KEY&store=memory`, with an [option](docs/dsn.md#vendors-of-other-modules) | email | any, at most 64 characters | 6 to 10 | this module, [otp](otp) |\n")
	return b.String(), nil
}

func channels(c verify.Capabilities) string {
	var all []string
	for _, channel := range c.Channels {
		all = append(all, string(channel))
	}
	return strings.Join(all, ", ")
}

func scopes(v vendor, c verify.Capabilities) string {
	if c.MaxScope > 0 {
		return fmt.Sprintf("any, at most %d characters", c.MaxScope)
	}
	for _, s := range v.table.Settings {
		if s.Key == "scope."+dsn.AnyName {
			return "one setting each, `scope.NAME`"
		}
	}
	return "none"
}

func digits(v vendor, c verify.Capabilities) string {
	if v.facts.Digits.Is != "" {
		return v.facts.Digits.Is
	}
	return fmt.Sprintf("%d to %d, a setting or chosen for each send", c.MinDigits, c.MaxDigits)
}

func maker(v vendor) string {
	if v.Messenger {
		return "this module, [otp](otp)"
	}
	return strings.TrimSuffix(v.facts.Maker.Is, " makes and checks it")
}

// pages are docs/vendors.md.
func (p *papers) pages() (string, error) {
	var b strings.Builder
	for _, v := range p.vendors {
		if err := p.page(&b, v); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (p *papers) page(b *strings.Builder, v vendor) error {
	doc, err := p.docs.of(ownConfig(v.Configs[0]))
	if err != nil {
		return err
	}
	text, console, _ := strings.Cut(doc.text, "\n# In the console\n")
	if console == "" {
		return fmt.Errorf("the comment of %s has no section In the console", ownConfig(v.Configs[0]))
	}
	opened, err := all.Open(v.line)
	if err != nil {
		return err
	}
	c := opened.Capabilities()
	kind := "package"
	if v.own != "" {
		kind = "module"
	}
	fmt.Fprintf(b, "\n## %s\n\n**%s**, %s [%s](../%s). %s\n\n```\n%s\n```\n\n", v.Scheme, v.facts.Product, kind, v.folder(), v.folder(),
		strings.Join(strings.Fields(dsn.Replace(text, v.table, dsn.Setting{})), " "), v.ready())
	fmt.Fprintf(b, "Channels: %s. Scopes: %s. Digits: %s. All settings: [dsn.md](dsn.md#%s).\n\n### What to set up at %s\n\n%s\n\n", channels(c), scopes(v, c), digits(v, c), v.Scheme,
		v.facts.Product, dsn.Replace(steps(console), v.table, dsn.Setting{}))
	fmt.Fprintf(b, "### What %s documents\n\n| | | source |\n|---|---|---|\n", v.facts.Product)
	for question, fact := range v.facts.All() {
		source := ""
		if fact.URL != "" {
			source = "[page](" + fact.URL + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", question, strings.ReplaceAll(fact.String(), "|", "\\|"), source)
	}
	return nil
}

// steps are a numbered list of a comment, whose lines are indented.
func steps(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if len(lines) == 0 || line[0] >= '0' && line[0] <= '9' && strings.Contains(line[:min(4, len(line))], ". ") {
			lines = append(lines, line)
			continue
		}
		lines[len(lines)-1] += " " + line
	}
	return strings.Join(lines, "\n")
}
