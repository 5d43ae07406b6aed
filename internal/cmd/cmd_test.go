package cmd

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tt := range []struct {
		args   string
		status int
		want   []string // patterns: of standard output where the status is 0, else of standard error
	}{
		{"", 2, []string{`^Usage: hearth VERB \[flags\]$`}},
		{"brew", 2, []string{`^hearth: there is no verb "brew"$`, `^Usage: hearth VERB`}},
		{"--listen x", 2, []string{`^hearth: there is no verb "--listen"$`}},
		{"help", 0, []string{
			`^Usage: hearth VERB \[flags\]$`, `^  serve +runs the server$`, `^  demo +runs a server with sample data`,
			`^  import +loads a roster`, `^  check +verifies`, `^  version +says`}},
		{"-h", 0, []string{`^Usage: hearth VERB`}},
		{"--help", 0, []string{`^Usage: hearth VERB`}},
		{"help import", 0, []string{`^Usage: hearth import FILE`}},
		{"help brew", 2, []string{`^hearth: there is no verb "brew"$`}},
		{"help help", 2, []string{`^hearth: there is no verb "help"$`}},

		{"serve --help", 0, []string{`^Usage: hearth serve \[--config FILE\]$`, `^It runs the server\.$`, `^  --config FILE +the configuration`}},
		{"demo --help", 0, []string{`^Usage: hearth demo \[--listen ADDRESS\] \[--legacy-client DIR\]$`, `^  --listen ADDRESS +.*\(default 127\.0\.0\.1:8080\)$`}},
		{"import --help", 0, []string{
			`^Usage: hearth import FILE \[--prune\] \[--dry-run\] \[--config FILE\]$`, `^  --config FILE +`, `^  --dry-run +`, `^  --prune +`}},
		{"export --help", 0, []string{`^Usage: hearth export transcript TS_ID \| attendance \| keystrokes \| codebook`, `^  --out FILE +`, `^  --deidentify +`}},
		{"check --help", 0, []string{`^Usage: hearth check \[--head FILE\] \[--config FILE\]$`, `^  --config FILE +`}},
		{"version --help", 0, []string{`^Usage: hearth version$`}},
		{"import roster.yaml -h", 0, []string{`^Usage: hearth import`}},

		{"serve --brew", 2, []string{`^hearth serve: flag provided but not defined: -brew$`, `^Usage: hearth serve`}},
		{"demo --config x", 2, []string{`^hearth demo: flag provided but not defined: -config$`}},
		{"import roster.yaml --brew", 2, []string{`^hearth import: flag provided but not defined: -brew$`}},
		{"check --prune", 2, []string{`^hearth check: flag provided but not defined: -prune$`}},
		{"version --config x", 2, []string{`^hearth version: flag provided but not defined: -config$`}},

		{"serve --config", 2, []string{`^hearth serve: flag needs an argument: -config$`}},
		{"import roster.yaml --prune=perhaps", 2, []string{`^hearth import: invalid boolean value "perhaps"`}},
		{"demo --listen nowhere", 2, []string{`^hearth demo: --listen must be host:port, such as 127\.0\.0\.1:8080, not "nowhere"$`}},
		{"demo --listen 127.0.0.1:99999", 2, []string{`^hearth demo: --listen must be host:port`}},

		{"import", 2, []string{`^hearth import: FILE is missing$`, `^Usage: hearth import`}},
		{"import --prune", 2, []string{`^hearth import: FILE is missing$`}},
		{"import one.yaml two.yaml", 2, []string{`^hearth import: "two\.yaml" is one argument too many$`}},
		{"import --dry-run one.yaml --prune two.yaml", 2, []string{`^hearth import: "two\.yaml" is one argument too many$`}},
		{"import -- one.yaml --prune", 2, []string{`^hearth import: "--prune" is one argument too many$`}},
		{"serve config.yaml", 2, []string{`^hearth serve: "config\.yaml" is one argument too many$`}},
		{"demo now", 2, []string{`^hearth demo: "now" is one argument too many$`}},
		{"check data", 2, []string{`^hearth check: "data" is one argument too many$`}},
		{"version 2", 2, []string{`^hearth version: "2" is one argument too many$`}},

		{"serve --config none.yaml", 1, []string{`^hearth serve: read configuration: open none\.yaml: no such file or directory$`}},
		{"import --config none.yaml x", 1, []string{`^hearth import: read configuration: open none\.yaml`}},
		{"import none.yaml", 1, []string{`^hearth import: open none\.yaml: no such file or directory$`}},
		{"import -- -none.yaml", 1, []string{`^hearth import: open -none\.yaml: no such file or directory$`}},
		{"import .", 1, []string{`^hearth import: read \.: is a directory$`}},
		{"check", 1, []string{`^hearth check: data_dir: there is no data: data/hearth\.db is missing$`}},
	} {
		var stdout, stderr strings.Builder
		if got := Main(strings.Fields(tt.args), strings.NewReader(""), &stdout, &stderr); got != tt.status {
			t.Errorf("hearth %s: status %d, want %d", tt.args, got, tt.status)
		}
		text, other := stdout.String(), stderr.String()
		if tt.status != 0 {
			text, other = other, text
		}
		if other != "" {
			t.Errorf("hearth %s: the wrong output has %q", tt.args, other)
		}
		for _, want := range tt.want {
			if !regexp.MustCompile("(?m)" + want).MatchString(text) {
				t.Errorf("hearth %s: want %s, got\n%s", tt.args, want, text)
			}
		}
	}
	if made, err := os.ReadDir("."); err != nil || len(made) > 0 {
		t.Errorf("they made %v, %v", made, err)
	}
}

func TestEveryVerbHasAScript(t *testing.T) {
	for _, v := range verbs() {
		if _, err := os.Stat("testdata/script/" + v.name + ".txtar"); err != nil {
			t.Error(err)
		}
	}
}
