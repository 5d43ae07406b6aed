package cmd

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hearth/api/control"
	"hearth/auth"
	"hearth/auth/sms"
)

// verdict says how an examination went.
type verdict string

const (
	well    verdict = "ok"
	warning verdict = "warning"
	failure verdict = "FAILED"
)

// finding is what the doctor found.
type finding struct {
	verdict
	found  string
	remedy string // what to do; empty where there is nothing to
}

// examination is one thing that the doctor tries.
type examination struct {
	name, tried string
	do          func(context.Context, *patient) []finding
}

// patient is what is examined.
type patient struct {
	call       *verbCall
	configFile string // which may not be there
	cfg        Config
	now        time.Time
}

func examinations() []examination {
	return []examination{
		{"configuration", "read every key and held them against each other", examineConfiguration},
		{"configuration file", "looked at who else can read it, and the files of secrets that it names", examineConfigFile},
		{"data directory", "looked at its permissions and its room", examineDirectory},
		{"data file", "asked who holds it, and verified all that is in it", examineData},
		{"running server", "asked it whether the file that it writes is the one in the data directory", examineHeld},
		{"backups", "asked the data when the last one was made", examineBackups},
		{"clock", "asked the kernel whether it is synchronised, and looked for times in the data that are yet to come", examineClock},
		{"TLS", "read the certificate and its key, as at the start, and looked at who else can read the key", examineTLS},
		{"SMS", "tried the configured sender, without sending anything", examineSMS},
		{"codes", "worked out from the limits how likely a code is guessed", examineCodes},
	}
}

// runDoctor is the verb doctor.
func runDoctor(c *verbCall) error {
	configFile := c.configFlag()
	if err := c.parse(); err != nil {
		return err
	}
	cfg, err := c.loadConfig(configFile)
	if err != nil {
		return err
	}
	p := &patient{call: c, configFile: cmp.Or(*configFile, "config.yaml"), cfg: cfg, now: time.Now()}
	failed := 0
	for _, e := range examinations() {
		ctx, cancel := context.WithTimeout(c.ctx, 10*time.Minute)
		fmt.Fprintf(c.stdout, "%s: %s\n", e.name, e.tried)
		for _, f := range e.do(ctx, p) {
			fmt.Fprintf(c.stdout, "  %-8s %s\n", f.verdict, f.found)
			if f.remedy != "" {
				fmt.Fprintf(c.stdout, "  %8s %s\n", "-> ", f.remedy)
			}
			if f.verdict == failure {
				failed++
			}
		}
		cancel()
	}
	if failed > 0 {
		return fmt.Errorf("%s failed", counted(failed, "examination", "examinations"))
	}
	return nil
}

func ok(format string, args ...any) []finding {
	return []finding{{well, fmt.Sprintf(format, args...), ""}}
}

func failed(err error, remedy string) []finding { return []finding{{failure, err.Error(), remedy}} }

func examineConfiguration(_ context.Context, p *patient) (all []finding) {
	for _, w := range p.cfg.Warnings() {
		all = append(all, finding{warning, w, ""})
	}
	if len(all) == 0 {
		return ok("nothing is wrong or unsafe with it")
	}
	return all
}

const littleRoom = 1 << 30 // bytes

func examineDirectory(_ context.Context, p *patient) []finding {
	dir := filepath.Clean(p.cfg.DataDir)
	info, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return []finding{{warning, dir + " is not there yet", "hearth serve or hearth import makes it, with mode 0700"}}
	}
	if err != nil {
		return failed(err, "run this as the user that runs the server")
	}
	all := []finding{}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		all = append(all, finding{failure, fmt.Sprintf("others can look into %s (mode %04o)", dir, perm), "chmod 700 " + dir})
	}
	for _, name := range []string{dataFile, loginKeyFile, dataKeyFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			all = append(all, finding{failure, fmt.Sprintf("others can read %s (mode %04o)", name, info.Mode().Perm()),
				"chmod 600 it; if it is a key, whoever read it can make logins: hearth key rotate --now"})
		}
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err == nil {
		_, err = io.WriteString(f, "x")
		err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		all = append(all, finding{failure, "nothing can be written there: " + err.Error(), "make room, or run this as the user that runs the server"})
	}
	free, err := roomIn(dir)
	switch {
	case err != nil:
		all = append(all, finding{warning, "how much room there is cannot be told: " + err.Error(), ""})
	case free < littleRoom:
		all = append(all, finding{warning, fmt.Sprintf("only %d MiB are free", free>>20), "make room: a full disk stops the chat (nothing is lost)"})
	}
	if len(all) == 0 {
		return ok("%s is the server's alone, can be written, and has %d GiB free", dir, free>>30)
	}
	return all
}

func examineData(ctx context.Context, p *patient) []finding {
	if there, err := hasData(p.cfg.DataDir); err != nil || !there {
		if err != nil {
			return failed(err, "run this as the user that runs the server")
		}
		return []finding{{warning, "there is no data yet", "hearth import ROSTER makes it"}}
	}
	who := "no server is running"
	if client, err := control.Dial(p.cfg.DataDir); err == nil {
		client.Close()
		who = "a server is running on it"
	}
	var r control.Report
	err := p.call.withData(p.cfg, true, func(client *control.Client) (err error) {
		r, err = client.Check(ctx)
		return err
	})
	if err != nil {
		return failed(err, "hearth restore BACKUP, and keep this file for whoever looks into it")
	}
	all := []finding{{well, fmt.Sprintf("%s; %s with %s and %s are whole", who,
		counted(r.Sessions, "therapy session", "therapy sessions"), counted(r.Actions, "action", "actions"),
		counted(r.Audit, "audit entry", "audit entries")), ""}}
	for i, problem := range r.Problems {
		if i == 0 {
			all = nil
		}
		all = append(all, finding{failure, problem, ""})
	}
	if len(r.Problems) > 0 {
		all[len(all)-1].remedy = "hearth restore BACKUP, and keep this file for whoever looks into it"
	}
	return all
}

