package strictjson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"hearth/api/strictjson"
)

func TestObjects(t *testing.T) {
	for _, c := range []struct{ name, in, problem string }{
		{"empty", `{}`, ""},
		{"members", ` {"a":1, "b":{"a":2}} `, ""},
		{"duplicate below is the member's own matter", `{"a":{"x":1,"x":2}}`, ""},
		{"duplicate", `{"a":1,"a":2}`, `"a": given twice`},
		{"duplicate by escape", `{"a":1,"\u0061":2}`, `"a": given twice`},
		{"trailing data", `{} {}`, "something follows"},
		{"trailing garbage", `{}x`, "something follows"},
		{"not an object", `[1]`, "must be an object"},
		{"cut", `{"a":1`, "not valid JSON"},
		{"nothing", ``, "not valid JSON"},
		{"a name with a lone surrogate", `{"\ud800":1}`, "invalid Unicode"},
		{"a name with invalid UTF-8", "{\"\xff\":1}", "invalid Unicode"},
		{"single quotes", `{'a':1}`, "not valid JSON"},
		{"trailing comma", `{"a":1,}`, "not valid JSON"},
		{"NaN", `{"a":NaN}`, "not valid JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := strictjson.ParseObject([]byte(c.in))
			if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Fatalf("%v", err)
			}
		})
	}
}

func TestMembers(t *testing.T) {
	o, err := strictjson.ParseObject([]byte("{\"s\":\"a\\u00e9\",\"lone\":\"\\udc00\",\"bad\":\"\xff\",\"n\":12,\"d\":\"12\",\"neg\":-1," +
		`"f":1.5,"big":9007199254740993,"z":null,"l":["a","b"],"m":["a",1],"t":true,"e":""}`))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := o.String("s"); s != "aé" || err != nil {
		t.Error(s, err)
	}
	if s, err := o.String("z"); s != "" || err != nil {
		t.Error(s, err)
	}
	for _, name := range []string{"lone", "bad", "n"} {
		if _, err := o.String(name); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Error(name, err)
		}
	}
	for _, name := range []string{"n", "d"} {
		if n, err := o.ID(name); n != 12 || err != nil {
			t.Error(name, n, err)
		}
	}
	for _, name := range []string{"neg", "f", "big", "s", "l", "e", "t"} {
		if _, err := o.ID(name); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Error(name, err)
		}
	}
	if l, err := o.Strings("l"); len(l) != 2 || l[1] != "b" || err != nil {
		t.Error(l, err)
	}
	if _, err := o.Strings("m"); err == nil || err.Error() != "m[1]: must be a string" {
		t.Error(err)
	}
	if v, err := o.Bool("t"); !v || err != nil {
		t.Error(v, err)
	}
	if _, err := o.Bool("n"); err == nil {
		t.Error("a number is no boolean")
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	deep := strings.Repeat("[", strictjson.MaxDepth) + strings.Repeat("]", strictjson.MaxDepth)
	if err := strictjson.Check([]byte(deep)); err != nil {
		t.Error(err)
	}
	if strictjson.Check([]byte("["+deep+"]")) == nil {
		t.Error("one more level was let through")
	}
	if err := strictjson.Check([]byte(`"` + strings.Repeat(`[\"`, 100) + `"`)); err != nil {
		t.Error("brackets in a string:", err)
	}
}

// FuzzObject: what is let through, encoding/json reads as the same.
func FuzzObject(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `{"a":{"b":[1,2,{}]},"c":"\ud83d\ude00"}`, `{"a":1,"a":2}`, `{}x`, "{\"\xff\":1}", `[`, `{"a":"\ud800"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if strictjson.Check(b) != nil {
			return
		}
		o, err := strictjson.ParseObject(b)
		if err != nil {
			return
		}
		var m map[string]json.RawMessage
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if len(m) != len(o) {
			t.Fatalf("%d members, encoding/json has %d", len(o), len(m))
		}
		for name := range o {
			if s, err := o.String(name); err == nil && s != "" {
				var want string
				if json.Unmarshal(m[name], &want) != nil || want != s {
					t.Fatal("another string")
				}
			}
			o.ID(name)
			o.Strings(name)
			if items, err := strictjson.ParseArray(o[name]); err == nil && len(items) == 0 && !bytes.HasPrefix(bytes.TrimSpace(o[name]), []byte("[")) {
				t.Fatal("an array out of nothing")
			}
		}
	})
}
