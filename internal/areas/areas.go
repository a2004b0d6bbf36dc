// Package areas says which country a phone number is from and what it is for: a table
// made of the metadata of libphonenumber.
package areas

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// An Area is where a phone number is from: a region by ISO 3166-1, "001" for calling
// codes of no country, empty where the table knows no number of this form; and a kind,
// empty for an ordinary number.
type Area struct{ Region, Kind string }

// Of returns the area of a phone number in E.164 form, whose calling code is known.
// Without a code it is none.
func Of(code, to string) Area {
	if code == "" {
		return Area{}
	}
	t := table()
	return t.areas[t.find(to[1:], len(to)-1-len(code))]
}

// IsCode reports whether a calling code is one that somebody has.
func IsCode(code string) bool {
	_, found := table().codes[code]
	return found
}

// IsRegion reports whether the table has numbers of a region.
func IsRegion(region string) bool {
	return slices.ContainsFunc(table().areas, func(a Area) bool { return a.Region == region && region != "" })
}

//go:embed areas.txt
var areasText string

// table reads the text when it is first needed: a program that links this package and
// asks for no number does not wait for it.
func table() *areaTable {
	read.Do(func() { known = newAreaTable(areasText) })
	return known
}

var (
	read  sync.Once
	known *areaTable
)

// An areaTable is a trie over digits, whose root is the first node.
type areaTable struct {
	nodes []areaNode
	areas []Area // the first one is that of no country
	codes map[string]struct{}
}

type areaNode struct {
	next  [10]uint16 // zero: none
	area  uint16
	sized []sizedArea // for numbers of one length
}

type sizedArea struct {
	digits int // behind the calling code
	area   uint16
}

// newAreaTable reads areas.txt, which a test compares with its source.
func newAreaTable(text string) *areaTable {
	t := &areaTable{nodes: make([]areaNode, 1), areas: make([]Area, 1), codes: map[string]struct{}{}}
	for line := range strings.Lines(text) {
		name, prefixes, ok := strings.Cut(line, ":")
		words := strings.Fields(name)
		if !ok || name[0] == '#' || len(words) < 2 {
			continue
		}
		area := Area{Region: words[1]}
		if len(words) > 2 {
			area.Kind = words[2]
		}
		t.areas = append(t.areas, area)
		t.codes[words[0]] = struct{}{}
		for _, prefix := range strings.Fields(prefixes) {
			t.add(words[0], prefix, uint16(len(t.areas)-1)) //nolint:gosec // some hundreds
		}
	}
	return t
}

// add has numbers of a calling code that begin with prefix be of an area.
func (t *areaTable) add(code, prefix string, area uint16) {
	prefix, size, sized := strings.Cut(strings.TrimSuffix(prefix, "*"), "/")
	node := t.node(code + prefix)
	if !sized {
		node.area = area
		return
	}
	digits, _ := strconv.Atoi(size) // it is written by a program
	node.sized = append(node.sized, sizedArea{digits, area})
}

// node makes the node of some digits.
func (t *areaTable) node(digits string) *areaNode {
	at := uint16(0)
	for i := range len(digits) {
		d := digits[i] - '0'
		if t.nodes[at].next[d] == 0 {
			t.nodes[at].next[d] = uint16(len(t.nodes)) //nolint:gosec // some thousands
			t.nodes = append(t.nodes, areaNode{})
		}
		at = t.nodes[at].next[d]
	}
	return &t.nodes[at]
}

// find returns the area of the longest digits that fit a number, of which so many
// stand behind the calling code.
func (t *areaTable) find(number string, behind int) (area uint16) {
	at := uint16(0)
	for i := range len(number) {
		at = t.nodes[at].next[number[i]-'0']
		if at == 0 {
			break
		}
		node := &t.nodes[at]
		if node.area != 0 {
			area = node.area
		}
		for _, s := range node.sized {
			if s.digits == behind {
				area = s.area
			}
		}
	}
	return area
}
