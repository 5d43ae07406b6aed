// Package spectest holds what the server says against package spec, for
// tests: an answer or a frame must have all that is documented and nothing
// else.
package spectest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"

	"hearth/api/spec"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// base is where the two files are to be found, so that one can refer to the
// other. Nothing is fetched.
const base = "https://hearth.example/api/"

// Validator knows both files. Its methods must not be called at the same
// time.
type Validator struct {
	docs     map[string]any // by name, as JSON, with each object closed
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
	client   map[string]string // frames, by type: where their payloads are described
	server   map[string]string
}

// New reads the files. An error is a mistake in them.
func New() (*Validator, error) {
	v := &Validator{docs: map[string]any{}, compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	v.compiler.DefaultDraft(jsonschema.Draft2020)
	v.compiler.AssertFormat()
	v.compiler.UseLoader(nowhere{})
	for name, text := range map[string][]byte{"openapi.yaml": spec.OpenAPI(), "asyncapi.yaml": spec.AsyncAPI()} {
		var tree any
		if err := yaml.Unmarshal(text, &tree); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		b, err := json.Marshal(tree)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		closeAll(doc)
		v.docs[name] = doc
		if err := v.compiler.AddResource(base+name, doc); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	v.client, v.server = v.frames("receive"), v.frames("send")
	return v, nil
}

type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not one of the two files", url)
}

// Check says why value, as [jsonschema.UnmarshalJSON] returns it, is not what
// the schema at place is of, such as
// openapi.yaml#/components/schemas/Action.
func (v *Validator) Check(place string, value any) error {
	s := v.schemas[place]
	if s == nil {
		var err error
		if s, err = v.compiler.Compile(base + place); err != nil {
			return err
		}
		v.schemas[place] = s
	}
	return s.Validate(value)
}

// Schema says why b is not what a named schema of openapi.yaml describes.
func (v *Validator) Schema(name string, b []byte) error {
	place := "of/" + name
	if v.schemas[place] == nil {
		use := map[string]any{"$ref": "../openapi.yaml#/components/schemas/" + escape(name)}
		closeSchema(use, true)
		if err := v.compiler.AddResource(base+place, use); err != nil {
			return err
		}
	}
	return v.check(place, b)
}

func (v *Validator) check(place string, b []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return v.Check(place, value)
}

// Answer says what is not documented of an answer to a call: the call, its
// status, its content type, its body. path is without a query.
func (v *Validator) Answer(method, path string, status int, contentType string, body []byte) error {
	op, place, err := v.operation(method, path)
	if err != nil {
		place = "/x-otherwise"
		op, _ = get(v.docs["openapi.yaml"], "x-otherwise").(map[string]any)
	}
	code := strconv.Itoa(status)
	res, place := v.follow("openapi.yaml", get(op, "responses", code), place+"/responses/"+code)
	if res == nil {
		return errors.Join(err, fmt.Errorf("%s %s: status %d is not documented", method, path, status))
	}
	return v.content(res, place, contentType, body)
}

// Request says what is not documented of a request's body. It is sterner than
// the server, which ignores unknown fields.
func (v *Validator) Request(method, path, contentType string, body []byte) error {
	op, place, err := v.operation(method, path)
	if err != nil {
		return err
	}
	req, place := v.follow("openapi.yaml", get(op, "requestBody"), place+"/requestBody")
	if req == nil {
		return fmt.Errorf("%s %s: has no body", method, path)
	}
	return v.content(req, place, contentType, body)
}

func (v *Validator) operation(method, path string) (op any, place string, err error) {
	method = strings.ToLower(method)
	op = get(v.docs["openapi.yaml"], "paths", path, method)
	if op == nil {
		return nil, "", fmt.Errorf("%s %s is not documented", method, path)
	}
	return op, "/paths/" + escape(path) + "/" + method, nil
}

// content checks a body by its content type. What is not JSON has no schema.
func (v *Validator) content(of any, place, contentType string, body []byte) error {
	documented, _ := get(of, "content").(map[string]any)
	if len(documented) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("a body of %d bytes is not documented", len(body))
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	described, ok := documented[media]
	if !ok {
		return fmt.Errorf("content type %q is not documented", media)
	}
	if get(described, "schema") == nil || media != "application/json" && !strings.HasSuffix(media, "+json") { // a file of another format
		return nil
	}
	return v.check("openapi.yaml#"+place+"/content/"+escape(media)+"/schema", body)
}

// ClientFrame says what is not documented of a frame to the server.
func (v *Validator) ClientFrame(b []byte) error { return v.frame(v.client, b) }

// ServerFrame says what is not documented of a frame from the server.
func (v *Validator) ServerFrame(b []byte) error { return v.frame(v.server, b) }

func (v *Validator) frame(places map[string]string, b []byte) error {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return fmt.Errorf("not a frame: %w", err)
	}
	place, ok := places[head.Type]
	if !ok {
		return fmt.Errorf("a frame of type %q is not documented in this direction", head.Type)
	}
	return v.check(place, b)
}

// frames finds where the frames of one direction are described: those that
// the server receives, or those that it sends, as replies too.
func (v *Validator) frames(action string) map[string]string {
	places := map[string]string{}
	operations, _ := get(v.docs["asyncapi.yaml"], "operations").(map[string]any)
	for _, op := range operations {
		messages := list(get(op, "messages"))
		if get(op, "action") != action {
			if action == "receive" {
				continue
			}
			messages = list(get(op, "reply", "messages"))
		}
		for _, m := range messages {
			message, place := v.follow("asyncapi.yaml", m, "")
			if name, ok := get(message, "name").(string); ok {
				places[name] = "asyncapi.yaml#" + place + "/payload"
			}
		}
	}
	return places
}

// follow goes where a value refers to, within one file.
func (v *Validator) follow(name string, value any, place string) (any, string) {
	for {
		ref, ok := get(value, "$ref").(string)
		if !ok {
			return value, place
		}
		place = strings.TrimPrefix(ref, "#")
		value = v.docs[name]
		for _, key := range strings.Split(place, "/")[1:] {
			value = get(value, unescape(key))
		}
	}
}

func get(value any, keys ...string) any {
	for _, key := range keys {
		m, _ := value.(map[string]any)
		value = m[key]
	}
	return value
}

// RFC 6901, 4.
func escape(key string) string   { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }
func unescape(key string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(key) }

// closeAll closes each schema where it is used: what is not documented there
// is not valid. Schemas with a name are closed where they are referred to, as
// some are parts of others.
func closeAll(value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if key == "schema" || key == "payload" {
				closeSchema(inner, true)
			} else if key == "schemas" {
				named, _ := inner.(map[string]any)
				for _, s := range named {
					closeSchema(s, false)
				}
			} else if key != "example" && key != "examples" {
				closeAll(inner)
			}
		}
	case []any:
		for _, inner := range value {
			closeAll(inner)
		}
	}
}

func closeSchema(value any, whole bool) {
	s, ok := value.(map[string]any)
	if !ok {
		return
	}
	properties, _ := s["properties"].(map[string]any)
	for _, p := range properties {
		closeSchema(p, true)
	}
	closeSchema(s["items"], true)
	for _, part := range list(s["oneOf"]) {
		closeSchema(part, true)
	}
	for _, part := range list(s["allOf"]) {
		closeSchema(part, false)
	}
	if whole {
		s["unevaluatedProperties"] = false
	}
}

func list(value any) []any {
	l, _ := value.([]any)
	return l
}
