package cmd

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestEachChangedKeyOfTheConfigurationIsNamed(t *testing.T) {
	key := []byte("a key")
	before := DefaultConfig().seen(key)
	c := DefaultConfig()
	for _, k := range keysOf(reflect.ValueOf(&c).Elem(), "") {
		if k.secret != nil {
			continue
		}
		changed := DefaultConfig()
		for _, other := range keysOf(reflect.ValueOf(&changed).Elem(), "") {
			if other.path != k.path {
				continue
			}
			switch v := other.value; v.Kind() {
			case reflect.String:
				v.SetString(v.String() + "x")
			case reflect.Bool:
				v.SetBool(!v.Bool())
			case reflect.Slice:
				v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			case reflect.Float64:
				v.SetFloat(v.Float() + 1)
			default:
				v.SetInt(v.Int() + 1)
			}
		}
		after := changed.seen(key)
		if got := after.changed(before); !slices.Equal(got, []string{k.path}) {
			t.Errorf("%s was changed, and %q is named", k.path, got)
		}
		if after.digest(key) == before.digest(key) {
			t.Errorf("%s was changed, and the digest is the same", k.path)
		}
	}
	if got := DefaultConfig().seen(key).changed(before); got != nil {
		t.Errorf("nothing was changed, and %q is named", got)
	}
}

func TestListsOfTheConfigurationAreNotConfused(t *testing.T) {
	one, two := DefaultConfig(), DefaultConfig()
	one.AllowedOrigins, two.AllowedOrigins = []string{"a b"}, []string{"a", "b"}
	if got := one.seen(nil).changed(two.seen(nil)); !slices.Equal(got, []string{"allowed_origins"}) {
		t.Errorf("%q", got)
	}
}

func TestWhatIsKeptOfTheConfigurationTellsNoSecret(t *testing.T) {
	c := DefaultConfig()
	c.SMS.Vonage.APISecret = "hunter2hunter2"
	dir := t.TempDir()
	if err := writeSeen(dir, c.seen([]byte("a key"))); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, seenFile))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, seenFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if strings.Contains(string(b), "hunter") {
		t.Errorf("%s", b)
	}
	again, err := readSeen(dir, []byte("a key"))
	if err != nil || !maps.Equal(again, c.seen([]byte("a key"))) {
		t.Errorf("read again: %v, %v", again, err)
	}
	if other := c.seen([]byte("another key")); other["sms.vonage.api_secret"] == again["sms.vonage.api_secret"] {
		t.Error("it can be guessed without the key")
	}
}

func TestDamagedFileOfTheLastConfigurationIsToldAndCountsAsTheDefaults(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, seenFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := readSeen(dir, nil)
	if err == nil || !maps.Equal(s, DefaultConfig().seen(nil)) {
		t.Errorf("%v, %v", s, err)
	}
}

// audited is the audit log of the data in dir, as text, without what differs
// from run to run.
func audited(t *testing.T, dir string) (lines []string) {
	t.Helper()
	out, _ := hearth(t, dir, 0, "audit")
	for line := range strings.Lines(out) {
		_, event, _ := strings.Cut(strings.TrimSpace(line), "Z ")
		lines = append(lines, regexp.MustCompile(`=[0-9a-f]{32,64}\b`).ReplaceAllString(event, "=HASH"))
	}
	return lines
}

func TestStartsStopsAndConfigurationAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	config := "listen: 127.0.0.1:0\nsms: {provider: file, file: sms.jsonl, vonage: {api_secret: hunter2hunter2}}\n"
	changed := config + "chat: {max_body: 500}\nlog: {level: debug}\n"
	dir := write(t, map[string]string{"config.yaml": config, "roster.yaml": sampleRoster})
	serve := func(text string, meanwhile func(p *process)) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := run(t, dir, "serve")
		p.address(t)
		meanwhile(p)
		p.stop(t)
	}
	nothing := func(*process) {}
	serve(config, nothing)
	serve(config, nothing)
	serve(strings.ReplaceAll(changed, "hunter2", "hunter3"), func(p *process) {
		err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(strings.Replace(changed, "debug", "info", 1)), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		p.signal(t, syscall.SIGHUP) // of all that has changed only log.level is in force
		if _, err := p.log.await(regexp.MustCompile("log.level was read again"), 1, p.done); err != nil {
			t.Fatal(err)
		}
	})
	hearth(t, dir, 0, "import", "roster.yaml") // a verb without a server is no start
	got := audited(t, dir)
	want := []string{
		"started digest=HASH version=" + version, "config digest=HASH keys=listen sms.provider sms.file sms.vonage.api_secret", "stopped",
		"started digest=HASH version=" + version, "stopped",
		"started digest=HASH version=" + version, "config digest=HASH keys=sms.vonage.api_secret chat.max_body log.level",
		"config digest=HASH keys=log.level", "stopped",
		"import by=operator count=5",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the audit log has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	out, _ := hearth(t, dir, 0, "audit")
	if strings.Contains(out, "hunter") {
		t.Error("a secret is in the audit log")
	}
}

func TestKilledServerNotesNoStop(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"config.yaml": "listen: 127.0.0.1:0\n"})
	p := run(t, dir, "serve")
	p.address(t)
	p.kill()
	if got := audited(t, dir); len(got) != 2 || !strings.HasPrefix(got[0], "started ") || !strings.HasPrefix(got[1], "config ") {
		t.Errorf("%q", got)
	}
}

func TestCertificateReadAgainIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"config.yaml": "listen: 127.0.0.1:0\npublic_url: https://chat.example.org\ntls: {cert_file: cert.pem, key_file: key.pem}\n"})
	first, second := newCertificate(t), newCertificate(t)
	first.save(t, dir)
	p := run(t, dir, "serve")
	p.address(t)
	for i, c := range []struct{ save, log string }{{"", "was read again"}, {"x", "could not be read again"}} {
		second.save(t, dir)
		if err := os.WriteFile(filepath.Join(dir, "key.pem"), append([]byte(c.save), second.keyPEM[len(c.save)*40:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		p.signal(t, syscall.SIGHUP)
		if _, err := p.log.await(regexp.MustCompile("the certificate "+c.log), 1, p.done); err != nil {
			t.Fatal(i, err)
		}
	}
	p.stop(t)
	out, _ := hearth(t, dir, 0, "audit")
	got := regexp.MustCompile(`(?m)tls_reloaded.*$`).FindAllString(out, -1)
	want := []string{fmt.Sprintf("tls_reloaded sha256=%x", sha256.Sum256(second.cert.Raw)), "tls_reloaded reason=unreadable"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
