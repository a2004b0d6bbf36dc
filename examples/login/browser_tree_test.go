package main

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
)

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

// one is the only node of a role, or nothing.
func (all tree) one(role string) heard {
	if found := all.all(role); len(found) == 1 {
		return found[0]
	}
	return heard{}
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
	becomes(p, "", "what is wrong for those who listen", func() string { return p.tree().faults() })
}

// faults are what a page lacks, in words.
func (all tree) faults() string {
	var found []string
	for _, role := range []string{"banner", "main", "navigation", "contentinfo"} {
		if n := all.count(role); n != 1 {
			found = append(found, fmt.Sprintf("%d times %s", n, role))
		}
	}
	first := 0
	for _, h := range all {
		switch h.role {
		case "heading":
			if h.state("level") == "1" {
				first++
			}
		case "textbox", "combobox", "checkbox", "radio", "button", "link", "searchbox", "image":
			if h.name == "" {
				found = append(found, "a nameless "+h.role)
			}
		}
	}
	if first != 1 {
		found = append(found, fmt.Sprintf("%d headings of the first level", first))
	}
	return strings.Join(found, ", ")
}

func (all tree) count(role string) (n int) {
	for _, h := range all {
		if h.role == role {
			n++
		}
	}
	return n
}
