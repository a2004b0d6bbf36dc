package plans

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// deepest is how many digits behind the calling code are looked at to tell regions
// and kinds apart; then the first answer in the order of the library counts.
const deepest = 8

// global are ITU-T E.164's global services, which are of one kind: satellites and
// networks that cost as much, and universal personal numbers. Source:
// https://www.itu.int/pub/T-SP-E.164D.
var global = map[int]string{870: "satellite", 881: "satellite", 882: "satellite", 883: "satellite", 878: "personal"}

// Areas returns the text of internal/areas/areas.txt.
func Areas() (string, error) {
	data, err := phonenumbers.MetadataCollection()
	if err != nil {
		return "", err
	}
	byCode := map[int]map[string]*phonenumbers.PhoneMetadata{}
	for _, m := range data.GetMetadata() {
		code := int(m.GetCountryCode())
		if byCode[code] == nil {
			byCode[code] = map[string]*phonenumbers.PhoneMetadata{}
		}
		byCode[code][m.GetId()] = m
	}
	var b strings.Builder
	b.WriteString(areasHead)
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		if err := writeArea(&b, code, byCode[code]); err != nil {
			return "", fmt.Errorf("areas: %d: %w", code, err)
		}
	}
	return b.String(), nil
}

const areasHead = `# Written by go generate in tests; do not edit. A line is a calling code, a region, a
# kind where it is not an ordinary number, and what follows the calling code: the
# longest of these that a number begins with counts. 90/8 is for numbers of 8 digits
# behind the calling code only, and a star for every number of it. Numbers that no
# line names belong to no region.
`

func writeArea(b *strings.Builder, code int, regions map[string]*phonenumbers.PhoneMetadata) error {
	order := phonenumbers.GetRegionCodesForCountryCode(code)
	a := &area{memo: map[string]answers{}, most: maxDigits - len(strconv.Itoa(code))}
	for _, id := range order {
		if err := a.add(id, regions[id], len(order) > 1); err != nil {
			return err
		}
	}
	found := map[string][]string{}
	a.walk("", a.start(), found)
	if kind := global[code]; kind != "" {
		found = map[string][]string{order[0] + " " + kind: {"*"}}
	} else if len(order) == 1 && !a.isUniform() {
		found[order[0]] = []string{"*"} // and so for what no pattern names
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(b, "%d %s: %s\n", code, name, strings.Join(found[name], " "))
	}
	return nil
}

// An area tells the numbers of one calling code apart, as the library does: by the
// patterns of its regions, in their order.
type area struct {
	patterns []*pattern
	regions  []areaRegion
	names    []string // of answers, "JM", "JM premium"
	memo     map[string]answers
	most     int // digits
}

// answers are sets of positions in names: of whole numbers by their count of digits,
// and of what only begins as the numbers of a region do, which counts where there
// are no others.
type answers struct {
	whole [maxDigits + 1]set
	begun set
}

// A set is one of at most 128 positions.
type set [2]uint64

func one(i int) (s set) {
	s[i/64] = 1 << (i % 64)
	return s
}

func (s set) with(other set) set { return set{s[0] | other[0], s[1] | other[1]} }

func (s set) size() int { return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) }

func (s set) first() int {
	if s[0] != 0 {
		return bits.TrailingZeros64(s[0])
	}
	return 64 + bits.TrailingZeros64(s[1])
}

func (x answers) with(y answers) answers {
	x.begun = x.begun.with(y.begun)
	for i := range x.whole {
		x.whole[i] = x.whole[i].with(y.whole[i])
	}
	return x
}

// set is what there is for numbers of any length.
func (x answers) set() (all set) {
	for _, whole := range x.whole {
		all = all.with(whole)
	}
	if all.size() > 0 {
		return all
	}
	return x.begun
}

// byLength reports whether numbers of one length have one answer.
func (x answers) byLength() bool {
	return !slices.ContainsFunc(x.whole[:], func(s set) bool { return s.size() > 1 })
}

type areaRegion struct {
	leading *pattern // nil: the patterns of its kinds decide
	general *pattern
	kinds   []areaKind // in the order in which the library looks
	plain   int        // its answer
}

type areaKind struct {
	pattern *pattern
	answer  int
}

type pattern struct {
	index   int
	prog    *syntax.Prog
	lengths []int32
}

