package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is how long a browser may take to tell what it shows.
const patience = 10 * time.Second

// A tree is a page as a screen reader has it.
type tree []heard

// A heard is one node of it.
type heard struct {
	role, name, description string
	text                    string // of all that is inside
	states                  map[string]string
}

func (h heard) state(name string) string { return h.states[name] }

// tree asks the browser for what it tells a screen reader.
func (p *tab) tree() tree {
	p.t.Helper()
	nodes := command(p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	byID := map[accessibility.NodeID]*accessibility.Node{}
	for _, n := range nodes {
		byID[n.NodeID] = n
	}
	var found tree
	for _, n := range nodes {
		if n.Ignored {
			continue
		}
		h := heard{role: said(n.Role), name: said(n.Name), description: said(n.Description), text: inside(n, byID), states: map[string]string{}}
		for _, property := range n.Properties {
			h.states[string(property.Name)] = said(property.Value)
		}
		found = append(found, h)
	}
	return found
}

// says waits until the tree has a text as its role, since a browser makes the
// tree some time after the page. It returns the tree of that moment, or the last
// one, about which the caller's assertions speak.
func (p *tab) says(role, text string) tree {
	p.t.Helper()
	for end := time.Now().Add(patience); ; {
		all := p.tree()
		if time.Now().After(end) || slices.ContainsFunc(all.all(role), func(h heard) bool { return h.text == text }) {
			return all
		}
		p.do("wait for the "+role+" to say "+text, chromedp.Sleep(50*time.Millisecond))
	}
}

// said is a value of the tree as text.
func said(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(v.Value), `"`)
}

func inside(n *accessibility.Node, byID map[accessibility.NodeID]*accessibility.Node) string {
	var words []string
	if said(n.Role) == "StaticText" {
		words = append(words, said(n.Name))
	}
	for _, id := range n.ChildIDs {
		if child := byID[id]; child != nil {
			words = append(words, inside(child, byID))
		}
	}
	return strings.TrimSpace(strings.Join(words, ""))
}

// all are the nodes of a role that have a name or a text.
func (all tree) all(role string) tree {
	var found tree
	for _, h := range all {
		if h.role == role && h.name+h.text != "" {
			found = append(found, h)
		}
	}
	return found
}

func (all tree) one(t *testing.T, role string) heard {
	t.Helper()
	found := all.all(role)
	require.Len(t, found, 1, role)
	return found[0]
}

func (all tree) has(text string) bool {
	for _, h := range all {
		if strings.Contains(h.name, text) {
			return true
		}
	}
	return false
}

// hear asserts what every page owes to those who listen to it.
func (p *tab) hear() {
	p.t.Helper()
	all := p.tree()
	where := p.at.Path + " " + p.at.Title
	for _, role := range []string{"banner", "main", "navigation", "contentinfo"} {
		assert.Equal(p.t, 1, all.count(role), "%s on %s", role, where)
	}
	first := 0
	for _, h := range all {
		switch h.role {
		case "heading":
			if h.state("level") == "1" {
				first++
			}
		case "textbox", "combobox", "checkbox", "radio", "button", "link", "searchbox":
			assert.NotEmpty(p.t, h.name, "a nameless %s on %s", h.role, where)
		case "image":
			assert.NotEmpty(p.t, h.name, "an image without words on %s", where)
		}
	}
	assert.Equal(p.t, 1, first, "headings of the first level on %s", where)
}

func (all tree) count(role string) (n int) {
	for _, h := range all {
		if h.role == role {
			n++
		}
	}
	return n
}
