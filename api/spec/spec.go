// Package spec is the project's own reference: openapi.yaml for HTTP,
// asyncapi.yaml for the WebSocket, and a page for people made from the two.
//
// It knows no route, no rule and no code of Hearth: whoever has those holds
// them against [Reference] in a test. The files are what is true for clients;
// change them with the code.
//
// Where to start: the two files; [Read] and reference.go for what tests ask;
// docs.go for the page. Package spectest holds real answers and frames against
// the files.
package spec

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed openapi.yaml
var openapi []byte

//go:embed asyncapi.yaml
var asyncapi []byte

//go:embed docs.css
var stylesheet []byte

// OpenAPI returns the description of HTTP, for /api/openapi.yaml. It is the
// caller's.
func OpenAPI() []byte { return bytes.Clone(openapi) }

// AsyncAPI returns the description of the WebSocket, for /api/asyncapi.yaml,
// beside the other: it refers to it by name. It is the caller's.
func AsyncAPI() []byte { return bytes.Clone(asyncapi) }

// Stylesheet returns what the page of [Docs] refers to as /docs/docs.css. It
// is the caller's.
func Stylesheet() []byte { return bytes.Clone(stylesheet) }

// Docs makes the page for /docs from both files: static HTML in UTF-8 without
// scripts and inline styles, which asks for nothing but /docs/docs.css. It
// takes tens of milliseconds, so keep it. An error is a mistake in the files.
func Docs() ([]byte, error) {
	r, err := Read()
	if err != nil {
		return nil, err
	}
	return r.page()
}

// Reference is both files, read. It is never changed.
type Reference struct {
	openapi, asyncapi node
}

// Read reads both files. An error is a mistake in them: no YAML, or a $ref
// that leads nowhere.
func Read() (*Reference, error) { return read(openapi, asyncapi) }

func read(openapi, asyncapi []byte) (*Reference, error) {
	docs := map[string]*yaml.Node{}
	place := func(name string, text []byte) (node, error) {
		var n yaml.Node
		if err := yaml.Unmarshal(text, &n); err != nil {
			return node{}, fmt.Errorf("read %s: %w", name, err)
		}
		if len(n.Content) != 1 {
			return node{}, fmt.Errorf("read %s: it is empty", name)
		}
		docs[name] = n.Content[0]
		return node{docs, name, n.Content[0]}, nil
	}
	var r Reference
	var err error
	if r.openapi, err = place("openapi.yaml", openapi); err != nil {
		return nil, err
	}
	if r.asyncapi, err = place("asyncapi.yaml", asyncapi); err != nil {
		return nil, err
	}
	for _, root := range []node{r.openapi, r.asyncapi} {
		for path, n := range root.walk() {
			if ref := n.ref(); ref != "" && !n.target().ok() {
				return nil, fmt.Errorf("read %s: %s: %s leads nowhere", root.name, strings.Join(path, "/"), ref)
			}
		}
	}
	return &r, nil
}
