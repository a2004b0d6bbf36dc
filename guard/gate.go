package guard

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
)

const (
	vendor     = "guard"
	storeTime  = 2 * time.Second        // for a decision, if the caller sets no deadline
	noticeTime = 100 * time.Millisecond // for what nobody waits for
	otherPrice = "other"
	emailPrice = "email"
)

// A gate decides for a Verifier or a Messenger.
type gate struct {
	cfg     Config
	names   namer
	memory  bool
	needsIP bool
	kinds   []Kind
	pool    sync.Pool
}

func (g *gate) passage() *passage {
	if p, ok := g.pool.Get().(*passage); ok {
		return p
	}
	return new(passage)
}

func (g *gate) done(p *passage) {
	*p = passage{}
	g.pool.Put(p)
}

func newGate(cfg Config) (*gate, error) {
	needsIP := cfg.IP != (Limit{})
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	g := &gate{cfg: cfg, names: newNamer(cfg.Key, cfg.Store), needsIP: needsIP, kinds: allKinds}
	_, g.memory = cfg.Store.(*MemoryStore)
	if cfg.Kinds != nil {
		g.kinds = nil
		for _, kind := range cfg.Kinds {
			g.kinds = append(g.kinds, Kind(kind))
		}
	}
	g.cfg.Countries, g.cfg.Key = slices.Clone(cfg.Countries), nil
	return g, nil
}

// The rules that refuse a Send, as observe.Event.Rule has them.
const (
	RuleCountry   = "countries"
	RuleKind      = "kinds"
	RuleProxy     = "proxy"      // the client address is a proxy's
	RuleAddress   = "ip_missing" // there is none
	RuleStore     = "store"      // it did not answer
	RuleRecipient = "recipient"
	RulePrefix    = "prefix"
	RuleTotal     = "total"
	RuleLimit     = "country" // the limit of one
	RuleIP        = "ip"
	RuleBudget    = "budget"
	RuleConvert   = "convert"
)

// A passage is one Send on its way through. Its room is used again: a store keeps
// nothing of a Send.
type passage struct {
	send   Send
	counts [maxCounts]Count
	area   Area
	to     string
}

// admit decides on one Send. An error refuses it, unless the guard only observes;
// then the passage is of a Send that was not counted.
func (g *gate) admit(ctx context.Context, p *passage, req verify.SendRequest) error {
	p.to = req.To
	code := verify.CallingCode(req.To)
	if code != "" {
		p.area = g.areaOf(code, req.To)
		if rule := g.forbids(p.area); rule != "" {
			return g.refuse(ctx, p, rule, "", &verify.Error{Outcome: verify.ErrBlocked, Detail: details[rule]})
		}
	}
	client := unwrap(req.ClientIP)
	if rule := g.distrusts(client.IsValid(), client.IsValid() && isProxy(client)); rule != "" {
		return g.refuse(ctx, p, rule, "", &verify.Error{Outcome: verify.ErrUnsupported, Detail: details[rule]})
	}
	binary.LittleEndian.PutUint64(p.send.ID[:8], rand.Uint64()) //nolint:gosec // it names a call, and nobody may guess it or not
	binary.LittleEndian.PutUint64(p.send.ID[8:], rand.Uint64()) //nolint:gosec // as above
	p.send.Counts = g.counts(p.counts[:0], req.To, code, p.area)
	if client.IsValid() {
		p.send.Counts = g.addresses(p.send.Counts, client)
	}

	d, err := g.ask(ctx, p.send)
	if err != nil {
		return g.refuse(ctx, p, RuleStore, "", &verify.Error{Outcome: verify.ErrUnavailable, Detail: details[RuleStore], Err: callctx.Ended(err)})
	}
	for _, i := range d.Closed {
		g.tell(ctx, p, RuleConvert, p.send.Counts[i].Name.String(), "")
	}
	if d.Admitted {
		return nil
	}
	rule := ruleOf(p.send.Counts[d.By].Name, d.Reason)
	return g.refuse(ctx, p, rule, p.send.Counts[d.By].Name.String(), &verify.Error{Outcome: verify.ErrTooManySends, Detail: details[rule], RetryAfter: d.Wait})
}

func (g *gate) ask(ctx context.Context, s Send) (Decision, error) {
	if _, bounded := ctx.Deadline(); !g.memory && !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, storeTime)
		defer cancel()
	}
	return g.cfg.Store.Admit(ctx, s)
}

// areaOf prefers what the configuration says of numbers that are new.
func (g *gate) areaOf(code, to string) Area {
	a := areaIn(code, to)
	longest := 0
	for digits, region := range g.cfg.Regions {
		if len(digits) > longest && strings.HasPrefix(to[1:], digits) {
			longest, a.Region = len(digits), region
		}
	}
	return a
}

func (g *gate) forbids(a Area) (rule string) {
	switch {
	case g.cfg.Countries != nil && !slices.Contains(g.cfg.Countries, a.Region):
		return RuleCountry
	case a.Kind != Ordinary && slices.Contains(g.kinds, a.Kind):
		return RuleKind
	}
	return ""
}

func (g *gate) distrusts(given, proxy bool) (rule string) {
	switch {
	case !given && g.needsIP:
		return RuleAddress
	case proxy && !g.cfg.Private:
		return RuleProxy
	}
	return ""
}

// counts are all but those of the client address. That of the recipient is the first.
func (g *gate) counts(counts []Count, to, code string, a Area) []Count {
	c := &g.cfg
	counts = append(counts, Count{Name: g.names.recipient(to), Limit: c.Recipient, Adds: 1, Everybody: true, Keep: keepRecipient})
	place := emailPrice
	if code != "" {
		place = country(to, a)
		for i, l := range [...]Limit{c.Prefix2, c.Prefix4, c.Prefix} {
			if name, ok := prefixOf(to, code, prefixLengths[i]); ok {
				counts = append(counts, Count{Name: name, Limit: l, Adds: 1, Floor: int64(max(c.Convert, 0)), Keep: keepPrefix})
			}
		}
		counts = append(counts, Count{Name: countryName(place), Limit: c.Country, Adds: 1, Floor: int64(max(c.ConvertCountry, 0)), Keep: keepCountry})
	}
	counts = append(counts, Count{Name: Name{NameTotal}, Limit: c.Total, Adds: 1, Keep: keepCountry})
	if c.Budget.Amount > 0 {
		price, ok := c.Prices[place]
		if !ok {
			price = c.Prices[otherPrice]
		}
		counts = append(counts, Count{
			Name: Name{NameBudget}, Limit: Limit{int64(c.Budget.Amount), c.Budget.Window}, Adds: int64(price), Everybody: true, Keep: keepCountry,
		})
	}
	return counts
}

// addresses adds those of the client.
func (g *gate) addresses(counts []Count, client netip.Addr) []Count {
	limit := g.cfg.IP
	address, network := networks(client)
	counts = append(counts, Count{Name: g.names.network(NameAddress, address), Limit: limit, Adds: 1})
	if network.IsValid() {
		limit.Sends *= perNetwork
		counts = append(counts, Count{Name: g.names.network(NameNetwork, network), Limit: limit, Adds: 1})
	}
	return counts
}

// perNetwork is how many limits of a /64 a /48 has.
const perNetwork = 4
