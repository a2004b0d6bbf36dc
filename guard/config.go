package guard

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/areas"
	"github.com/go2fa/verify/observe"
)

const (
	minKey     = 32        // bytes
	maxEntries = 1_000_000 // records that the limits let come into being
)

// A Config says whom codes may be sent to, and how many.
type Config struct {
	// Verifier sends and checks. Required by New.
	Verifier verify.Verifier

	// Store keeps the counts. Defaults to a MemoryStore, which serves one process.
	Store Store

	// Key hides recipients and client addresses from the store: at least 32 random
	// bytes, the same in every process. Required if Store is shared; a MemoryStore
	// does without. New copies it.
	Key []byte `json:"-" dsn:"guard_key" example:"env:GUARD_KEY"`

	// Countries are the regions of ISO 3166-1 that codes are sent to, such as DK.
	// Countries that share a calling code are told apart, so that US is not Jamaica.
	// A number of no known region is refused, and so are 001 and its services, unless
	// listed. Defaults to all.
	Countries []string `dsn:"countries" example:"DK,GB,US"`

	// Regions name the region of numbers that are newer than this version: a key is
	// the first digits with the calling code and without the plus, such as 1357.
	// Defaults to none.
	Regions map[string]string `dsn:"region.NAME" example:"US"`

	// Kinds are the kinds of numbers that are refused: premium, shared, satellite,
	// personal, pager, or none. Defaults to premium,shared,satellite,personal,pager.
	Kinds []string `dsn:"kinds" default:"premium,shared,satellite,personal,pager" example:"premium,satellite"`

	// Recipient limits the sends to one recipient, over all scopes, known ones too.
	// Defaults to 10/1h.
	Recipient Limit `dsn:"recipient" default:"10/1h" example:"6/1h"`

	// Prefix limits the sends to strangers whose numbers begin alike: calling code
	// and six digits, the last four digits of a number left out. Defaults to 20/1h.
	Prefix Limit `dsn:"prefix" default:"20/1h" example:"50/1h"`
	// Prefix4 is the same for calling code and four digits. Defaults to three times
	// Prefix.
	Prefix4 Limit `dsn:"prefix4" example:"150/1h"`
	// Prefix2 is the same for calling code and two digits. Defaults to ten times
	// Prefix.
	Prefix2 Limit `dsn:"prefix2" example:"500/1h"`

	// Country limits the sends to strangers of one country. Defaults to 500/1h.
	Country Limit `dsn:"country" default:"500/1h" example:"2000/1h"`

	// IP limits the sends to strangers from one client address, which
	// verify.WithClientIP tells: an IPv4 address or an IPv6 network of /64, and four
	// times as many for a /48. If it is set, a Send without an address is
	// ErrUnsupported; by default, 30/10m, such a Send is not counted here.
	IP Limit `dsn:"ip" example:"10/10m"`
	// Private permits client addresses of private networks. Without it they are
	// refused, since an address such as 10.0.0.1 is that of a proxy, and all people
	// would share one limit. Defaults to false.
	Private bool `dsn:"private" default:"false" example:"true"`

	// Total limits the sends to strangers over all. Defaults to 5000/1h.
	Total Limit `dsn:"total" default:"5000/1h" example:"20000/1h"`

	// Convert is the share of strangers' codes that must be approved, of numbers that
	// begin alike. Below it such numbers are refused for 15 minutes, then twice as
	// long. It is judged by sends older than 5 minutes, at least 20. Defaults to 0.2;
	// off switches it off.
	Convert Share `dsn:"convert" default:"0.2" example:"0.3"`
	// ConvertCountry is the same over a whole country. It refuses honest strangers of
	// a country that is attacked. Defaults to off.
	ConvertCountry Share `dsn:"convert_country" default:"off" example:"0.1"`

	// Budget is how much may be spent, by Prices, known recipients included. Defaults
	// to no limit.
	Budget Budget `dsn:"budget" example:"250/24h"`
	// Prices of one Send by region, and for all others under other: needed for
	// Budget. E-mail has the region email. Defaults to none.
	Prices map[string]Money `dsn:"price.NAME" example:"0.0432"`

	// Observe counts and tells, and refuses nothing: for the first weeks. Defaults to
	// false.
	Observe bool `dsn:"observe" default:"false" example:"true"`

	// Observer gets an event of each refusal, of each prefix that is closed, of a
	// client address that is a proxy's, and of a store that fails. Defaults to none.
	Observer observe.Observer `json:"-"`
}

// Format keeps the key of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("guard.Config{[hidden]}")) }

