package spec_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hearth/api/spec"
	"hearth/api/spec/spectest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func validator(t *testing.T) *spectest.Validator {
	t.Helper()
	v, err := spectest.New()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEveryExampleIsWhatItsSchemaSays(t *testing.T) {
	v := validator(t)
	n := 0
	check := func(place, schema string, example any) {
		n++
		b, err := json.Marshal(example)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Check(schema, value); err != nil {
			t.Errorf("%s: %v", place, err)
		}
	}
	for name, text := range map[string][]byte{"openapi.yaml": spec.OpenAPI(), "asyncapi.yaml": spec.AsyncAPI()} {
		var tree any
		if err := yaml.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		walk(tree, name+"#", func(place string, m map[string]any) {
			schema := place + "/schema"
			switch {
			case m["payload"] != nil && m["examples"] != nil: // a frame
				for _, e := range m["examples"].([]any) {
					check(place, place+"/payload", e.(map[string]any)["payload"])
				}
			case m["schema"] != nil && m["example"] != nil: // a body, a parameter
				check(place, schema, m["example"])
			case m["schema"] != nil && m["examples"] != nil:
				for _, e := range m["examples"].(map[string]any) {
					check(place, schema, e.(map[string]any)["value"])
				}
			case m["examples"] != nil: // a schema
				for _, e := range m["examples"].([]any) {
					check(place, place, e)
				}
			}
		})
	}
	if n < 90 {
		t.Errorf("only %d examples", n)
	}
}

// walk calls f with each object that is no example, and the place of it.
func walk(value any, place string, f func(string, map[string]any)) {
	switch value := value.(type) {
	case map[string]any:
		f(place, value)
		for key, inner := range value {
			if key != "example" && key != "examples" {
				walk(inner, place+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key), f)
			}
		}
	case []any:
		for i, inner := range value {
			walk(inner, fmt.Sprintf("%s/%d", place, i), f)
		}
	}
}

// Each call that answers JSON, and each request, has an example; so has each
// refusal.
func TestEveryBodyHasAnExample(t *testing.T) {
	for name, text := range map[string][]byte{"openapi.yaml": spec.OpenAPI()} {
		var tree any
		if err := yaml.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		walk(tree, name, func(place string, m map[string]any) {
			content, _ := m["content"].(map[string]any)
			for media, c := range content {
				if c := c.(map[string]any); strings.HasSuffix(media, "json") && c["example"] == nil && c["examples"] == nil {
					t.Errorf("%s has no example", place)
				}
			}
		})
	}
}

