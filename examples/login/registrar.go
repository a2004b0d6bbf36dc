package main

import (
	"context"
	"errors"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
)

// A registrar is a vendor that knows people by a registration: Authy's users. It
// decides by itself whether a person gets a message or a code of its app.
type registrar interface {
	Register(ctx context.Context, email, phone string) error
	Delete(ctx context.Context, phone string) error
}

var _ registrar = (*authy.Users)(nil)

// register makes the owner of a pending number known to the vendor, which sends
// nothing. A number that somebody has proven is known already: a stranger who
// types it in must not put his own address beside it.
func (s *site) register(ctx context.Context, email, phone string) error {
	if s.isProven(phone) {
		return nil
	}
	err := s.registrar.Register(ctx, email, phone)
	if errors.Is(err, verify.ErrOutcomeUnknown) {
		return refusal("send", verify.ErrUnavailable, 0) // nothing was sent, and it may be done again
	}
	return err
}

// unregister has the vendor forget a number that nobody has any more.
func (s *site) unregister(ctx context.Context, phone string) {
	if s.registrar == nil || phone == "" || s.isProven(phone) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
	defer cancel()
	if err := s.registrar.Delete(ctx, phone); err != nil {
		s.log.Error("the vendor still knows a number that was given up", "error", err)
	}
}

// isProven reports whether an account has proven the number. A database of many
// accounts has an index for it.
func (s *site) isProven(phone string) (proven bool) {
	_ = s.store.View(func(tx *bolt.Tx) error { // never fails: it only reads
		for _, a := range all[account](tx, accounts, "") {
			proven = proven || a.has(phone)
		}
		return nil
	})
	return proven
}

// A directory keeps the ids of Authy's users in the site's database. Phones are
// kept as keyed hashes.
type directory struct{ store *store }

var _ authy.Directory = directory{}

func (d directory) key(phone string) (string, error) {
	secret, err := d.store.secret()
	return mac(secret, "authy", phone), err
}

// AuthyID implements [authy.Directory].
func (d directory) AuthyID(_ context.Context, phone string) (id string, ok bool, err error) {
	key, err := d.key(phone)
	if err != nil {
		return "", false, err
	}
	err = d.store.View(func(tx *bolt.Tx) error {
		id, ok = load[string](tx, authyIDs, key)
		return nil
	})
	return id, ok, err
}

// SetAuthyID implements [authy.Directory].
func (d directory) SetAuthyID(_ context.Context, phone, id string) error {
	key, err := d.key(phone)
	if err != nil {
		return err
	}
	return d.store.Update(func(tx *bolt.Tx) error { return save(tx, authyIDs, key, id) })
}

// DeleteAuthyID implements [authy.Directory].
func (d directory) DeleteAuthyID(_ context.Context, phone string) error {
	key, err := d.key(phone)
	if err != nil {
		return err
	}
	return d.store.Update(func(tx *bolt.Tx) error { return drop(tx, authyIDs, key) })
}
