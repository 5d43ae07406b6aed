package auth_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hearth/auth"
)

// Whoever reads the data file, the audit log or the server's log learns no
// code, token, cookie or challenge from it, and nothing of what was typed.
func TestNothingSecretIsWrittenDown(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{Limits: auth.Limits{SendsPerHour: 6}})
	// What is on disk of the roster itself must not hide what is not.
	typed := nobody
	typed.Phone, typed.LastName = "+16505550177", "Thurston-Wentworth"
	var secrets []string
	in := f.logIn(denver)
	secrets = append(secrets, in.Token, in.Device)
	secrets = append(secrets, strings.Split(in.Token, ".")...)
	c := f.askFrom(with(in), denver)
	sent := f.sms.code(t, denver)
	f.verify(c, wrong(sent))
	secrets = append(secrets, c.ID, sent, wrong(sent))
	f.guessWrong(typed)
	for range 4 {
		f.verify(f.ask(typed), "271828")
		f.clock.add(2 * time.Hour)
	}
	f.verify(f.ask(grumby), "314159")
	f.sms.code(t, grumby)
	secrets = append(secrets, "271828", "314159", string(typed.Phone), "5550177", string(typed.LastName), "thurston")
	spoken, _, err := f.MakeCode(t.Context(), "T1", "P1")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := f.CreateToken(t.Context(), "operator", "admin", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, spoken, token, token[20:])
	if err := f.Unlock(t.Context(), "T1", "P1"); err != nil {
		t.Fatal(err)
	}
	f.sms.fail(errNoCredit)
	f.clock.add(24 * time.Hour)
	f.ask(denver)
	f.settle()
	f.sms.fail(os.ErrDeadlineExceeded)
	f.ask(grumby)
	f.settle()
	if err := f.Rotate(t.Context(), "operator", true); err != nil {
		t.Fatal(err)
	}
	if err := f.store.SweepRefusals(t.Context()); err != nil {
		t.Fatal(err)
	}
	audit := strings.Join(f.audit(), "\n")
	f.close()
	data, err := os.ReadFile(filepath.Join(f.dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := os.ReadFile(filepath.Join(f.dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string][]byte{"data": data, "log": []byte(f.log.String()), "audit": []byte(audit), "keys": keys} {
		for _, s := range secrets {
			// Six digits may be part of a time in milliseconds.
			if len(s) == 6 && where == "data" {
				continue
			}
			if len(s) > 8 {
				if raw, err := base64.RawURLEncoding.DecodeString(s); err == nil && bytes.Contains(text, raw) {
					t.Errorf("%s holds the bytes of %q", where, s)
				}
			}
			if bytes.Contains(text, []byte(s)) {
				t.Errorf("%s holds %q", where, s)
			}
		}
	}
	// Of those in the roster the logs hold no more than that.
	for where, text := range map[string]string{"log": f.log.String(), "audit": audit} {
		for _, s := range []string{"555012", "5550100", "Denver", "denver", "Grumby", "Gilligan", "is your code"} {
			if strings.Contains(text, s) {
				t.Errorf("%s holds %q:\n%s", where, s, text)
			}
		}
	}
	if !strings.Contains(audit, "phone=…77") || !strings.Contains(f.log.String(), "[phone …23]") {
		t.Errorf("not even the last digits:\n%s\n%s", audit, f.log)
	}
}
