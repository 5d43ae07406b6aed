package export

import (
	"math"
	"strconv"
	"time"

	"hearth/hub/chat"
)

// Kind is what a column holds.
type Kind string

// The kinds, with how they are written. What is missing is null in JSON and
// an empty field in CSV, which an empty text is, too.
const (
	Text    Kind = "text"
	Choice  Kind = "choice"   // text, one of the column's Values
	Integer Kind = "integer"  // in JSON a number
	Number  Kind = "number"   // with a decimal point; in JSON a number
	Flag    Kind = "boolean"  // 1 or 0; in JSON true or false
	Moment  Kind = "datetime" // RFC 3339 in UTC with milliseconds
	List    Kind = "list"     // texts with semicolons between them; in JSON an array
	Keys    Kind = "json"     // a JSON array of texts
)

// Value is one that a choice can have.
type Value struct{ Code, Meaning string }

// Holds says how a column bears on who somebody is.
type Holds string

// What a column may hold.
const (
	Plain      Holds = ""
	Identifies Holds = "identifies" // a person, a therapy session, or when it was
	FreeText   Holds = "free_text"  // what somebody typed: it may hold anything
)

// Column is one variable of a table of rows R: declared here, it is the CSV
// header, the key in JSON and an entry of the codebook.
type Column[R any] struct {
	Name   string // lower snake case, at most 26 characters (REDCap's limit, within those of R, SPSS and SAS)
	Label  string // what it means
	Unit   string
	Values []Value // of a choice: all that it can have
	Always bool    // never missing
	Holds  Holds
	Veil   string // what --deidentify makes of it; empty: it stays
	Of     value[R]
}

// value is how a column is filled.
type value[R any] struct {
	kind Kind
	cell func(*R) cell
}

// cell is one value, as it stands in CSV but for items; the zero value is
// missing.
type cell struct {
	there bool
	text  string
	items []string // of List and Keys
}

func text[R any](of func(*R) string) value[R] { return worded(Text, of) }

func choice[R any](of func(*R) string) value[R] { return worded(Choice, of) }

func worded[R any](k Kind, of func(*R) string) value[R] {
	return value[R]{k, func(r *R) cell {
		s := of(r)
		return cell{there: s != "", text: s}
	}}
}

func integer[R any](of func(*R) (n int64, there bool)) value[R] {
	return value[R]{Integer, func(r *R) cell {
		n, there := of(r)
		if !there {
			return cell{}
		}
		return cell{there: true, text: strconv.FormatInt(n, 10)}
	}}
}

// count is integer that is never missing.
func count[R any](of func(*R) int) value[R] {
	return integer(func(r *R) (int64, bool) { return int64(of(r)), true })
}

// action is integer of an action's id; 0: missing.
func action[R any](of func(*R) chat.ActionID) value[R] {
	return integer(func(r *R) (int64, bool) {
		id := of(r)
		return int64(id), id != 0
	})
}

func number[R any](of func(*R) (x float64, there bool)) value[R] {
	return value[R]{Number, func(r *R) cell {
		x, there := of(r)
		if !there {
			return cell{}
		}
		return cell{there: true, text: strconv.FormatFloat(x, 'f', -1, 64)}
	}}
}

func flag[R any](of func(*R) bool) value[R] {
	return value[R]{Flag, func(r *R) cell {
		if of(r) {
			return cell{there: true, text: "1"}
		}
		return cell{there: true, text: "0"}
	}}
}

func moment[R any](of func(*R) time.Time) value[R] {
	return value[R]{Moment, func(r *R) cell {
		t := of(r)
		if t.IsZero() {
			return cell{}
		}
		return cell{there: true, text: formatTime(t)}
	}}
}

// list is never missing, only empty.
func list[R any](of func(*R) []string) value[R] {
	return value[R]{List, func(r *R) cell { return cell{there: true, items: of(r)} }}
}

// keys is missing where of returns nil.
func keys[R any](of func(*R) []string) value[R] {
	return value[R]{Keys, func(r *R) cell {
		items := of(r)
		return cell{there: items != nil, items: items}
	}}
}

func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// minutes is d in minutes, to the tenth of a second.
func minutes(d time.Duration) float64 {
	return math.Round(d.Minutes()*1000) / 1000
}
