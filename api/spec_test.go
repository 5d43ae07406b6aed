package api_test

import (
	"slices"
	"strings"
	"testing"

	"hearth/api"
	"hearth/api/spec"
	"hearth/hub/chat"
)

// What is documented is what there is. That answers and frames are as
// documented is held by apitest, for every test that has a server.
func TestRoutesAreTheDocumentedOnes(t *testing.T) {
	ref, err := spec.Read()
	if err != nil {
		t.Fatal(err)
	}
	var documented, there []string
	for _, o := range ref.Operations() {
		documented = append(documented, o.Method+" "+o.Path)
	}
	for _, r := range api.Routes() {
		there = append(there, r.Method+" "+strings.NewReplacer(":token", "{token}", ":table", "{table}", ":id", "{id}").Replace(r.Path))
	}
	slices.Sort(documented)
	slices.Sort(there)
	if !slices.Equal(documented, there) {
		t.Errorf("documented\n%s\nbut there are\n%s", strings.Join(documented, "\n"), strings.Join(there, "\n"))
	}
}

func TestEachCodeHasTheDocumentedStatus(t *testing.T) {
	ref, err := spec.Read()
	if err != nil {
		t.Fatal(err)
	}
	documented := ref.Statuses()
	for _, c := range chat.Codes() {
		if want, ok := documented[string(c)]; ok && want != api.Status(c) {
			t.Errorf("%s is %d, documented %d", c, api.Status(c), want)
		}
	}
	if len(documented) < 15 {
		t.Errorf("only %d codes are documented with a status", len(documented))
	}
}