func examineClock(ctx context.Context, p *patient) []finding {
	var all []finding
	if there, _ := hasData(p.cfg.DataDir); there {
		var last time.Time
		err := p.call.withData(p.cfg, true, func(client *control.Client) error {
			return client.Audit(ctx, p.now, time.Time{}, func(e control.AuditEntry) error {
				last = e.At
				return nil
			})
		})
		if ahead := last.Sub(p.now); err == nil && ahead > time.Minute {
			all = append(all, finding{failure, fmt.Sprintf("the audit log goes on until %s, which is yet to come", moment(last)),
				"set the clock; a clock that was wrong for a while does no harm: times in a log never go back"})
		}
	}
	switch synchronised, err := clockSynchronised(); {
	case err != nil:
		all = append(all, finding{warning, "the kernel cannot be asked: " + err.Error(), ""})
	case !synchronised:
		all = append(all, finding{warning, "it is not synchronised with any other", "run chrony or systemd-timesyncd: codes, logins and research times depend on it"})
	}
	if len(all) == 0 {
		return ok("it is synchronised; it is %s", moment(p.now))
	}
	return all
}

const soonExpired = 14 * 24 * time.Hour

func examineTLS(_ context.Context, p *patient) []finding {
	public, err := url.Parse(p.cfg.PublicURL)
	if err != nil {
		return failed(err, "")
	}
	if p.cfg.TLS.CertFile == "" {
		if listensBeyondLoopback(p.cfg.Listen) && len(p.cfg.TrustedProxies) == 0 {
			return []finding{{failure, "what people write crosses the network in plain text (insecure_http)", "set tls.cert_file and tls.key_file, or put a proxy before it that speaks https"}}
		}
		if public.Scheme != "https" {
			return ok("none is needed: only this machine is answered")
		}
		return ok("the proxy before this server sees to it")
	}
	pair, err := tls.LoadX509KeyPair(p.cfg.TLS.CertFile, p.cfg.TLS.KeyFile)
	if err != nil {
		return failed(err, "tls.cert_file must hold the certificate and those between it and its root, tls.key_file its key")
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return failed(err, "")
	}
	all := examineTLSKey(p.cfg.TLS.KeyFile)
	if host := public.Hostname(); host != "" {
		if err := leaf.VerifyHostname(host); err != nil {
			all = append(all, finding{failure, err.Error(), "get one for the name in public_url"})
		}
	}
	renew := "renew it, then send the server SIGHUP"
	switch left := leaf.NotAfter.Sub(p.now); {
	case p.now.Before(leaf.NotBefore):
		all = append(all, finding{failure, "it is not valid before " + moment(leaf.NotBefore), "look at the clock"})
	case left <= 0:
		all = append(all, finding{failure, "it expired at " + moment(leaf.NotAfter), renew})
	case left < soonExpired:
		all = append(all, finding{warning, "it expires at " + moment(leaf.NotAfter), renew})
	}
	if len(all) == 0 {
		return ok("it is valid until %s", moment(leaf.NotAfter))
	}
	return all
}

func examineSMS(ctx context.Context, p *patient) []finding {
	switch p.cfg.SMS.Provider {
	case "vonage":
		v := p.cfg.SMS.Vonage
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		err := sms.Check(ctx, sms.Options{APIKey: string(v.APIKey), APISecret: string(v.APISecret), From: v.From, BaseURL: v.BaseURL})
		if err != nil {
			return failed(err, "look at sms.vonage, at this machine's way to the internet, and at the account")
		}
		return ok("Vonage knows the account")
	case "file":
		f, err := os.OpenFile(p.cfg.SMS.File, os.O_WRONLY|os.O_APPEND, 0)
		if errors.Is(err, os.ErrNotExist) {
			_, err = os.Stat(filepath.Dir(p.cfg.SMS.File))
		} else if err == nil {
			err = f.Close()
		}
		if err != nil {
			return failed(err, "sms.file must be a file that can be written")
		}
		return []finding{{warning, "codes are written to a file", "set sms.provider: vonage before people take part"}}
	}
	return []finding{{warning, "codes are printed on the console", "set sms.provider: vonage before people take part"}}
}

// muchRisk is the chance of a guessed code in a year from which on it should
// be lowered.
const muchRisk = 1e-3

func examineCodes(_ context.Context, p *patient) []finding {
	a := p.cfg.Auth
	day, month, year := auth.Options{
		OTP: auth.OTP{Digits: a.OTP.Digits, AttemptsPerCode: a.OTP.AttemptsPerCode}, Limits: auth.Limits(a.Limits),
	}.GuessChance()
	said := fmt.Sprintf("a stranger who knows somebody's phone and %s guesses a code with a chance of 1 in %.0f a day, 1 in %.0f in 30 days, 1 in %.0f a year",
		strings.ReplaceAll(a.Field, "_", " "), 1/min(day, 1), 1/min(month, 1), 1/min(year, 1))
	if year > muchRisk {
		return []finding{{warning, said, "raise auth.otp.digits, or lower auth.limits.wrong_codes_per_30_days"}}
	}
	return ok("%s", said)
}