func TestAnswersAreHeldAgainstTheDescription(t *testing.T) {
	const health, problem, js = `{"status":"ok"}`, `{"type":"about:blank","title":"x","status":%d,"code":"%s"%s}`, "application/json"
	const pj = "application/problem+json"
	refusal := func(status int, code, more string) string { return fmt.Sprintf(problem, status, code, more) }
	entry := `{"ts_id":"TS1","state":"waiting","reason":"waiting_room","epoch":"e","max_id":0,"detail":` +
		`{"id":"TS1","name":"","topic":"","date":null,"status":"open","whiteboard":"","private_messages":"off","waiting_room":true,"participants":[%s]}}`
	person := `{"id":"T1","name":"x","role":"therapist","status":"online","muted":false}`
	v := validator(t)
	for _, c := range []struct {
		name, method, path string
		status             int
		media, body        string
		ok                 bool
	}{
		{"what is documented", "GET", "/healthz", 200, js, health, true},
		{"with a charset", "GET", "/healthz", 200, js + "; charset=utf-8", health, true},
		{"an undocumented field", "GET", "/healthz", 200, js, `{"status":"ok","load":1}`, false},
		{"a missing field", "GET", "/healthz", 200, js, `{}`, false},
		{"another media type", "GET", "/healthz", 200, "text/plain", health, false},
		{"no media type", "GET", "/healthz", 200, "", health, false},
		{"another status", "GET", "/healthz", 201, js, health, false},
		{"another call", "GET", "/health", 200, js, health, false},
		{"not JSON", "GET", "/healthz", 200, js, "ok", false},
		{"no body where there is none", "POST", "/api/logout", 204, "", "", true},
		{"a body where there is none", "POST", "/api/logout", 204, js, health, false},
		{"a refusal", "GET", "/api/me", 401, pj, refusal(401, "not_authenticated", ""), true},
		{"a refusal with another code", "GET", "/api/me", 401, pj, refusal(401, "invalid_code", ""), false},
		{"a refusal with an undocumented field", "GET", "/api/me", 401, pj, refusal(401, "not_authenticated", `,"x":1`), false},
		{"a refusal as plain JSON", "GET", "/api/me", 401, js, refusal(401, "not_authenticated", ""), false},
		{"a refusal by reference", "POST", "/api/unlock", 503, pj, refusal(503, "storage_unavailable", `,"retry_after":1`), true},
		{"an unknown path", "GET", "/api/nothing", 404, pj, refusal(404, "not_found", ""), true},
		{"a wrong method", "PUT", "/api/login", 405, pj, refusal(405, "method_not_allowed", ""), true},
		{"a page", "GET", "/docs", 200, "text/html; charset=utf-8", "<p>", true},
		{"inner objects", "POST", "/api/enterTherapySession", 200, js, fmt.Sprintf(entry, person), true},
		{"an undocumented field far inside", "POST", "/api/enterTherapySession", 200, js,
			fmt.Sprintf(entry, strings.Replace(person, "}", `,"phone":"x"}`, 1)), false},
	} {
		if err := v.Answer(c.method, c.path, c.status, c.media, []byte(c.body)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, c := range []struct {
		name, path, body string
		ok               bool
	}{
		{"a request", "/api/login", `{"phone":"1","field":"x"}`, true},
		{"an undocumented field", "/api/login", `{"phone":"1","field":"x","y":1}`, false},
		{"a request by reference", "/api/code", `{"p_id":"P123"}`, true},
		{"a request of a call without one", "/api/logout", `{}`, false},
		{"a reaction without an icon", "/api/saveActions", `[{"type":"reaction","target":1}]`, false},
		{"a reaction", "/api/saveActions", `[{"type":"reaction","target":1,"icon":"sad"}]`, true},
	} {
		if err := v.Request("POST", c.path, "application/json", []byte(c.body)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestFramesAndActionsAreHeldAgainstTheDescription(t *testing.T) {
	v := validator(t)
	server, client, action := v.ServerFrame, v.ClientFrame, func(b []byte) error { return v.Schema("Action", b) }
	person := func(b []byte) error { return v.Schema("Person", b) }
	const at = `"timestamp":"2026-12-02T02:00:00.000Z"`
	for _, c := range []struct {
		name string
		ask  func([]byte) error
		json string
		ok   bool
	}{
		{"typing from the server", server, `{"type":"typing","user":"P123"}`, true},
		{"typing from the client", client, `{"type":"typing","recipients":["T1"]}`, true},
		{"typing the wrong way", server, `{"type":"typing","recipients":[]}`, false},
		{"a server's frame from a client", client, `{"type":"hello"}`, false},
		{"an answer", server, `{"type":"left","ref":"1"}`, true},
		{"an undocumented field", server, `{"type":"left","x":1}`, false},
		{"an unknown frame", server, `{"type":"ack"}`, false},
		{"no object", client, `[]`, false},
		{"an action in a frame", server, `{"type":"actions","ts_id":"TS1","epoch":"e","max_id":1,"actions":[{"id":1,"type":"endChatSession","user":"T1",` + at + `}]}`, true},
		{"a bad action in a frame", server, `{"type":"actions","ts_id":"TS1","epoch":"e","max_id":1,"actions":[{"id":0}]}`, false},
		{"a message", action, `{"id":1,"type":"message","user":"P1","recipients":[],"body":"x",` + at + `}`, true},
		{"a message without a body", action, `{"id":1,"type":"message","user":"P1","recipients":[],` + at + `}`, false},
		{"a deleted one", action, `{"id":1,"type":"message","user":"P1","recipients":[],"deleted":true,` + at + `}`, true},
		{"a message with what is for research", action, `{"id":1,"type":"message","user":"P1","recipients":[],"body":"x","time_to_complete":"1ms",` + at + `}`, false},
		{"an icon on a message", action, `{"id":1,"type":"message","user":"P1","recipients":[],"body":"x","icon":"sad",` + at + `}`, false},
		{"a time without milliseconds", action, `{"id":1,"type":"message","user":"P1","recipients":[],"body":"x","timestamp":"2026-12-02T02:00:00Z"}`, false},
		{"a person", person, `{"id":"P1","name":"x","role":"participant","status":"offline","muted":true}`, true},
		{"a person with a phone", person, `{"id":"P1","name":"x","role":"participant","status":"offline","muted":true,"phone":"1"}`, false},
		{"a schema that there is not", func(b []byte) error { return v.Schema("Nobody", b) }, `{}`, false},
		{"a type that there is not", action, `{"id":1,"type":"ack","user":"P1",` + at + `}`, false},
	} {
		if err := c.ask([]byte(c.json)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
