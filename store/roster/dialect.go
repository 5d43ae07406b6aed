package roster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// What stands here makes up for where the YAML parser differs from YAML 1.2,
// of which JSON is a part.

// checkCharacters refuses what is not UTF-8 and what YAML does not allow in a
// file, one problem a line. It also refuses the line breaks that only Unicode
// knows: YAML turns them into blanks, and editors do not count them.
func checkCharacters(data []byte) Problems {
	var c collector
	line, reported := 1, 0
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		message := ""
		switch {
		case r == utf8.RuneError && size == 1:
			message = "not UTF-8; save the file in that encoding"
		case r == '\n', r == '\r' && !bytes.HasPrefix(data[i+1:], []byte("\n")):
			line++
		case r == '\t', r == '\r', r >= 0x20 && r < 0x7f:
		case r < 0xa0, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
			message = fmt.Sprintf("the character %U is not allowed", r)
		}
		if message != "" && reported != line {
			c.add(Problem{Line: line, Message: message})
			reported = line
		}
		i += size
	}
	return c.list()
}

var (
	looksLikeJSON = regexp.MustCompile(`^\s*\{\s*"`)
	jsonEscape    = regexp.MustCompile(`\\(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|.)`)
)

// plainJSON rewrites the two escapes of JSON that the YAML parser does not
// know, though many programs write them: \/, and a character beyond U+FFFF as
// two of \u (RFC 8259, section 7). Lines stay as they are.
func plainJSON(data []byte) []byte {
	if !looksLikeJSON.Match(data) || !bytes.ContainsRune(data, '\\') || !json.Valid(data) {
		return data
	}
	return jsonEscape.ReplaceAllFunc(data, func(escape []byte) []byte {
		if string(escape) == `\/` {
			return escape[1:]
		}
		var s string
		if len(escape) == 2 || json.Unmarshal(fmt.Appendf(nil, `"%s"`, escape), &s) != nil {
			return escape
		}
		return []byte(s)
	})
}

// hiddenMark is a private character that stands for a question mark while the
// parser sees the file.
const hiddenMark = "\uf3e5"

var hiddenMarkEscaped = regexp.MustCompile(`(?i)\\u(0000)?f3e5`)

// hideQuestionMarks lets a question mark stand in an unquoted text within
// braces or brackets, as YAML allows it: {title: Where are you today?, …}. The
// parser takes each one there for the beginning of a key (YAML 1.1). Keys that
// begin with one on purpose have no use in a roster.
//
// hidden is false if there was nothing to do, or the file holds the private
// character itself.
func hideQuestionMarks(data []byte) (out []byte, hidden bool) {
	if !bytes.ContainsRune(data, '?') || bytes.Contains(data, []byte(hiddenMark)) || hiddenMarkEscaped.Match(data) {
		return data, false
	}
	return bytes.ReplaceAll(data, []byte("?"), []byte(hiddenMark)), true
}

func showQuestionMarks(n *yaml.Node) {
	n.Value = strings.ReplaceAll(n.Value, hiddenMark, "?")
	for _, child := range n.Content {
		showQuestionMarks(child)
	}
}