var allKinds = []Kind{Premium, SharedCost, Satellite, Personal, Pager}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	hour := func(n int64) Limit { return Limit{n, time.Hour} }
	c.Recipient, c.Prefix = cmp.Or(c.Recipient, hour(10)), cmp.Or(c.Prefix, hour(20))
	c.Prefix4 = cmp.Or(c.Prefix4, Limit{3 * c.Prefix.Sends, c.Prefix.Window})
	c.Prefix2 = cmp.Or(c.Prefix2, Limit{10 * c.Prefix.Sends, c.Prefix.Window})
	c.Country, c.Total = cmp.Or(c.Country, hour(500)), cmp.Or(c.Total, hour(5000))
	c.IP = cmp.Or(c.IP, Limit{30, 10 * time.Minute})
	c.Convert, c.ConvertCountry = cmp.Or(c.Convert, 200), cmp.Or(c.ConvertCountry, Off)
	if c.Store == nil {
		c.Store = new(MemoryStore)
	}
	return c
}

// validate refuses what cannot be meant, after the defaults.
func (c Config) validate() error {
	_, memory := c.Store.(*MemoryStore)
	if (!memory || c.Key != nil) && len(c.Key) < minKey {
		return errors.New("guard: Key must be at least 32 random bytes, the same in every process")
	}
	for _, l := range []struct {
		name string
		Limit
	}{
		{"Recipient", c.Recipient}, {"Prefix", c.Prefix}, {"Prefix4", c.Prefix4}, {"Prefix2", c.Prefix2},
		{"Country", c.Country}, {"IP", c.IP}, {"Total", c.Total},
	} {
		if l.Sends < 1 || l.Sends > 1<<30 || !isWindow(l.Window) {
			return errors.New("guard: " + l.name + " must be at least one send, within 1 second to 30 days")
		}
	}
	switch n := c.entries(); {
	case c.Convert != Off && (c.Convert < 0 || c.Convert > 1000):
		return errors.New("guard: Convert must be 1 to 1000 of a thousand, or Off")
	case c.ConvertCountry != Off && (c.ConvertCountry < 0 || c.ConvertCountry > 1000):
		return errors.New("guard: ConvertCountry must be 1 to 1000 of a thousand, or Off")
	case n > maxEntries:
		return fmt.Errorf("guard: Total lets %d records come into being, and at most %d can be kept: lower it, or shorten the windows", n, maxEntries)
	}
	return errors.Join(c.validateCountries(), c.validateBudget())
}

func (c Config) validateCountries() error {
	for _, region := range c.Countries {
		if !areas.IsRegion(region) {
			return errors.New("guard: Countries must be codes of ISO 3166-1 such as DK, for which there are numbers")
		}
	}
	for digits, region := range c.Regions {
		if digits == "" || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" || !areas.IsRegion(region) {
			return errors.New("guard: Regions must have digits such as 1357 for keys, and codes of ISO 3166-1 for values")
		}
	}
	for _, kind := range c.Kinds {
		if !slices.Contains(allKinds, Kind(kind)) && (kind != "none" || len(c.Kinds) > 1) {
			return errors.New("guard: Kinds must be of premium, shared, satellite, personal and pager, or none")
		}
	}
	return nil
}

func (c Config) validateBudget() error {
	if c.Budget == (Budget{}) {
		return nil
	}
	if c.Budget.Amount < 1 || c.Budget.Amount > maxMoney || !isWindow(c.Budget.Window) {
		return errors.New("guard: Budget must be an amount below 400000, within 1 second to 30 days")
	}
	if _, ok := c.Prices[otherPrice]; !ok {
		return errors.New("guard: Prices need one for other, for Budget")
	}
	for region, price := range c.Prices {
		if price < 0 || region != otherPrice && region != emailPrice && !areas.IsRegion(region) {
			return errors.New("guard: Prices must not be negative, and are by codes of ISO 3166-1, email and other")
		}
	}
	return nil
}

// How long records are kept after their last Send.
const (
	keepRecipient = time.Hour // as long as any code lives
	keepPrefix    = 3 * time.Hour
	keepCountry   = 24 * time.Hour // there are few
)

// entries is how many records strangers' sends can make, by the total that limits
// them.
func (c Config) entries() int64 {
	within := func(w time.Duration) int64 {
		return int64(float64(c.Total.Sends) * max(1, (w+w/eighths).Seconds()/c.Total.Window.Seconds()))
	}
	n := within(max(c.Recipient.Window, keepRecipient)) + 2*within(c.IP.Window)
	for _, l := range []Limit{c.Prefix, c.Prefix4, c.Prefix2} {
		n += within(max(l.Window, keepPrefix))
	}
	return n
}
