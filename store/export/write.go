package export

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Format is how a table is written: UTF-8 without a byte order mark, each row
// on a line.
//
// CSV is RFC 4180's: a header, lines that end with CR LF, quotes where needed.
// Line breaks inside a field stand as they were typed (encoding/csv would
// change them). With Request.Spreadsheet it is for a spreadsheet program to
// open: a byte order mark at the beginning, without which some take UTF-8 for
// something else, and an apostrophe before each text that they would run as a
// formula. That changes data.
type Format string

// The formats.
const (
	CSV    Format = "csv"
	JSON   Format = "json"   // one array
	NDJSON Format = "ndjson" // an object a line
	REDCap Format = "redcap" // of the codebook: a data dictionary
)

// MediaType is the format's (RFC 7111, RFC 8259), for HTTP.
func (f Format) MediaType() string {
	switch f {
	case JSON:
		return "application/json"
	case NDJSON:
		return "application/x-ndjson"
	}
	return "text/csv; charset=utf-8; header=present"
}

// Extension is that of a file's name, without the dot.
func (f Format) Extension() string {
	if f == JSON || f == NDJSON {
		return string(f)
	}
	return "csv"
}

// write writes the rows that each hands over.
func write[R any](w io.Writer, r Request, columns []Column[R], each func(row func(*R) error) error) (rows int, err error) {
	out := &writer[R]{w: bufio.NewWriterSize(w, 64<<10), format: r.Format, spreadsheet: r.Spreadsheet, columns: columns}
	if err = out.begin(); err == nil {
		err = each(out.row)
	}
	if err == nil {
		err = out.end()
	}
	return out.rows, err
}

type writer[R any] struct {
	w           *bufio.Writer
	format      Format
	spreadsheet bool
	columns     []Column[R]
	rows        int
	line        []byte
}

func (w *writer[R]) begin() error {
	b := w.line[:0]
	switch w.format {
	case JSON:
		b = append(b, '[')
	case CSV:
		if w.spreadsheet {
			b = append(b, "\ufeff"...)
		}
		for i, c := range w.columns {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendField(b, c.Name)
		}
		b = append(b, "\r\n"...)
	}
	return w.put(b)
}

func (w *writer[R]) end() error {
	if w.format == JSON {
		if err := w.put([]byte("\n]\n")); err != nil {
			return err
		}
	}
	return w.w.Flush()
}

func (w *writer[R]) put(b []byte) error {
	w.line = b
	_, err := w.w.Write(b)
	return err
}

func (w *writer[R]) row(r *R) error {
	b := w.line[:0]
	var err error
	switch {
	case w.format == CSV:
		b, err = w.appendCSV(b, r)
	case w.format == JSON && w.rows == 0:
		b, err = w.appendJSON(append(b, '\n'), r)
	case w.format == JSON:
		b, err = w.appendJSON(append(b, ",\n"...), r)
	default:
		b, err = w.appendJSON(b, r)
		b = append(b, '\n')
	}
	if err != nil {
		return err
	}
	w.rows++
	return w.put(b)
}

func (w *writer[R]) appendJSON(b []byte, r *R) (_ []byte, err error) {
	for i := range w.columns {
		c := &w.columns[i]
		if i == 0 {
			b = append(b, '{')
		} else {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), c.Name...), `":`...)
		switch v := c.Of.cell(r); {
		case !v.there:
			b = append(b, "null"...)
		case c.Of.kind == Integer, c.Of.kind == Number:
			b = append(b, v.text...)
		case c.Of.kind == Flag:
			b = append(b, map[string]string{"1": "true", "0": "false"}[v.text]...)
		case c.Of.kind == List, c.Of.kind == Keys:
			b, err = appendArray(b, v.items)
		default:
			b, err = jsontext.AppendQuote(b, v.text)
		}
		if err != nil {
			return b, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return append(b, '}'), nil
}

func appendArray(b []byte, items []string) (_ []byte, err error) {
	b = append(b, '[')
	for i, s := range items {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = jsontext.AppendQuote(b, s); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func (w *writer[R]) appendCSV(b []byte, r *R) ([]byte, error) {
	for i := range w.columns {
		c := &w.columns[i]
		if i > 0 {
			b = append(b, ',')
		}
		v := c.Of.cell(r)
		s := v.text
		switch {
		case !v.there:
			continue
		case c.Of.kind == List:
			s = strings.Join(v.items, ";")
		case c.Of.kind == Keys:
			array, err := appendArray(nil, v.items)
			if err != nil {
				return b, fmt.Errorf("%s: %w", c.Name, err)
			}
			s = string(array)
		}
		if w.spreadsheet && c.Of.kind != Integer && c.Of.kind != Number && strings.IndexAny(s, "=+-@\t\r\n＝＋－＠") == 0 {
			s = "'" + s // OWASP, CSV Injection
		}
		b = appendField(b, s)
	}
	return append(b, "\r\n"...), nil
}

// appendField writes a field of RFC 4180, section 2, rules 5 to 7. One with
// white space at an end is quoted, too: some readers trim it otherwise.
func appendField(b []byte, s string) []byte {
	if !strings.ContainsAny(s, "\",\r\n") && strings.TrimSpace(s) == s {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
