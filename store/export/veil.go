package export

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"hearth/hub/chat"
)

// veil hides who is who and when it was. All of it is made of the study's key
// alone, so the same person, and the same therapy session, have the same
// pseudonym in each export. A nil veil hides nothing.
type veil struct {
	key   []byte
	known map[string]string
	mask  *mask // nil: of tables without free text
}

func newVeil(key []byte) *veil { return &veil{key: key, known: map[string]string{}} }

func (v *veil) sum(kind, name string) []byte {
	m := hmac.New(sha256.New, v.key)
	m.Write([]byte(kind))
	m.Write([]byte{0})
	m.Write([]byte(name))
	return m.Sum(nil)
}

// pseudonym is 50 bits of a keyed hash: two of 10,000 people share one with a
// chance of 1 in 20 million.
func (v *veil) pseudonym(prefix, name string) string {
	known, ok := v.known[prefix+name]
	if !ok {
		known = prefix + strings.ToLower(base32.StdEncoding.EncodeToString(v.sum(prefix, name))[:10])
		v.known[prefix+name] = known
	}
	return known
}

// person names p; the server has no name.
func (v *veil) person(p chat.PID) string {
	if v == nil || p == "" {
		return string(p)
	}
	return v.pseudonym("p_", string(p))
}

func (v *veil) people(all []chat.PID) []string {
	out := make([]string, len(all))
	for i, p := range all {
		out[i] = v.person(p)
	}
	return out
}

func (v *veil) session(ts chat.TSID) string {
	if v == nil {
		return string(ts)
	}
	return v.pseudonym("s_", string(ts))
}

// maxShift is by how many days at most a therapy session is moved.
const maxShift = 182

// days is by how many days ts is moved: a whole number from -182 to 182, but
// not 0, so that the time of day stays (in UTC) and the weekday does not.
func (v *veil) days(ts chat.TSID) int {
	n := int(binary.BigEndian.Uint64(v.sum("shift", string(ts))) % (2 * maxShift)) // 0 to 363
	if n < maxShift {
		return n - maxShift
	}
	return n - maxShift + 1
}

// time moves t as everything of ts is moved.
func (v *veil) time(ts chat.TSID, t time.Time) time.Time {
	if v == nil || t.IsZero() {
		return t
	}
	return t.UTC().AddDate(0, 0, v.days(ts))
}

// clientTime moves what a client said of its clock, and tells it in UTC: an
// offset tells where somebody was. What is no time that we know is left out: it
// could be anything. So is a time without an offset: beside the server's it
// would tell one.
func (v *veil) clientTime(ts chat.TSID, s string) string {
	if v == nil || s == "" {
		return s
	}
	for _, layout := range []string{"2006-01-02T15:04:05.000Z07:00", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().AddDate(0, 0, v.days(ts)).Format(layout)
		}
	}
	const day = 24 * 60 * 60
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err == nil && len(s) == 10: // Unix seconds
		return strconv.FormatInt(n+int64(v.days(ts))*day, 10)
	case err == nil && len(s) == 13: // and milliseconds
		return strconv.FormatInt(n+int64(v.days(ts))*day*1000, 10)
	}
	return ""
}

// text is what somebody typed, without names and phones.
func (v *veil) text(s string) string {
	if v == nil || s == "" {
		return s
	}
	return v.mask.text(s)
}

// history is what was typed, key by key: a letter is only a letter.
func (v *veil) history(all []string) []string {
	if v == nil || all == nil {
		return all
	}
	out := make([]string, len(all))
	for i, s := range strokes(all) {
		out[i] = veiledKey(s.key)
		if s.timed {
			out[i] += strings.TrimPrefix(all[i], s.key)
		}
	}
	return out
}
