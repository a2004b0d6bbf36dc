package guard

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// UnmarshalText reads "20/1h": so many sends in so much time.
func (l *Limit) UnmarshalText(text []byte) error {
	number, window, ok := strings.Cut(string(text), "/")
	n, err1 := strconv.ParseUint(number, 10, 31)
	d, err2 := time.ParseDuration(window)
	if !ok || err1 != nil || err2 != nil || n == 0 || !isWindow(d) {
		return errors.New("must be a number and a time of 1s to 720h, such as 20/1h")
	}
	*l = Limit{Sends: int64(n), Window: d}
	return nil
}

// longestWindow bounds what a store must remember.
const longestWindow = 30 * 24 * time.Hour

func isWindow(d time.Duration) bool { return d >= time.Second && d <= longestWindow }

// Money is an amount in ten-thousandths of whatever currency the prices are in.
type Money int64

// unit is one whole.
const unit = 10_000

// UnmarshalText reads "0.0432".
func (m *Money) UnmarshalText(text []byte) error {
	n, ok := decimal(string(text), 4)
	if !ok || n > maxMoney {
		return errors.New("must be an amount below 400000 with at most 4 decimals, such as 0.0432")
	}
	*m = Money(n)
	return nil
}

const maxMoney = 400_000 * unit // what the counters hold

// String returns the amount with at most 4 decimals.
func (m Money) String() string {
	text := strconv.FormatFloat(float64(m)/unit, 'f', 4, 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// A Budget is the most that may be spent within a window of time.
type Budget struct {
	Amount Money
	Window time.Duration
}

// UnmarshalText reads "250/24h".
func (b *Budget) UnmarshalText(text []byte) error {
	amount, window, ok := strings.Cut(string(text), "/")
	var m Money
	d, err := time.ParseDuration(window)
	if !ok || m.UnmarshalText([]byte(amount)) != nil || m == 0 || err != nil || !isWindow(d) {
		return errors.New("must be an amount and a time of 1s to 720h, such as 250/24h")
	}
	*b = Budget{m, d}
	return nil
}

// A Share is a part of a thousand: 200 is a fifth.
type Share int64

// Off is a share of approvals that closes nothing.
const Off Share = -1

// UnmarshalText reads "0.2", and "off".
func (s *Share) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*s = Off
		return nil
	}
	n, ok := decimal(string(text), 3)
	if !ok || n < 1 || n > 1000 {
		return errors.New("must be 0.001 to 1, or off")
	}
	*s = Share(n)
	return nil
}

// decimal reads a number with at most so many decimals, and moves the point behind
// them.
func decimal(s string, places int) (int64, bool) {
	whole, part, dot := strings.Cut(s, ".")
	if len(part) > places || dot && part == "" || whole == "" || len(whole) > 9 || strings.Trim(whole+part, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", places-len(part)), 10, 64)
	return n, err == nil
}
