package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"hearth/hub/chat"
)

// digest is an HMAC-SHA256 under the key file's secret, in base64url: what
// stands in the data file instead of phones, login fields, addresses and codes.
type digest string

// digest of parts, for one purpose.
func (k *keys) digest(purpose string, parts ...string) digest {
	m := hmac.New(sha256.New, k.secret)
	var size [8]byte
	for _, p := range append([]string{purpose}, parts...) {
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		m.Write(size[:])
		m.Write([]byte(p))
	}
	return digest(base64.RawURLEncoding.EncodeToString(m.Sum(nil)))
}

// equal compares in constant time.
func (d digest) equal(e digest) bool { return hmac.Equal([]byte(d), []byte(e)) }

// person is somebody who may log in.
type person struct {
	user  *chat.User
	who   digest // of phone and field, folded: what they log in with
	print digest // of id, phone and role: what ends their logins when it changes
}

// people are those of a roster who may log in.
type people struct {
	roster  *chat.Roster
	byWho   map[digest]*person
	byPrint map[digest]*person
	byID    map[chat.PID]*person
}

// peopleOf is the roster, prepared; once for each roster.
func (a *Auth) peopleOf(r *chat.Roster) *people {
	if p := a.people.Load(); p != nil && p.roster == r {
		return p
	}
	p := &people{
		roster: r, byWho: map[digest]*person{}, byPrint: map[digest]*person{}, byID: map[chat.PID]*person{},
	}
	for _, u := range r.People {
		if u.Withdrawn {
			continue
		}
		field := u.LastName
		if a.opt.Field == "name" {
			field = u.Name
		}
		one := &person{
			user:  u,
			who:   a.who(u.Phone, string(field)),
			print: a.keys.digest("person", string(u.ID), string(u.Phone), u.Role.String()),
		}
		p.byPrint[one.print], p.byID[u.ID] = one, one
		if chat.Fold(string(field)) == "" {
			continue // nobody logs in with an empty field
		}
		if _, taken := p.byWho[one.who]; taken {
			p.byWho[one.who] = nil // nobody can say which of them it is
			a.log.Warn("two people have the same phone and login field; neither can log in", "person", u.ID)
			continue
		}
		p.byWho[one.who] = one
	}
	a.people.Store(p)
	return p
}

// maxFieldBytes is more than any name has; what is longer is nobody's.
const maxFieldBytes = 512

// who is the digest of what somebody logs in with.
func (a *Auth) who(phone chat.Phone, field string) digest {
	folded := field
	if len(field) <= maxFieldBytes {
		folded = chat.Fold(field)
	} else {
		folded = strings.Repeat("x", maxFieldBytes) // folding it would take long
	}
	return a.keys.digest("who", string(phone), folded)
}

// printOf is the print of p, who may be nobody.
func (a *Auth) printOf(p *person) digest {
	if p == nil {
		return a.keys.digest("person", "nobody")
	}
	return p.print
}

// pid is the id of p, empty for nobody.
func (p *person) pid() chat.PID {
	if p == nil {
		return ""
	}
	return p.user.ID
}
