package main

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// The buckets. All keys but those of accounts, authy, apps, passkeys, papers and keys are "account/id", so that
// nobody's record can be reached under another's name.
const (
	accounts   = "accounts"
	logins     = "logins"
	challenges = "challenges"
	transfers  = "transfers"
	devices    = "devices"
	authyIDs   = "authy"    // by a keyed hash of the phone
	apps       = "apps"     // by package totp's key
	passkeyIDs = "passkeys" // whose they are
	papers     = "papers"   // recovery codes, by package recovery's key
	keys       = "keys"
)

// A store is one bbolt file. What must happen together, or once, happens in one
// transaction, and no transaction is held open while a vendor is asked.
type store struct {
	*bolt.DB
	folder string // to remove at the end, or empty
}

// openStore opens the file at path. With an empty path it makes one that ends
// with the program.
func openStore(path string) (*store, error) {
	s := &store{}
	options := &bolt.Options{Timeout: time.Second}
	if path == "" {
		folder, err := os.MkdirTemp("", "login-")
		if err != nil {
			return nil, err
		}
		s.folder, path = folder, filepath.Join(folder, "accounts.db")
		options.NoSync = true // nothing of it may outlive the program
	}
	db, err := bolt.Open(path, 0o600, options)
	if err != nil {
		return nil, err
	}
	s.DB = db
	return s, db.Update(func(tx *bolt.Tx) error {
		for _, bucket := range []string{accounts, logins, challenges, transfers, devices, authyIDs, apps, passkeyIDs, papers, keys} {
			if _, err := tx.CreateBucketIfNotExists([]byte(bucket)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *store) close() {
	_ = s.Close() // the program ends next
	if s.folder != "" {
		_ = os.RemoveAll(s.folder) // the same
	}
}

// load returns the record at key, or false if there is none.
func load[T any](tx *bolt.Tx, bucket, key string) (T, bool) {
	var v T
	text := tx.Bucket([]byte(bucket)).Get([]byte(key))
	return v, text != nil && json.Unmarshal(text, &v) == nil
}

func save(tx *bolt.Tx, bucket, key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(bucket)).Put([]byte(key), text)
}

func drop(tx *bolt.Tx, bucket, key string) error {
	return tx.Bucket([]byte(bucket)).Delete([]byte(key))
}

// all returns the records whose keys begin with prefix, by key.
func all[T any](tx *bolt.Tx, bucket, prefix string) map[string]T {
	found := map[string]T{}
	c := tx.Bucket([]byte(bucket)).Cursor()
	for k, text := c.Seek([]byte(prefix)); k != nil && len(k) >= len(prefix) && string(k[:len(prefix)]) == prefix; k, text = c.Next() {
		var v T
		if json.Unmarshal(text, &v) == nil {
			found[string(k)] = v
		}
	}
	return found
}

// dropWhere removes the records below prefix that are meant.
func dropWhere[T any](tx *bolt.Tx, bucket, prefix string, meant func(key string, v T) bool) error {
	for key, v := range all[T](tx, bucket, prefix) {
		if !meant(key, v) {
			continue
		}
		if err := drop(tx, bucket, key); err != nil {
			return err
		}
	}
	return nil
}

// secret returns the site's key, made on first use. Who keeps backups of the file
// keeps the key elsewhere.
func (s *store) secret() (key []byte, err error) {
	err = s.Update(func(tx *bolt.Tx) error {
		var ok bool
		if key, ok = load[[]byte](tx, keys, "site"); ok {
			return nil
		}
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails: it ends the program instead
		return save(tx, keys, "site", key)
	})
	return key, err
}

// sweep removes what has ended.
func (s *store) sweep() error {
	now := time.Now()
	return s.Update(func(tx *bolt.Tx) error {
		if err := dropWhere(tx, logins, "", func(_ string, l login) bool { return l.over(now) }); err != nil {
			return err
		}
		if err := dropWhere(tx, challenges, "", func(_ string, c challenge) bool { return now.After(c.Ends) }); err != nil {
			return err
		}
		return dropWhere(tx, devices, "", func(_ string, d device) bool { return now.After(d.Ends) })
	})
}
