package spec

import (
	"fmt"
	"slices"
	"strings"
)

// field is one member of an object, those of inner objects included.
type field struct {
	Name     string // such as error.code or errors[].index
	Required bool
	shape

	node node
}

// shape is what a schema says, as the page shows it.
type shape struct {
	Type     []span
	Meaning  []block
	Facts    []span // limits, as far as the file has them
	Values   []value
	Fields   []field
	Variants []shape // one of these
}

// value is one of a closed list.
type value struct {
	Value   string
	Meaning []span // empty: the word says it
}

// shapeOf describes a schema. One that has a name of its own is named, and
// described where all of them are.
func shapeOf(n node) shape {
	s := shape{Type: typeOf(n), Meaning: prose(n.get("description").text())}
	if n.schema() == "" {
		s.fill(n)
	}
	return s
}

// fill adds what stands in the schema itself.
func (s *shape) fill(n node) {
	s.Facts = facts(n)
	s.Values = values(n)
	s.Fields = fields(n)
	for _, v := range variants(n) {
		s.Variants = append(s.Variants, shapeOf(v))
	}
}

// variants lists what n may be one of, where that takes more than a line.
func variants(n node) []node {
	all := n.get("oneOf").items()
	inline := func(v node) bool { return v.schema() == "" && (v.get("properties").ok() || v.get("items").ok()) }
	if len(values(n)) > 0 || len(all) <= 2 && !slices.ContainsFunc(all, inline) {
		return nil
	}
	return all
}

// fields lists the members of an object, whether its schema has them itself
// or by allOf. Members of inner objects that have no name of their own follow
// theirs.
func fields(n node) []field {
	var all []field
	collect(n, &all)
	var flat []field
	for _, f := range all {
		inner, mark := f.node, "."
		if items := inner.get("items"); items.ok() {
			inner, mark = items, "[]."
		}
		flat = append(flat, f)
		if inner.schema() == "" {
			for _, g := range fields(inner) {
				g.Name = f.Name + mark + g.Name
				flat = append(flat, g)
			}
		}
	}
	return flat
}

// collect adds the members of n to all. One that is there already is made
// more precise.
func collect(n node, all *[]field) {
	for _, part := range n.get("allOf").items() {
		collect(part, all)
	}
	for name, p := range n.get("properties").members() {
		f := field{Name: name, node: p, shape: shapeOf(p)}
		f.Fields = nil
		i := slices.IndexFunc(*all, func(f field) bool { return f.Name == name })
		if i < 0 {
			*all = append(*all, f)
			continue
		}
		if len(f.Meaning) == 0 {
			f.Meaning = (*all)[i].Meaning
		}
		f.Required = (*all)[i].Required
		(*all)[i] = f
	}
	for _, name := range n.get("required").texts() {
		if i := slices.IndexFunc(*all, func(f field) bool { return f.Name == name }); i >= 0 {
			(*all)[i].Required = true
		}
	}
}

// values lists those of a closed list: an enum, or constants with a meaning.
func values(n node) []value {
	var all []value
	for _, v := range n.get("enum").texts() {
		all = append(all, value{Value: v})
	}
	for _, v := range n.get("oneOf").items() {
		if c := v.get("const"); c.ok() {
			all = append(all, value{c.text(), spans(v.get("description").text())})
		}
	}
	return all
}

// typeOf names the type of a value.
func typeOf(n node) []span {
	if name := n.schema(); name != "" {
		return []span{{Text: name, Link: "schema-" + name}}
	}
	if n.ref() != "" {
		return typeOf(n.target())
	}
	if c := n.get("const"); c.ok() {
		return []span{{Text: c.json(0), Code: true}}
	}
	switch types := n.get("type").texts(); {
	case slices.Contains(types, "array"):
		return append([]span{{Text: "list of "}}, typeOf(n.get("items"))...)
	case len(types) > 0:
		return []span{{Text: strings.Join(types, " or ")}}
	}
	if len(variants(n)) > 0 {
		return []span{{Text: "one of several"}}
	}
	var all []span
	for i, v := range n.get("oneOf").items() {
		if i > 0 {
			all = append(all, span{Text: " or "})
		}
		all = append(all, typeOf(v)...)
	}
	if all == nil {
		all = []span{{Text: "object"}}
	}
	return all
}

// facts tells the limits of a value.
func facts(n node) []span {
	var all []span
	say := func(format string, args ...any) {
		if len(all) > 0 {
			all = append(all, span{Text: ", "})
		}
		all = append(all, span{Text: fmt.Sprintf(format, args...)})
	}
	lowest, highest := n.get("minimum").text(), n.get("maximum").text()
	shortest, longest := n.get("minLength").text(), n.get("maxLength").text()
	switch {
	case lowest != "" && highest != "":
		say("%s to %s", lowest, highest)
	case lowest != "" && lowest != "0":
		say("at least %s", lowest)
	}
	switch {
	case shortest != "":
		say("%s to %s characters", shortest, longest)
	case longest != "":
		say("at most %s characters", longest)
	}
	if d := n.get("default"); d.ok() {
		say("%s if absent", d.text())
	}
	if p := n.get("pattern").text(); p != "" {
		say("pattern ")
		all = append(all, span{Text: p, Code: true})
	}
	return all
}
