package auth_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearth/auth"
	"hearth/auth/sms"
	"hearth/hub/chat"
)

// slow is a provider that answers only when it is let, or its time is over.
type slow struct{ begun, let chan struct{} }

func (s *slow) Send(ctx context.Context, _ chat.Phone, _ string) error {
	s.begun <- struct{}{}
	select {
	case <-s.let:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fixture) openAuthWith(s sms.Sender) {
	f.t.Helper()
	if err := f.Auth.Close(); err != nil {
		f.t.Fatal(err)
	}
	o := f.opt
	o.Store, o.Sender, o.KeyFile = f.store, s, f.keyFile()
	var err error
	if f.Auth, err = auth.New(f.t.Context(), o); err != nil {
		f.t.Fatal(err)
	}
}

func TestLoginIsAnsweredBeforeTheSMSIsSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	s := &slow{begun: make(chan struct{}), let: make(chan struct{})}
	f.openAuthWith(s)
	f.ask(denver) // nobody has even begun
	<-s.begun
	for _, u := range []chat.User{nobody, denver, howell} {
		f.ask(u) // with the provider at work
	}
	<-s.begun
	close(s.let)
	f.WaitForPost()
	f.wantAudit("code_sent  P1  phone=…23", 1)
	f.wantAudit("code_sent  T1  phone=…00", 1)
	f.wantAudit("login   unknown_person phone=…23", 1)
}

func TestCloseSendsWhatWaits(t *testing.T) {
	t.Parallel()
	f := newFixture(t, auth.Options{})
	for _, u := range people() {
		f.ask(u)
	}
	f.close()
	if n := len(f.sms.sent); n != 3 {
		t.Errorf("%d SMS", n)
	}
}

func TestCloseDoesNotWaitForEverForTheProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, auth.Options{})
		s := &slow{begun: make(chan struct{}, 10), let: make(chan struct{})}
		f.openAuthWith(s)
		f.ask(denver)
		<-s.begun
		began := time.Now()
		f.settle()
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %v", took)
		}
		f.wantAudit("code_sent  P1  phone=…23 arrived=unknown", 1)
	})
}

func TestSMSSaysHowLongTheCodeIsGood(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lifetime time.Duration
		want     string
	}{
		{0, " is your code for Evening groups. It is good for 10 minutes."},
		{time.Minute, " is your code for Evening groups. It is good for 1 minute."},
		{90 * time.Second, " is your code for Evening groups. It is good for 90 seconds."},
	} {
		f := newFixture(t, auth.Options{Name: "Evening groups", OTP: auth.OTP{Lifetime: test.lifetime, ResendAfter: -1}})
		f.ask(denver)
		m := <-f.sms.sent
		if !strings.HasSuffix(m.text, test.want) || len(m.text) != 6+len(test.want) {
			t.Errorf("got %q", m.text)
		}
	}
}
