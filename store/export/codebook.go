package export

import (
	"io"
	"slices"
	"strings"

	"hearth/hub/chat"
)

// entry is one line of the codebook: a column of a table.
type entry struct {
	table  Table
	place  int
	name   string
	label  string
	kind   Kind
	unit   string
	values []Value
	always bool
	holds  Holds
	veil   string
}

func entries[R any](t Table, columns []Column[R]) (all []entry) {
	for i, c := range columns {
		all = append(all, entry{t, i + 1, c.Name, c.Label, c.Of.kind, c.Unit, c.Values, c.Always, c.Holds, c.Veil})
	}
	return all
}

func codebook(only Table) (all []entry) {
	for _, t := range Tables() {
		if only != "" && t != only {
			continue
		}
		switch t {
		case Transcript:
			all = append(all, entries(t, transcriptColumns())...)
		case Attendance:
			all = append(all, entries(t, attendanceColumns())...)
		case Keystrokes:
			all = append(all, entries(t, keystrokeColumns())...)
		}
	}
	return all
}

func codebookColumns() []Column[entry] {
	return []Column[entry]{
		{Name: "table", Label: "The table", Of: text(func(e *entry) string { return string(e.table) })},
		{Name: "position", Label: "Which column of it, from 1", Of: count(func(e *entry) int { return e.place })},
		{Name: "variable", Label: "The column's name", Of: text(func(e *entry) string { return e.name })},
		{Name: "label", Label: "What it means", Of: text(func(e *entry) string { return e.label })},
		{Name: "type", Label: "What it holds", Of: text(func(e *entry) string { return string(e.kind) })},
		{Name: "unit", Label: "In what it is measured", Of: text(func(e *entry) string { return e.unit })},
		{Name: "values", Label: "All that it can be, with the meaning of each", Of: list(func(e *entry) (all []string) {
			for _, v := range e.values {
				all = append(all, v.Code+" = "+v.Meaning)
			}
			return all
		})},
		{Name: "never_missing", Label: "There is always a value", Of: flag(func(e *entry) bool { return e.always })},
		{Name: "holds", Label: "identifies: a person, a therapy session or when it was; free_text: what somebody typed",
			Of: text(func(e *entry) string { return string(e.holds) })},
		{Name: "deidentified", Label: "What --deidentify makes of it; missing: it stays as it is",
			Of: text(func(e *entry) string { return e.veil })},
	}
}

// Codebook writes what every column of a table means, or, if only is empty, of
// every table. It needs no data and tells of nobody. In the format REDCap it is
// a data dictionary, which must be of one table: there a name can be used once
// in a project.
func Codebook(w io.Writer, format Format, only Table) (rows int, err error) {
	if only != "" && !slices.Contains(Tables(), only) {
		return 0, chat.Errorf(chat.BadRequest, "table: must be transcript, attendance or keystrokes")
	}
	all := codebook(only)
	each := func(row func(*entry) error) error {
		for i := range all {
			if err := row(&all[i]); err != nil {
				return err
			}
		}
		return nil
	}
	switch format {
	case CSV, JSON, NDJSON:
		return write(w, Request{Format: format}, codebookColumns(), each)
	case REDCap:
		if only == "" {
			return 0, chat.Errorf(chat.BadRequest, "table: REDCap takes one table a project: say which")
		}
		return write(w, Request{Format: CSV}, redcapColumns(), each)
	}
	return 0, chat.Errorf(chat.BadRequest, "format: must be csv, json, ndjson or redcap")
}

// redcapColumns are those of a REDCap data dictionary, in their order; the
// first variable is the record's name.
func redcapColumns() []Column[entry] {
	column := func(name string, of func(*entry) string) Column[entry] {
		return Column[entry]{Name: name, Of: text(of)}
	}
	none := func(*entry) string { return "" }
	return []Column[entry]{
		column("Variable / Field Name", func(e *entry) string { return e.name }),
		column("Form Name", func(e *entry) string { return string(e.table) }),
		column("Section Header", none),
		column("Field Type", func(e *entry) string {
			switch {
			case e.kind == Flag:
				return "truefalse"
			case e.kind == Choice:
				return "dropdown"
			case e.kind == Keys, e.name == "body":
				return "notes"
			}
			return "text"
		}),
		column("Field Label", func(e *entry) string { return e.label }),
		column("Choices, Calculations, OR Slider Labels", func(e *entry) string {
			var all []string
			for _, v := range e.values {
				all = append(all, v.Code+", "+v.Meaning)
			}
			return strings.Join(all, " | ")
		}),
		column("Field Note", func(e *entry) string {
			switch {
			case e.kind == Moment:
				return "RFC 3339, UTC"
			case e.kind == List:
				return "with semicolons between them"
			}
			return e.unit
		}),
		column("Text Validation Type OR Show Slider Number", func(e *entry) string {
			switch e.kind {
			case Integer:
				return "integer"
			case Number:
				return "number"
			}
			return "" // its dates and times have neither milliseconds nor a time zone
		}),
		column("Text Validation Min", none),
		column("Text Validation Max", none),
		column("Identifier?", func(e *entry) string {
			if e.holds != Plain {
				return "y"
			}
			return ""
		}),
		column("Branching Logic (Show field only if...)", none),
		column("Required Field?", none),
		column("Custom Alignment", none),
		column("Question Number (surveys only)", none),
		column("Matrix Group Name", none),
		column("Matrix Ranking?", none),
		column("Field Annotation", none),
	}
}
