package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// deviceLife is how long a device is remembered.
const deviceLife = 30 * 24 * time.Hour

// A device is a browser that the person asked to remember.
type device struct {
	Name    string // "Firefox on Linux"
	Network string // where it was used last
	Made    time.Time
	Used    time.Time
	Ends    time.Time

	key string // of its record
}

// mac is a keyed hash of parts, for one use.
func (s *site) mac(use string, parts ...string) string { return mac(s.key, use, parts...) }

func mac(key []byte, use string, parts ...string) string {
	h := hmac.New(sha256.New, key)
	for _, part := range append([]string{use}, parts...) {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes all
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// deviceCookie is one for each account, so that two persons can share a browser.
func (s *site) deviceCookie(name string) string {
	return s.cookie("device_" + s.mac("cookie", name)[:12])
}

// device returns the remembered device that a request comes from, or nil.
func (s *site) device(r *http.Request, name string) *device {
	cookie, err := r.Cookie(s.deviceCookie(name))
	if err != nil {
		return nil
	}
	id, signature, _ := strings.Cut(cookie.Value, ".")
	if !hmac.Equal([]byte(signature), []byte(s.mac("device", name, id))) {
		return nil
	}
	var found *device
	_ = s.store.View(func(tx *bolt.Tx) error { // never fails: it only reads
		if d, ok := load[device](tx, devices, name+"/"+id); ok && time.Now().Before(d.Ends) {
			d.key = name + "/" + id
			found = &d
		}
		return nil
	})
	return found
}

// An origin is the browser that a request comes from.
type origin struct {
	known    *device // remembered, or nil
	remember bool    // asks to be remembered from now on
	name     string
	network  string
}

func (s *site) origin(r *http.Request, name string) origin {
	return origin{
		known: s.device(r, name), remember: r.PostFormValue("remember") == "on",
		name: browser(r.UserAgent()), network: network(s.client(r)),
	}
}

// key is what attempts at a password count for on a remembered device.
func (o origin) key() string {
	if o.known == nil {
		return ""
	}
	return o.known.key
}

// used notes that a remembered device was used, unless it was revoked a moment ago.
func used(tx *bolt.Tx, from origin) error {
	if from.known == nil {
		return nil
	}
	d, still := load[device](tx, devices, from.known.key)
	if !still {
		return nil
	}
	d.Used, d.Network = time.Now(), from.network
	return save(tx, devices, from.known.key, d)
}

// remember keeps a new device. It belongs to the transaction that lets somebody
// in: a login that has ended meanwhile leaves no device behind.
func remember(tx *bolt.Tx, account string, from origin) (*device, error) {
	now := time.Now()
	d := device{
		Name: from.name, Network: from.network, Made: now, Used: now, Ends: now.Add(deviceLife),
		key: account + "/" + rand.Text(),
	}
	return &d, save(tx, devices, d.key, d)
}

// giveCookie has the browser show from now on that it is remembered.
func (s *site) giveCookie(w http.ResponseWriter, name string, d device) {
	_, id, _ := strings.Cut(d.key, "/")
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: it is Secure wherever there is https
		Name: s.deviceCookie(name), Value: id + "." + s.mac("device", name, id), Path: "/",
		Expires: d.Ends, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

// A deviceView is one line of the list.
type deviceView struct {
	ID, Name, Used, Ends string
	Here                 bool
}

func (s *site) deviceList(r *http.Request, name string) []deviceView {
	here := s.device(r, name)
	var found []device
	_ = s.store.View(func(tx *bolt.Tx) error { // never fails: it only reads
		for key, d := range all[device](tx, devices, name+"/") {
			d.key = key
			found = append(found, d)
		}
		return nil
	})
	sort.Slice(found, func(i, j int) bool { return found[i].Used.After(found[j].Used) })
	list := make([]deviceView, 0, len(found))
	for _, d := range found {
		_, id, _ := strings.Cut(d.key, "/")
		list = append(list, deviceView{id, d.Name, day(d.Used), day(d.Ends), here != nil && here.key == d.key})
	}
	return list
}

// revoke forgets one device, or with the id "all" every one.
func (s *site) revoke(w http.ResponseWriter, r *http.Request, v visitor) error {
	id := r.PostFormValue("id")
	err := s.store.Update(func(tx *bolt.Tx) error {
		return dropWhere(tx, devices, v.account.Name+"/", func(key string, _ device) bool {
			return id == "all" || key == v.account.Name+"/"+id
		})
	})
	if err != nil {
		return err
	}
	s.say(r, good, "Forgotten. The next log-in from there needs a code.")
	return seeOther(w, r, "/")
}

// browser names a user agent coarsely: enough to know one's own, and no more.
func browser(agent string) string {
	pick := func(words [][2]string, otherwise string) string {
		for _, w := range words {
			if strings.Contains(agent, w[0]) {
				return w[1]
			}
		}
		return otherwise
	}
	name := pick([][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox", "Firefox"}, {"Chrom", "Chrome"}, {"CriOS", "Chrome"}, {"Safari", "Safari"}}, "A browser")
	system := pick([][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "Mac"}, {"Linux", "Linux"}}, "an unknown system")
	return name + " on " + system
}
