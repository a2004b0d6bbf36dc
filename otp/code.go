package otp

import (
	"errors"
	"io"
)

const (
	minDigits     = 6 // NIST SP 800-63B-4 section 3.1.3.2
	maxDigits     = 10
	defaultDigits = 6
)

var (
	errRandom = errors.New("the random source failed")
	errStuck  = errors.New("the random source repeats itself")
)

// A draw is the randomness of one call.
type draw struct {
	names [32]byte // the attempt's ID, and the message's reference
	dice  [32]byte // what the digits are made of
	code  [maxDigits]byte
}

// shuffle fills names and dice. A source that fails, falls short, or gives the
// same twice makes no code at all: one that all could attempt would be worse.
func (d *draw) shuffle(random io.Reader) error {
	if err := read(random, d.names[:]); err != nil {
		return err
	}
	if d.id() == (ID{}) {
		return errStuck // the ID that names no call
	}
	return d.reroll(random)
}

// reroll fills dice anew.
func (d *draw) reroll(random io.Reader) error {
	if err := read(random, d.dice[:]); err != nil {
		return err
	}
	if d.dice == d.names || [16]byte(d.dice[:16]) == [16]byte(d.dice[16:]) {
		return errStuck
	}
	return nil
}

// read asks once: io.ReadFull would wait forever for a source that gives
// nothing and no error.
func read(random io.Reader, p []byte) error {
	if n, err := random.Read(p); n != len(p) || err != nil {
		return errRandom
	}
	return nil
}

func (d *draw) id() ID { return ID(d.names[:16]) }

// digits makes a code of n digits from dice. Bytes from 250 are thrown away, or
// the digits 0 to 5 would come up more often than the others.
func (d *draw) digits(n int) ([]byte, error) {
	code := d.code[:0]
	for _, b := range d.dice {
		if b < 250 && len(code) < n {
			code = append(code, '0'+b%10)
		}
	}
	if len(code) < n {
		return nil, errStuck
	}
	return code, nil
}
