package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms says which packages of Hearth each package may import, besides those
// below itself. An arrow of the architecture may skip downwards, never up;
// hub and auth do not know each other.
var rooms = map[string][]string{
	"hub/chat":        {},
	"store":           {"hub/chat"},
	"store/bolt":      {"store"},
	"store/roster":    {"hub/chat"},
	"store/export":    {"store", "hub/chat"},
	"store/storetest": {"store"},
	"hub":             {"store", "hub/chat"},
	"auth/sms":        {"hub/chat"},
	"auth":            {"auth/sms", "store", "hub/chat"},
	"api/strictjson":  {},
	"api/legacy":      {"api/strictjson", "store", "hub/chat"},
	"api/spec":        {"hub/chat"},
	"api/control":     {"auth", "store", "store/export", "store/roster", "hub/chat"},
	"api/client":      {"hub/chat"},
	"api": {
		"api/strictjson", "api/legacy", "api/spec", "api/control", "hub", "auth", "store", "store/export", "store/roster", "hub/chat",
	},
	"static":         {},
	"internal/bench": {"api/client", "store", "store/bolt", "hub/chat"},
	"":               {"internal/cmd"},
}

// free may import whatever they test or wire.
var free = []string{
	"internal/cmd", "internal/metrics", "internal/browser", "internal/scenario", "api/apitest", "api/spec/spectest", "docs/pagebench", "docs/screenshot",
	"docs/bench/centrifugo",
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		paths := strings.Fields(line)
		room := strings.TrimPrefix(strings.TrimPrefix(paths[0], "hearth"), "/")
		seen[room] = true
		if slices.Contains(free, room) {
			continue
		}
		allowed, known := rooms[room]
		if !known {
			t.Errorf("package %q has no row here: say what it may import", room)
		}
		for _, p := range paths[1:] {
			other, own := strings.CutPrefix(p, "hearth/")
			if own && !slices.Contains(allowed, other) {
				t.Errorf("%s imports %s", room, other)
			}
		}
	}
	for room := range rooms {
		if !seen[room] {
			t.Errorf("there is no package %q", room)
		}
	}
}
