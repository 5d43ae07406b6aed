package spec_test

import (
	"slices"
	"strings"
	"testing"

	"hearth/api/spec"
)

// What every call has in common is documented at each.
func TestEveryCallDocumentsTheUsualRefusals(t *testing.T) {
	all := reference(t).Operations()
	if len(all) < 20 {
		t.Fatalf("only %d calls", len(all))
	}
	for _, o := range all {
		has := func(status int, code string) bool {
			return slices.ContainsFunc(o.Responses, func(r spec.Response) bool {
				return r.Status == status && slices.Contains(r.Codes, code)
			})
		}
		survey := o.ID == "surveyDone"                    // a link that is followed: it changes something all the same
		noted := strings.HasPrefix(o.Path, "/api/admin/") // in the audit log, also a read
		whole := survey || o.ID == "adminRevokeToken"     // its parameter is part of the address: a bad one leads nowhere
		changes := o.Method == "POST" || o.Method == "DELETE"
		api := !o.Public || changes || survey
		for _, c := range []struct {
			status int
			code   string
			want   bool
		}{
			{421, "wrong_host", true},
			{401, "not_authenticated", !o.Public},
			{500, "internal", api},
			{403, "cross_origin", changes || o.ID == "ws"},
			{415, "unsupported_media_type", o.HasBody()},
			{413, "too_large", o.HasBody()},
			{400, "bad_request", o.HasBody() || o.HasParameters() && !whole || o.ID == "ws"},
			{503, "storage_unavailable", changes || o.ID == "readyz" || survey || noted},
		} {
			if has(c.status, c.code) != c.want {
				t.Errorf("%s %s: %d %s: %v, want %v", o.Method, o.Path, c.status, c.code, !c.want, c.want)
			}
		}
	}
}

// A code has the same status wherever it is, and each refusal has a code.
func TestCodeHasOneStatus(t *testing.T) {
	r := reference(t)
	statuses := map[string]int{}
	check := func(where string, all []spec.Response) {
		for _, res := range all {
			if res.Status >= 400 && (len(res.Codes) == 0 || !slices.Equal(res.MediaTypes, []string{"application/problem+json"})) {
				t.Errorf("%s: %d has no code, or is no problem: %q", where, res.Status, res.MediaTypes)
			}
			for _, code := range res.Codes {
				if before, ok := statuses[code]; ok && before != res.Status {
					t.Errorf("%s: %s is %d, elsewhere %d", where, code, res.Status, before)
				}
				statuses[code] = res.Status
			}
		}
	}
	check("otherwise", r.Otherwise())
	for _, o := range r.Operations() {
		check(o.ID, o.Responses)
	}
	for code, status := range r.Statuses() {
		if got := statuses[code]; got != status {
			t.Errorf("%s: its description says %d, the calls %d", code, status, got)
		}
	}
}

func TestFramesBothWays(t *testing.T) {
	r := reference(t)
	types := func(all []spec.Frame) (out []string) {
		for _, f := range all {
			out = append(out, f.Type)
		}
		return out
	}
	if got, want := types(r.ClientFrames()), []string{"enter", "save", "typing", "leave", "ping"}; !slices.Equal(got, want) {
		t.Errorf("clients send %q, want %q", got, want)
	}
	server := []string{"hello", "entered", "actions", "saved", "left", "pong", "presence", "typing", "error"}
	if got := types(r.ServerFrames()); !slices.Equal(got, server) {
		t.Errorf("the server sends %q, want %q", got, server)
	}
	codes := r.Enum("ErrorCode")
	for _, f := range r.ClientFrames() {
		if len(f.Answers) == 0 || len(f.Codes) == 0 {
			t.Errorf("%s: answers %q, codes %q", f.Type, f.Answers, f.Codes)
		}
		for _, a := range f.Answers {
			if !slices.Contains(server, a) {
				t.Errorf("%s is answered with %s, which nobody sends", f.Type, a)
			}
		}
		for _, c := range f.Codes {
			if !slices.Contains(codes, c) {
				t.Errorf("%s: there is no code %s", f.Type, c)
			}
		}
	}
	if got, want := r.CloseCodes(), []int{1001, 1009, 1013, 4400, 4401, 4403}; !slices.Equal(got, want) {
		t.Errorf("close codes %v, want %v", got, want)
	}
}

func TestWhatIsHandedOutIsTheCallers(t *testing.T) {
	for name, f := range map[string]func() []byte{"OpenAPI": spec.OpenAPI, "AsyncAPI": spec.AsyncAPI, "Stylesheet": spec.Stylesheet} {
		b := f()
		if len(b) < 100 {
			t.Errorf("%s has %d bytes", name, len(b))
			continue
		}
		b[0] = 0
		if f()[0] == 0 {
			t.Errorf("%s hands out its own", name)
		}
	}
}
