package roster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// load parses data as one YAML document.
func load(data []byte) (*yaml.Node, Problems) {
	if len(data) > maxBytes {
		return nil, Problems{{Line: 1, Message: fmt.Sprintf("the file is over %d MiB", maxBytes>>20)}}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if problems := checkCharacters(data); problems != nil {
		return nil, problems
	}
	data = plainJSON(data)
	data, hidden := hideQuestionMarks(data)
	root, second, err := decode(bytes.NewReader(data))
	switch {
	case err != nil && err != io.EOF:
		return nil, Problems{syntaxProblem(data, err)}
	case second > 0:
		return nil, Problems{{Line: second, Message: "a second document begins; a roster is one"}}
	case err == io.EOF || isNull(root):
		return nil, Problems{{Line: 1, Message: "the file is empty"}}
	}
	if hidden {
		showQuestionMarks(root)
	}
	return root, nil
}

// decode reads the first document. second is the line of the next one, 0 if
// there is none.
func decode(in io.Reader) (root *yaml.Node, second int, err error) {
	// The YAML parser has panics for its own mistakes; a file must not stop the server.
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("this is not YAML that can be read")
		}
	}()
	dec := yaml.NewDecoder(in)
	var doc, next yaml.Node
	if err := dec.Decode(&doc); err != nil {
		return nil, 0, err
	}
	switch err := dec.Decode(&next); err {
	case nil:
		return doc.Content[0], next.Line, nil
	case io.EOF:
		return doc.Content[0], 0, nil
	default:
		return nil, 0, err
	}
}

var yamlPrefix = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxProblem says what err, of decoding data, is about and where. The
// parser's own line is never too late, but often that of the collection around
// the mistake, counted from 0, or missing.
func syntaxProblem(data []byte, err error) Problem {
	if looksLikeJSON.Match(data) {
		var syntax *json.SyntaxError
		if errors.As(json.Unmarshal(data, new(json.RawMessage)), &syntax) {
			return Problem{Line: lineAt(data, int(syntax.Offset)-1), Message: "not valid JSON: " + syntax.Error()}
		}
	}
	// A line before it, because the parser leaves out or mistakes a first line.
	if _, _, again := decode(io.MultiReader(strings.NewReader("\n"), bytes.NewReader(data))); again != nil {
		err = again
	}
	message, line := err.Error(), 1
	if prefix := yamlPrefix.FindStringSubmatch(message); prefix != nil {
		message = message[len(prefix[0]):]
		if n, err := strconv.Atoi(prefix[1]); err == nil {
			line = n - 1
			if strings.HasPrefix(message, "did not find expected ','") || strings.HasSuffix(message, "node content") {
				line++ // these two count from 0
			}
		}
	}
	if strings.HasPrefix(message, "unknown anchor") { // it goes on with a word of the file
		message = noAliases
	}
	line = min(max(line, firstBadLine(data)), lineAt(data, len(data))) // the end counts as a line of its own
	return Problem{Line: line, Message: "not valid YAML: " + message}
}

// firstBadLine is where the shortest part of data that does not parse ends: it
// steps back from the line that the parser had reached. It is 0 if that takes
// too long.
func firstBadLine(data []byte) int {
	in := &lineReader{rest: data}
	if _, _, err := decode(in); err == nil {
		return 0
	}
	line := len(in.ends)
	for tries := 3 + (4<<20)/len(data); line > 1; line-- {
		if tries--; tries < 0 {
			return 0
		}
		if _, _, err := decode(bytes.NewReader(data[:in.ends[line-2]])); err == nil || err == io.EOF {
			break
		}
	}
	return line
}

// lineReader hands out one line at a time, and so shows how far a parser got.
type lineReader struct {
	rest []byte
	read int
	ends []int // of the lines begun so far
}

func (l *lineReader) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		return 0, io.EOF
	}
	if len(l.ends) == 0 || l.read == l.ends[len(l.ends)-1] {
		l.ends = append(l.ends, l.read+lineLength(l.rest))
	}
	n := copy(p, l.rest[:l.ends[len(l.ends)-1]-l.read])
	l.rest, l.read = l.rest[n:], l.read+n
	return n, nil
}

// lineLength is the length of the first line of b with its line break: LF, CR
// LF or CR.
func lineLength(b []byte) int {
	i := bytes.IndexAny(b, "\r\n")
	switch {
	case i < 0:
		return len(b)
	case bytes.HasPrefix(b[i:], []byte("\r\n")):
		return i + 2
	}
	return i + 1
}

// lineAt is the line of the byte at offset.
func lineAt(data []byte, offset int) int {
	line := 1
	for at := 0; ; line++ {
		at += lineLength(data[at:])
		if at > offset || at == len(data) {
			return line
		}
	}
}
