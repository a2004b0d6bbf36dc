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
func (s *site) mac(use string, parts ...string) string {
	h := hmac.New(sha256.New, s.key)
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

// remember keeps the device and gives it its cookie, or notes where one that is
// known was used.
func (s *site) remember(w http.ResponseWriter, r *http.Request, name string, known *device) error {
	now := time.Now()
	d := device{Name: browser(r.UserAgent()), Made: now, Ends: now.Add(deviceLife), key: name + "/" + rand.Text()}
	if known != nil {
		d = *known
	}
	d.Used, d.Network = now, network(s.client(r))
	err := s.store.Update(func(tx *bolt.Tx) error {
		if _, still := load[device](tx, devices, d.key); known != nil && !still {
			return nil // it was revoked a moment ago
		}
		return save(tx, devices, d.key, d)
	})
	if err != nil || known != nil {
		return err
	}
	_, id, _ := strings.Cut(d.key, "/")
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: it is Secure wherever there is https
		Name: s.deviceCookie(name), Value: id + "." + s.mac("device", name, id), Path: "/",
		Expires: d.Ends, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
	return nil
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
