// Package strictjson reads requests: JSON as RFC 7493 (I-JSON) has it. Invalid
// Unicode, duplicate names, trailing data and deep nesting are refused, which
// encoding/json lets through, and every error names its field.
//
// What it writes (write.go) is the strings of answers.
//
// A value is taken apart level by level, so that what is wrong inside one
// element of an array is that element's error alone.
package strictjson

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Error says what is wrong with which field; Field is empty for the whole
// text. It never holds a value.
type Error struct{ Field, Problem string }

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Problem
	}
	return e.Field + ": " + e.Problem
}

// MaxDepth is how deep arrays and objects may nest.
const MaxDepth = 16

// Object is one JSON object: the raw text of each member, which is a part of
// the text that was read.
type Object map[string]jsontext.Value

// reader is a decoder and what it reads, to be used again.
type reader struct {
	jsontext.Decoder
	text []byte
	from bytes.Reader
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// read begins to read b. What is inside a member is judged when the member is
// taken apart.
func read(b []byte) *reader {
	r := readers.Get().(*reader)
	r.text = b
	r.from.Reset(b)
	r.Reset(&r.from, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return r
}

func (r *reader) done() {
	r.text = nil
	r.from.Reset(nil)
	readers.Put(r)
}

// value is the next value's part of the text.
func (r *reader) value() (jsontext.Value, error) {
	v, err := r.ReadValue()
	end := int(r.InputOffset())
	return jsontext.Value(r.text[end-len(v) : end : end]), err
}

// Check refuses text that nests too deeply. It is to be called once, on a
// whole request.
func Check(b []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return &Error{Problem: fmt.Sprintf("nested deeper than %d levels", MaxDepth)}
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// ParseObject takes one object apart.
func ParseObject(b []byte) (Object, error) {
	o := Object{}
	var name []byte
	err := parse(b, '{', "an object", func(r *reader) error {
		raw, err := r.value()
		if err != nil {
			return err
		}
		name, err = jsontext.AppendUnquote(name[:0], raw)
		if err != nil {
			return &Error{Problem: "a name with invalid Unicode"}
		}
		if _, twice := o[string(name)]; twice {
			return &Error{Field: printable(name), Problem: "given twice"}
		}
		o[string(name)], err = r.value()
		return err
	})
	return o, err
}

// printable keeps what a client calls a field short and plain.
func printable(name []byte) string {
	if len(name) > 40 {
		return "a field"
	}
	return strconv.QuoteToASCII(string(name))
}

// ParseArray takes one array apart.
func ParseArray(b []byte) (items []jsontext.Value, err error) {
	err = parse(b, '[', "an array", func(r *reader) error {
		v, err := r.value()
		items = append(items, v)
		return err
	})
	return items, err
}

func parse(b []byte, open jsontext.Kind, what string, member func(*reader) error) error {
	d := read(b)
	defer d.done()
	if d.PeekKind() != open {
		if _, err := d.ReadValue(); err != nil {
			return &Error{Problem: "not valid JSON"}
		}
		return &Error{Problem: "must be " + what}
	}
	d.ReadToken()
	for d.PeekKind() != open+2 { // in ASCII, '}' is '{' + 2, and ']' is '[' + 2
		if err := member(d); err != nil {
			if e, ok := err.(*Error); ok {
				return e
			}
			return &Error{Problem: "not valid JSON"}
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return &Error{Problem: "not valid JSON"}
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return &Error{Problem: "something follows the JSON value"}
	}
	return nil
}

// Has reports whether the member is there and not null.
func (o Object) Has(name string) bool { return o[name] != nil && o[name].Kind() != 'n' }

// String returns a string member, "" if it is absent or null.
func (o Object) String(name string) (string, error) {
	if !o.Has(name) {
		return "", nil
	}
	s, err := String(o[name])
	if err != nil {
		return "", &Error{name, err.Error()}
	}
	return s, nil
}

// String reads a JSON string.
func String(v jsontext.Value) (string, error) {
	if v.Kind() != '"' {
		return "", &Error{Problem: "must be a string"}
	}
	s, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return "", &Error{Problem: "not valid Unicode"}
	}
	return string(s), nil
}

// Strings returns a member that is an array of strings, nil if it is absent
// or null.
func (o Object) Strings(name string) ([]string, error) {
	if !o.Has(name) {
		return nil, nil
	}
	items, err := ParseArray(o[name])
	if err != nil {
		return nil, &Error{name, "must be an array of strings"}
	}
	all := make([]string, len(items))
	for i, v := range items {
		if all[i], err = String(v); err != nil {
			return nil, &Error{fmt.Sprintf("%s[%d]", name, i), err.Error()}
		}
	}
	return all, nil
}

// ID returns a member that is a whole number of 0 or more, as a number or as
// a decimal string; 0 if it is absent or null.
func (o Object) ID(name string) (uint64, error) {
	if !o.Has(name) {
		return 0, nil
	}
	s := string(o[name])
	if o[name].Kind() == '"' {
		s, _ = String(o[name])
	}
	n, err := ParseID(s)
	if err != nil {
		return 0, &Error{name, err.Error()}
	}
	return n, nil
}

// ParseID reads a decimal number that every client can hold: below 2⁵³.
func ParseID(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 53)
	if err != nil || s[0] == '+' {
		return 0, &Error{Problem: "must be an id: a whole number, or one in a string"}
	}
	return n, nil
}

// Bool returns a boolean member, false if it is absent or null.
func (o Object) Bool(name string) (bool, error) {
	switch {
	case !o.Has(name):
		return false, nil
	case o[name].Kind() == 't', o[name].Kind() == 'f':
		return o[name].Kind() == 't', nil
	}
	return false, &Error{name, "must be true or false"}
}
