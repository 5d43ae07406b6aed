package static_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The modules are JavaScript with types in their comments; TypeScript's
// compiler reads them and makes nothing of them.
func TestTypes(t *testing.T) {
	tsc, err := filepath.Abs("../.ci/node_modules/.bin/tsc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tsc); errors.Is(err, fs.ErrNotExist) {
		t.Skip("TypeScript is not installed: the types in the modules are not checked (npm ci --prefix .ci installs it)")
	} else if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tsc, "-p", ".").CombinedOutput()
	if err == nil {
		return
	}
	if lines := strings.TrimSpace(string(out)); lines != "" {
		t.Errorf("%d errors:\n%s", strings.Count("\n"+lines, "\n"), lines)
	} else {
		t.Error(err)
	}
}

// The types are of the versions that are served.
func TestTypesAreOfTheVendoredVersions(t *testing.T) {
	wanted, err := os.ReadFile("../.ci/package.json")
	if err != nil {
		t.Fatal(err)
	}
	said, err := os.ReadFile("vendor/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"preact", "htm"} {
		_, rest, found := strings.Cut(string(wanted), `"`+name+`": "`)
		version, _, _ := strings.Cut(rest, `"`)
		if !found || !strings.Contains(string(said), name+" "+version+" ") {
			t.Errorf("vendor/README.md does not name %s %s, which .ci/package.json names", name, version)
		}
	}
}
