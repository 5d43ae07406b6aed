package spec

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// node is a place in one of the files. The zero value is a place that is not
// there: it has no text, no members and no items.
type node struct {
	docs map[string]*yaml.Node // both files, by name
	name string                // the file it is in
	yaml *yaml.Node
}

func (n node) ok() bool { return n.yaml != nil }

func (n node) at(y *yaml.Node) node { return node{n.docs, n.name, y} }

// ref is where n refers to; empty if it is no reference.
func (n node) ref() string {
	r, _ := n.own("$ref")
	return r.text()
}

// target follows n until it is no reference. A reference to nowhere, and a
// circle, end at the zero node.
func (n node) target() node {
	for range 10 {
		ref := n.ref()
		if ref == "" {
			return n
		}
		file, path, ok := strings.Cut(ref, "#/")
		if file == "" {
			file = n.name
		}
		if !ok || n.docs[file] == nil {
			return node{}
		}
		n = node{n.docs, file, n.docs[file]}
		for _, key := range strings.Split(path, "/") {
			key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key) // RFC 6901, 4
			n, _ = n.own(key)
		}
	}
	return node{}
}

// own returns the member that is written here.
func (n node) own(key string) (node, bool) {
	if n.yaml == nil || n.yaml.Kind != yaml.MappingNode {
		return node{}, false
	}
	for i := 0; i < len(n.yaml.Content); i += 2 {
		if n.yaml.Content[i].Value == key {
			return n.at(n.yaml.Content[i+1]), true
		}
	}
	return node{}, false
}

// get goes from member to member. Where one is not written here it is looked
// for where n refers to, so a description beside a $ref goes before the
// target's.
func (n node) get(keys ...string) node {
	for _, key := range keys {
		next, ok := n.own(key)
		if !ok && n.ref() != "" {
			next, _ = n.target().own(key)
		}
		n = next
	}
	return n
}

// members are those of n, or of what it refers to, as they are written.
func (n node) members() iter.Seq2[string, node] {
	n = n.target()
	return func(yield func(string, node) bool) {
		if n.yaml == nil || n.yaml.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i < len(n.yaml.Content); i += 2 {
			if !yield(n.yaml.Content[i].Value, n.at(n.yaml.Content[i+1])) {
				return
			}
		}
	}
}

// items are those of a list.
func (n node) items() []node {
	if n.yaml == nil || n.yaml.Kind != yaml.SequenceNode {
		return nil
	}
	var all []node
	for _, y := range n.yaml.Content {
		all = append(all, n.at(y))
	}
	return all
}

// text is that of a scalar.
func (n node) text() string {
	if n.yaml == nil || n.yaml.Kind != yaml.ScalarNode {
		return ""
	}
	return n.yaml.Value
}

// texts are those of a list of scalars, or of one scalar.
func (n node) texts() []string {
	if s := n.text(); s != "" {
		return []string{s}
	}
	var all []string
	for _, i := range n.items() {
		all = append(all, i.text())
	}
	return all
}

// schema is the name of the schema of openapi.yaml that n refers to; empty if
// it refers to none.
func (n node) schema() string {
	ref := n.ref()
	if strings.HasPrefix(ref, "#") {
		ref = n.name + ref
	}
	name, ok := strings.CutPrefix(ref, "openapi.yaml#/components/schemas/")
	if !ok {
		return ""
	}
	return name
}

// walk goes through n and everything written below it, with the path to it.
func (n node) walk() iter.Seq2[[]string, node] {
	return func(yield func([]string, node) bool) { n.walkFrom(nil, yield) }
}

func (n node) walkFrom(path []string, yield func([]string, node) bool) bool {
	if !yield(path, n) {
		return false
	}
	for i, y := range n.yaml.Content {
		key := ""
		if n.yaml.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			key = n.yaml.Content[i-1].Value
		}
		if !n.at(y).walkFrom(append(slices.Clone(path), key), yield) {
			return false
		}
	}
	return true
}

// json writes n as JSON, members in the order of the file: on one line where
// that fits into width columns (0: always), else indented.
func (n node) json(width int) string {
	var b strings.Builder
	n.writeJSON(&b, width, 0, 0)
	return b.String()
}

// writeJSON is json for a value that is indented and has so many columns, at
// least indent, before it.
func (n node) writeJSON(b *strings.Builder, width, indent, before int) {
	if !n.ok() {
		b.WriteString("null")
		return
	}
	if width > 0 {
		if line := n.json(0); len(n.yaml.Content) == 0 || before+utf8.RuneCountInString(line) <= width {
			b.WriteString(line)
			return
		}
	}
	begin, between, end := "", ", ", ""
	if width > 0 {
		begin = "\n" + strings.Repeat(" ", indent+2)
		between = "," + begin
		end = "\n" + strings.Repeat(" ", indent)
	}
	switch n.yaml.Kind {
	case yaml.MappingNode:
		b.WriteString("{" + begin)
		for i := 0; i < len(n.yaml.Content); i += 2 {
			if i > 0 {
				b.WriteString(between)
			}
			key := quote(n.yaml.Content[i].Value) + ": "
			b.WriteString(key)
			n.at(n.yaml.Content[i+1]).writeJSON(b, width, indent+2, indent+2+len(key))
		}
		b.WriteString(end + "}")
	case yaml.SequenceNode:
		b.WriteString("[" + begin)
		for i, y := range n.yaml.Content {
			if i > 0 {
				b.WriteString(between)
			}
			n.at(y).writeJSON(b, width, indent+2, indent+2)
		}
		b.WriteString(end + "]")
	default:
		switch n.yaml.ShortTag() {
		case "!!int", "!!float", "!!bool", "!!null":
			b.WriteString(n.yaml.Value) // as YAML 1.2 writes them, so does JSON
		default:
			b.WriteString(quote(n.yaml.Value))
		}
	}
}

func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // of a string there is none
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
