package auth_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"hearth/auth"
	"hearth/hub/chat"
)

// model is the limits said as plainly as possible: every event ever, counted
// anew each time.
type model struct {
	now       time.Time
	addresses map[string][]time.Time
	server    []time.Time
	accounts  map[string]*modelAccount
}

type modelAccount struct {
	sends, wrong []time.Time
	code         *modelCode
}

type modelCode struct {
	made  time.Time
	spent bool
	sent  string // empty: to nobody
	lost  bool   // not sent, since the server had sent too much
}

type modelChallenge struct {
	id      string
	account string
	until   time.Time
	code    *modelCode
}

const (
	modelPerAddress = 12
	modelPerHour    = 14
)

func within(now time.Time, all []time.Time, window time.Duration) (n int) {
	for _, at := range all {
		if now.Sub(at) < window {
			n++
		}
	}
	return n
}

func (m *model) account(key string) *modelAccount {
	if m.accounts[key] == nil {
		m.accounts[key] = &modelAccount{}
	}
	return m.accounts[key]
}

func (m *model) locked(a *modelAccount) bool {
	return within(m.now, a.wrong, 24*time.Hour) >= 5 || within(m.now, a.wrong, 30*24*time.Hour) >= 20
}

func (m *model) live(c *modelCode) bool {
	return c != nil && !c.spent && m.now.Sub(c.made) < 10*time.Minute
}

// send is what a new code needs: refused, or silently not sent.
func (m *model) send(a *modelAccount, somebody bool) (refused, sent bool) {
	if within(m.now, a.sends, time.Hour) >= 3 || within(m.now, a.sends, 24*time.Hour) >= 6 {
		return true, false
	}
	if within(m.now, m.server, time.Hour) >= modelPerHour {
		return false, false
	}
	a.sends = append(a.sends, m.now)
	if somebody {
		m.server = append(m.server, m.now)
	}
	return false, true
}

func TestLimitsAreThoseOfAPlainModel(t *testing.T) {
	t.Parallel()
	seen := map[chat.Code]int{}
	for seed := range uint64(4) {
		runModel(t, rand.New(rand.NewPCG(seed, 7)), 200, seen)
	}
	for _, c := range []chat.Code{"", chat.TooManyTries, chat.ResendTooSoon, chat.InvalidCode} {
		if seen[c] == 0 {
			t.Errorf("%q never came up: %v", c, seen)
		}
	}
}