func (a *area) add(id string, m *phonenumbers.PhoneMetadata, shared bool) error {
	var err error
	compile := func(text string, lengths []int32) *pattern {
		p, e := a.compile(text, lengths)
		if e != nil {
			err = e
		}
		return p
	}
	r := areaRegion{plain: a.name(id, "")}
	if leading := m.GetLeadingDigits(); leading != "" && shared {
		r.leading = compile("(?:"+leading+`)\d*`, nil)
	}
	general := m.GetGeneralDesc()
	r.general = compile(general.GetNationalNumberPattern(), general.GetPossibleLength())
	for _, k := range []struct {
		kind string
		desc *phonenumbers.PhoneNumberDesc
	}{
		{"premium", m.GetPremiumRate()}, {"", m.GetTollFree()}, {"shared", m.GetSharedCost()}, {"", m.GetVoip()},
		{"personal", m.GetPersonalNumber()}, {"pager", m.GetPager()}, {"", m.GetUan()}, {"", m.GetVoicemail()},
		{"", m.GetFixedLine()}, {"", m.GetMobile()},
	} {
		if text := k.desc.GetNationalNumberPattern(); text != "" && text != "NA" {
			r.kinds = append(r.kinds, areaKind{compile(text, k.desc.GetPossibleLength()), a.name(id, k.kind)})
		}
	}
	a.regions = append(a.regions, r)
	return err
}

func (a *area) name(region, kind string) int {
	name := strings.TrimSpace(region + " " + kind)
	i := slices.Index(a.names, name)
	if i < 0 {
		i = len(a.names)
		a.names = append(a.names, name)
	}
	return i
}

func (a *area) compile(text string, lengths []int32) (*pattern, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(parsed.Simplify())
	p := &pattern{len(a.patterns), prog, lengths}
	a.patterns = append(a.patterns, p)
	return p, err
}

// A spot is where all patterns stand after some digits.
type spot struct {
	digits int
	at     [][]int // instructions, for each pattern
}

func (a *area) start() spot {
	s := spot{at: make([][]int, len(a.patterns))}
	for i, p := range a.patterns {
		s.at[i] = []int{p.prog.Start}
	}
	return s
}

func (a *area) next(s spot, digit rune) spot {
	n := spot{digits: s.digits + 1, at: make([][]int, len(s.at))}
	for i, p := range a.patterns {
		for _, pc := range consumers(p.prog, slices.Clone(s.at[i])) {
			if in := p.prog.Inst[pc]; in.MatchRune(digit) {
				n.at[i] = append(n.at[i], int(in.Out))
			}
		}
		slices.Sort(n.at[i])
		n.at[i] = slices.Compact(n.at[i])
	}
	return n
}

// matches reports whether the digits so far are a whole number of p.
func (s spot) matches(p *pattern) bool {
	if len(p.lengths) > 0 && !slices.Contains(p.lengths, int32(s.digits)) { //nolint:gosec // at most 15
		return false
	}
	seen, from := map[int]bool{}, slices.Clone(s.at[p.index])
	for len(from) > 0 {
		pc := from[len(from)-1]
		from = from[:len(from)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch in := p.prog.Inst[pc]; in.Op {
		case syntax.InstMatch:
			return true
		case syntax.InstAlt, syntax.InstAltMatch:
			from = append(from, int(in.Out), int(in.Arg))
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			from = append(from, int(in.Out))
		}
	}
	return false
}

// answer is what the library says of the digits so far as a whole number.
func (a *area) answer(s spot) answers {
	for _, r := range a.regions {
		kind := r.kind(s)
		switch {
		case r.leading != nil && !s.matches(r.leading):
		case kind >= 0:
			var x answers
			x.whole[s.digits] = one(kind)
			return x
		case r.leading != nil:
			return answers{begun: one(r.plain)}
		}
	}
	return answers{}
}

func (r areaRegion) kind(s spot) int {
	if !s.matches(r.general) {
		return -1
	}
	for _, k := range r.kinds {
		if s.matches(k.pattern) {
			return k.answer
		}
	}
	return -1
}

// all returns the answers for all numbers that go on from here.
func (a *area) all(s spot) answers {
	key := fmt.Sprint(s)
	if known, ok := a.memo[key]; ok {
		return known
	}
	var all answers
	if s.digits >= 4 {
		all = a.answer(s)
	}
	if s.digits < a.most && !s.isDead() {
		for d := '0'; d <= '9'; d++ {
			all = all.with(a.all(a.next(s, d)))
		}
	}
	a.memo[key] = all
	return all
}

func (s spot) isDead() bool {
	for _, at := range s.at {
		if len(at) > 0 {
			return false
		}
	}
	return true
}

// isUniform reports whether all numbers have one answer.
func (a *area) isUniform() bool { return a.all(a.start()).set().size() == 1 }

// walk finds the shortest prefixes with one answer, or with one for each length.
func (a *area) walk(prefix string, s spot, found map[string][]string) {
	x := a.all(s)
	all := x.set()
	emit := func(s set, prefix string) {
		name := a.names[s.first()]
		found[name] = append(found[name], prefix)
	}
	switch {
	case all.size() == 0:
	case all.size() == 1:
		emit(all, cmp.Or(prefix, "*"))
	case prefix != "" && x.byLength(), len(prefix) == deepest:
		for length, s := range x.whole {
			if s.size() > 0 {
				emit(s, prefix+"/"+strconv.Itoa(length))
			}
		}
	default:
		for d := '0'; d <= '9'; d++ {
			a.walk(prefix+string(d), a.next(s, d), found)
		}
	}
}
