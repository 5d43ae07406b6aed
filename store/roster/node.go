package roster

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"hearth/hub/chat"
)

const (
	noAliases = "anchors (&) and aliases (*) are not allowed; quote a text that begins with one of these characters"
	noTags    = "tags (!) are not allowed; quote a text that begins with this character"
)

var kinds = map[yaml.Kind]string{
	yaml.MappingNode:  "a mapping of keys to values",
	yaml.SequenceNode: "a list",
	yaml.ScalarNode:   "a single value",
}

// object is a mapping of the file whose keys are known ones, each once.
type object struct {
	line   int
	values map[string]*yaml.Node // without the null ones
}

func (r *reader) add(line int, field, format string, args ...any) {
	r.problems.add(Problem{Line: line, Field: field, Message: fmt.Sprintf(format, args...)})
}

// is reports whether n is of this kind and without YAML's cleverness: an alias
// could make a small file a huge roster, and a tag another type of a value.
func (r *reader) is(n *yaml.Node, field string, kind yaml.Kind) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.add(n.Line, field, noAliases)
	case n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!str":
		r.add(n.Line, field, noTags)
	case n.Kind != kind:
		r.add(n.Line, field, "must be %s", kinds[kind])
	default:
		return true
	}
	return false
}

// isNull reports whether n is null, which is the same as leaving its key out.
// Null and NULL are names: YAML knows no better, but people are called so.
func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style == 0 && n.Anchor == "" &&
		(n.Value == "" || n.Value == "~" || n.Value == "null")
}

var looksLikeKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,39}$`)

// object reads n as a mapping with some of these keys. ok is false if it is
// not one; a bad key is a problem, but leaves the others readable.
func (r *reader) object(n *yaml.Node, field string, keys ...string) (o object, ok bool) {
	if !r.is(n, field, yaml.MappingNode) {
		return o, false
	}
	o = object{line: n.Line, values: make(map[string]*yaml.Node, len(n.Content)/2)}
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if !r.is(k, "", yaml.ScalarNode) {
			continue
		}
		first, seen := lines[k.Value]
		switch {
		case k.Value == "<<" && k.Style == 0:
			r.add(k.Line, "", "merge keys (<<) are not allowed")
		case !slices.Contains(keys, k.Value):
			r.unknownKey(n, k, v)
		case seen:
			r.add(k.Line, k.Value, "given twice, first on line %d", first)
		default:
			lines[k.Value] = k.Line
			if !isNull(v) {
				o.values[k.Value] = v
			}
		}
	}
	return o, true
}

// unknownKey names the key unless it may be a name or a phone.
func (r *reader) unknownKey(n, k, v *yaml.Node) {
	switch {
	case n.Style&yaml.FlowStyle != 0 && isNull(v):
		// {name: Denver, Gilligan}
		r.add(k.Line, "", "a key without a value; quote a text that holds a comma")
	case !looksLikeKey.MatchString(k.Value):
		r.add(k.Line, "", "an unknown key, which is not like any key of a roster")
	default:
		r.add(k.Line, k.Value, "unknown key")
	}
}

// list returns the items of the list at key, none if it is missing.
func (r *reader) list(o object, key string) []*yaml.Node {
	n := o.values[key]
	if n == nil || !r.is(n, key, yaml.SequenceNode) {
		return nil
	}
	if len(n.Content) > maxEntries {
		r.add(n.Line, key, "more than %d entries", maxEntries)
		return nil
	}
	return n.Content
}

// text returns the value at key as it is written, so that an unquoted 007 or
// No stays what it is, and its line. ok is false if it is missing or not a
// single value.
func (r *reader) text(o object, key string) (s string, line int, ok bool) {
	n := o.values[key]
	if n == nil || !r.is(n, key, yaml.ScalarNode) {
		return "", o.line, false
	}
	return scalar(n), n.Line, true
}

func scalar(n *yaml.Node) string {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return strings.TrimRight(n.Value, "\n") // a block ends with one, which nobody typed
	}
	return n.Value
}

// required is text whose absence is a problem.
func (r *reader) required(o object, key string) (s string, line int, ok bool) {
	if o.values[key] == nil {
		r.add(o.line, key, "missing")
		return "", o.line, false
	}
	return r.text(o, key)
}

// requiredID returns "" if there is no valid one.
func (r *reader) requiredID(o object, key string) (id string, line int) {
	id, line, ok := r.required(o, key)
	if !ok {
		return "", line
	}
	if err := chat.CheckID(id); err != nil {
		r.add(line, key, "%v", err)
		return "", line
	}
	return id, line
}

// requiredName returns "" if there is no valid one.
func (r *reader) requiredName(o object, key string) string {
	s, line, ok := r.required(o, key)
	if !ok {
		return ""
	}
	if err := checkName(s); err != nil {
		r.add(line, key, "%v", err)
		return ""
	}
	return s
}

// choice returns the default, the zero value, if the key is missing or its
// value not one of them.
func choice[T any](r *reader, o object, key, words string, parse func(string) (T, bool)) T {
	var none T
	s, line, ok := r.text(o, key)
	if !ok {
		return none
	}
	v, ok := parse(s)
	if !ok {
		r.add(line, key, "must be %s", words)
		return none
	}
	return v
}

// boolean takes YAML's true and false only: what else a parser may take for
// one, such as an unquoted no, is too often meant as a text.
func (r *reader) boolean(o object, key string, otherwise bool) bool {
	n := o.values[key]
	if n == nil {
		return otherwise
	}
	if !r.is(n, key, yaml.ScalarNode) {
		return otherwise
	}
	if n.Tag != "!!bool" {
		r.add(n.Line, key, "must be true or false, without quotes")
		return otherwise
	}
	return strings.EqualFold(n.Value, "true")
}

const (
	maxNameChars  = 200
	maxTopicChars = 1000
	maxURLBytes   = 2000
)

// checkName says why s cannot be shown as a name or title. Nobody could type a
// name that is blank once folded.
func checkName(s string) error {
	visible := func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }
	if !strings.ContainsFunc(s, visible) || chat.Fold(s) == "" {
		return errors.New("must not be blank")
	}
	return checkText(s, maxNameChars)
}

func checkText(s string, maxChars int) error {
	switch {
	case !utf8.ValidString(s):
		return errors.New("must be valid Unicode")
	case utf8.RuneCountInString(s) > maxChars:
		return fmt.Errorf("must be at most %d characters", maxChars)
	case strings.ContainsFunc(s, isBreakOrControl):
		return errors.New("must not hold control characters or line breaks")
	}
	return nil
}

func isBreakOrControl(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
}