func runModel(t *testing.T, r *rand.Rand, steps int, seen map[chat.Code]int) {
	f := newFixture(t, auth.Options{
		OTP:    auth.OTP{Digits: 10}, // so that codes do not meet by chance
		Limits: auth.Limits{LoginsPerAddressPerHour: modelPerAddress, SendsPerHour: modelPerHour},
	})
	m := &model{now: start, addresses: map[string][]time.Time{}, accounts: map[string]*modelAccount{}}
	who := []chat.User{denver, grumby, howell, nobody}
	devices := map[chat.PID]string{} // the latest cookie of each
	homes := map[chat.PID]string{}   // a name for it in the model
	var open []*modelChallenge

	for step := range steps {
		d := time.Duration(r.ExpFloat64() * float64(time.Minute))
		if r.IntN(40) == 0 {
			d = time.Duration(r.ExpFloat64() * float64(20*time.Hour))
		}
		d = d.Truncate(time.Millisecond)
		f.clock.add(d)
		m.now = m.now.Add(d)
		if r.IntN(50) == 0 {
			f.reopen()
		}
		fail := func(what string, got, want chat.Code) {
			t.Helper()
			t.Fatalf("step %d, %s: got %q, want %q", step, what, got, want)
		}
		switch op := r.IntN(10); {
		case op < 4 || len(open) == 0: // log in
			u := who[r.IntN(len(who))]
			by := auth.Caller{Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(r.IntN(2))})}
			device := ""
			if r.IntN(3) == 0 {
				owner := who[r.IntN(len(who))].ID
				if by.Device = devices[owner]; by.Device != "" && owner == u.ID {
					device = homes[owner]
				}
			}
			key := string(u.ID) + "/" + device
			address := by.Addr.String() + "/" + device
			a := m.account(key)
			want := chat.Code("")
			share := m.live(a.code) && !a.code.lost && m.now.Sub(a.code.made) < time.Minute
			sent := false
			if within(m.now, m.addresses[address], time.Hour) >= modelPerAddress || m.locked(a) {
				want = chat.TooManyTries
			} else if !share {
				var refused bool
				if refused, sent = m.send(a, u.ID != ""); refused {
					want = chat.TooManyTries
				}
			}
			c, err := f.Login(t.Context(), by, string(u.Phone), string(u.LastName))
			if code(err) != want {
				fail(fmt.Sprintf("login of %q", key), code(err), want)
			}
			seen[want]++
			if want != "" {
				if wait := refusal(t, err).RetryAfter; wait <= 0 || wait > 30*24*time.Hour {
					t.Fatalf("step %d: wait %v", step, wait)
				}
				break
			}
			m.addresses[address] = append(m.addresses[address], m.now)
			if sent {
				a.code = &modelCode{made: m.now}
			} else if !share && !m.live(a.code) {
				a.code = &modelCode{made: m.now, lost: true}
			}
			if sent && u.ID != "" {
				a.code.sent = f.sms10(u)
			}
			open = append(open, &modelChallenge{c.ID, key, m.now.Add(c.ExpiresIn), a.code})
		case op < 6: // resend
			ch := open[max(len(open)-1-r.IntN(6), 0)]
			a := m.account(ch.account)
			want, sent := chat.Code(""), false
			switch {
			case !m.now.Before(ch.until):
				want = chat.InvalidCode
			case m.locked(a):
				want = chat.TooManyTries
			case a.code == ch.code && !m.live(a.code):
				want = chat.InvalidCode
			case m.live(a.code) && m.now.Sub(a.code.made) < time.Minute:
				want = chat.ResendTooSoon
			default:
				var refused bool
				if refused, sent = m.send(a, ch.account[0] != '/'); refused {
					want = chat.TooManyTries
				}
			}
			c, err := f.Resend(t.Context(), home, ch.id)
			if code(err) != want {
				fail("resend for "+ch.account, code(err), want)
			}
			seen[want]++
			if want != "" {
				break
			}
			if sent {
				a.code = &modelCode{made: m.now}
				if ch.account[0] != '/' {
					a.code.sent = f.sms10(userOf(ch.account, who))
				}
			} else if !m.live(a.code) {
				a.code = &modelCode{made: m.now, lost: true}
			}
			ch.code, ch.until = a.code, m.now.Add(c.ExpiresIn)
		default: // verify
			ch := open[max(len(open)-1-r.IntN(6), 0)]
			a := m.account(ch.account)
			typed := "no code"
			if r.IntN(2) == 0 && ch.code.sent != "" {
				typed = ch.code.sent
			}
			right := typed == ch.code.sent
			want := chat.Code("")
			switch {
			case !m.now.Before(ch.until):
				want = chat.InvalidCode
			case m.locked(a):
				want = chat.TooManyTries
			case a.code != ch.code || !m.live(a.code):
				want = chat.InvalidCode
			default:
				a.code.spent = true
				if !right {
					want = chat.InvalidCode
					a.wrong = append(a.wrong, m.now)
				}
			}
			by := home
			u := userOf(ch.account, who)
			device := ""
			if r.IntN(2) == 0 && u.ID != "" {
				by.Device, device = devices[u.ID], homes[u.ID]
			}
			in, err := f.Verify(t.Context(), by, ch.id, typed)
			if code(err) != want {
				fail("verify for "+ch.account, code(err), want)
			}
			seen[want]++
			if want != "" {
				break
			}
			if in.User != u {
				t.Fatalf("step %d: logged in as %s with a challenge of %s", step, in.User.ID, ch.account)
			}
			if devices[u.ID] == "" || device == "" {
				device = fmt.Sprint("device ", step)
			}
			devices[u.ID], homes[u.ID] = in.Device, device
			ch.until = m.now // it is gone
		}
	}
}

func userOf(account string, who []chat.User) chat.User {
	for _, u := range who {
		if len(account) > len(u.ID) && account[:len(u.ID)+1] == string(u.ID)+"/" {
			return u
		}
	}
	return chat.User{}
}

// sms10 waits for the SMS to u, and until it is settled.
func (f *fixture) sms10(u chat.User) string {
	c := f.sms.code(f.t, u)
	f.WaitForPost()
	return c
}
