package spec

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func roots(t *testing.T) (*Reference, []node) {
	t.Helper()
	r, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	return r, []node{r.openapi, r.asyncapi}
}

func TestReadRefusesWhatLeadsNowhere(t *testing.T) {
	const good = "components: {schemas: {A: {type: string}}}\n"
	for _, c := range []struct {
		name, openapi, asyncapi, want string
	}{
		{"both fine", good, "a: {$ref: 'openapi.yaml#/components/schemas/A'}", ""},
		{"a path with a slash", "paths: {/a/b: {x: 1}}\nr: {$ref: '#/paths/~1a~1b'}", "a: 1", ""},
		{"nothing there", good + "x: {$ref: '#/components/schemas/B'}", "a: 1", "openapi.yaml: x: #/components/schemas/B leads nowhere"},
		{"nothing there in the other file", good, "a: {b: [{$ref: 'openapi.yaml#/components/schemas/B'}]}", "asyncapi.yaml: a/b/: openapi.yaml#/components/schemas/B leads nowhere"},
		{"no such file", good, "a: {$ref: 'other.yaml#/a'}", "other.yaml#/a leads nowhere"},
		{"no place", good, "a: {$ref: openapi.yaml}", "openapi.yaml leads nowhere"},
		{"a circle", "a: {$ref: '#/b'}\nb: {$ref: '#/a'}", "a: 1", "leads nowhere"},
		{"no YAML", "a: [", "a: 1", "read openapi.yaml"},
		{"an empty file", good, "", "read asyncapi.yaml: it is empty"},
	} {
		_, err := read([]byte(c.openapi), []byte(c.asyncapi))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestNoComponentIsUnused(t *testing.T) {
	_, files := roots(t)
	used := map[string]bool{}
	for _, f := range files {
		for _, n := range f.walk() {
			if ref := n.ref(); ref != "" {
				if ref[0] == '#' {
					ref = f.name + ref
				}
				used[ref] = true
			}
		}
		ways := f.get("security").items()
		for _, methods := range f.get("paths").members() {
			for _, call := range methods.members() {
				ways = append(ways, call.get("security").items()...)
			}
		}
		for _, way := range ways {
			for name := range way.members() {
				used[f.name+"#/components/securitySchemes/"+name] = true
			}
		}
	}
	for _, f := range files {
		n := 0
		for kind, all := range f.get("components").members() {
			for name := range all.members() {
				n++
				if place := f.name + "#/components/" + kind + "/" + name; !used[place] {
					t.Errorf("%s is not used", place)
				}
			}
		}
		if n < 10 {
			t.Errorf("%s: only %d components", f.name, n)
		}
	}
}

func TestEveryCallHasASummaryAndATag(t *testing.T) {
	r, _ := roots(t)
	var tags []string
	for _, tag := range r.openapi.get("tags").items() {
		tags = append(tags, tag.get("name").text())
		if tag.get("description").text() == "" {
			t.Errorf("tag %s has no description", tag.get("name").text())
		}
	}
	ids, used := map[string]bool{}, map[string]bool{}
	for _, o := range r.Operations() {
		if o.ID == "" || ids[o.ID] {
			t.Errorf("%s %s: operationId %q is missing or taken", o.Method, o.Path, o.ID)
		}
		ids[o.ID] = true
		if o.node.get("summary").text() == "" {
			t.Errorf("%s has no summary", o.ID)
		}
		of := o.node.get("tags").texts()
		if len(of) != 1 || !slices.Contains(tags, of[0]) {
			t.Errorf("%s has tags %q", o.ID, of)
			continue
		}
		used[of[0]] = true
		for _, res := range o.Responses {
			if res.Status == 0 || res.node.get("description").text() == "" {
				t.Errorf("%s: answer %d has no description", o.ID, res.Status)
			}
		}
		for _, p := range o.node.get("parameters").items() {
			if p.get("description").text() == "" {
				t.Errorf("%s: parameter %s has no description", o.ID, p.get("name").text())
			}
		}
	}
	if len(used) != len(tags) {
		t.Errorf("%d of %d tags are used", len(used), len(tags))
	}
	for name, op := range r.asyncapi.get("operations").members() {
		if op.get("summary").text() == "" {
			t.Errorf("operation %s has no summary", name)
		}
	}
	for name, m := range r.asyncapi.get("components", "messages").members() {
		if m.get("summary").text() == "" || m.get("name").text() != frame(m, node{}).Type || len(m.get("examples").items()) == 0 {
			t.Errorf("message %s has no summary or example, or not its type as name", name)
		}
	}
}

func TestEverySchemaPropertyIsDescribed(t *testing.T) {
	_, files := roots(t)
	n := 0
	for _, f := range files {
		for path, s := range f.walk() {
			if s.get("properties").ok() && !within(path, "allOf", "examples", "example", "properties") {
				for _, field := range fields(s) {
					n++
					if len(field.Meaning) == 0 {
						t.Errorf("%s: %s: %s is not described", f.name, strings.Join(path, "/"), field.Name)
					}
				}
			}
			for _, v := range values(s) {
				if within(path, "examples", "example") {
					break
				}
				if v.Value == "" || s.get("oneOf").ok() && len(v.Meaning) == 0 {
					t.Errorf("%s: %s: value %q is not described", f.name, strings.Join(path, "/"), v.Value)
				}
			}
		}
	}
	if n < 150 {
		t.Errorf("only %d properties", n)
	}
	for name, s := range files[0].get("components", "schemas").members() {
		if s.get("description").text() == "" {
			t.Errorf("schema %s is not described", name)
		}
		// By allOf too.
		for _, field := range fields(s) {
			if len(field.Meaning) == 0 {
				t.Errorf("%s.%s is not described", name, field.Name)
			}
		}
	}
}

func within(path []string, keys ...string) bool {
	return slices.ContainsFunc(path, func(p string) bool { return slices.Contains(keys, p) })
}

var unread = regexp.MustCompile(`\*\*|\]\(|^#|\n#|\n\||^\||<[a-zA-Z/]|\n[0-9]+\. |\n\* |  \n`)

// The page reads paragraphs, lists and code; more would be shown as it is.
func TestDescriptionsUseOnlyWhatThePageReads(t *testing.T) {
	_, files := roots(t)
	n := 0
	for _, f := range files {
		for path, d := range f.walk() {
			last := ""
			if len(path) > 0 {
				last = path[len(path)-1]
			}
			text := d.text()
			if last != "description" && last != "summary" || text == "" || within(path, "example", "examples") && last != "summary" {
				continue
			}
			n++
			switch where := f.name + ": " + strings.Join(path, "/"); {
			case unread.MatchString(text):
				t.Errorf("%s uses more than that: %q", where, unread.FindString(text))
			case strings.Count(text, "`")%2 != 0:
				t.Errorf("%s: a backquote is missing", where)
			case last == "description" && !strings.HasSuffix(strings.TrimSpace(text), "."):
				t.Errorf("%s does not end with a full stop: %q", where, text)
			case last == "summary" && within(path, "paths", "operations", "messages") && strings.HasSuffix(text, ".") && !within(path, "info"):
				t.Errorf("%s ends with a full stop", where)
			}
		}
	}
	if n < 250 {
		t.Errorf("only %d descriptions", n)
	}
}

func TestJSONOfExamplesKeepsOrderAndTypes(t *testing.T) {
	for _, c := range []struct {
		yaml  string
		width int
		want  string
	}{
		{`{b: 1, a: [true, null, "1", -2.5, x]}`, 0, `{"b": 1, "a": [true, null, "1", -2.5, "x"]}`},
		{`{t: "2026-12-02T02:00:00.000Z", u: 2026-12-02}`, 0, `{"t": "2026-12-02T02:00:00.000Z", "u": "2026-12-02"}`},
		{`{html: "<b>&amp; \"q\" ü"}`, 0, `{"html": "<b>&amp; \"q\" ü"}`},
		{`{e: {}, l: []}`, 5, "{\n  \"e\": {},\n  \"l\": []\n}"},
		{`{a: 1, b: [x, y]}`, 80, `{"a": 1, "b": ["x", "y"]}`},
		{`{a: 1, b: [x, y]}`, 14, "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    \"y\"\n  ]\n}"},
		{`[{a: 1, b: 2}, {a: 3, b: 4}]`, 20, "[\n  {\"a\": 1, \"b\": 2},\n  {\"a\": 3, \"b\": 4}\n]"},
	} {
		r, err := read([]byte("x: "+c.yaml), []byte("a: 1"))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.openapi.get("x").json(c.width); got != c.want {
			t.Errorf("%s in %d: %s, want %s", c.yaml, c.width, got, c.want)
		}
	}
}

func TestProse(t *testing.T) {
	got := prose("One `two`\nthree.\n\n- a `b`,\n  c\n- d\n\nEnd\n")
	want := []string{"One |`two`| three.", "- a |`b`|, c", "- d", "End"}
	var lines []string
	line := func(mark string, all []span) {
		var parts []string
		for _, s := range all {
			if s.Code {
				s.Text = "`" + s.Text + "`"
			}
			parts = append(parts, s.Text)
		}
		lines = append(lines, mark+strings.Join(parts, "|"))
	}
	for _, b := range got {
		if b.Text != nil {
			line("", b.Text)
		}
		for _, i := range b.List {
			line("- ", i)
		}
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
	if b := prose(""); b != nil {
		t.Errorf("of nothing there is %v", b)
	}
}

func TestFieldsOfInnerObjectsFollowTheirs(t *testing.T) {
	r, err := read([]byte(`
x:
  allOf:
    - {$ref: '#/y'}
    - required: [e]
      properties:
        type: {const: z}
        e: {type: array, items: {type: object, required: [i], properties: {i: {type: integer, minimum: 1, maximum: 9}}}}
y: {required: [type], properties: {type: {type: string, description: What.}, o: {properties: {p: {type: [string, "null"]}}}}}
`), []byte("a: 1"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range fields(r.openapi.get("x")) {
		s := f.Name
		if f.Required {
			s += "!"
		}
		for _, p := range slices.Concat([]span{{Text: " "}}, f.Type, []span{{Text: " "}}, f.Facts) {
			s += p.Text
		}
		got = append(got, strings.TrimSpace(s))
	}
	want := []string{`type! "z"`, "o object", "o.p string or null", "e! list of object", "e[].i! integer 1 to 9"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
