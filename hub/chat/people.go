package chat

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Text is what somebody typed, or a name. It prints masked, by every verb of
// fmt that suits a string and in every slog record; reading it takes the
// conversion string(t). It does not print masked under %p and %w (go vet finds
// those), nor in an unexported field of a struct without a Format of its own.
type Text string

// Format implements fmt.Formatter: the length, never the content.
func (t Text) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "[text, %d bytes]", len(t)) }

// LogValue implements slog.LogValuer.
func (t Text) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(t)) }

// MarshalText implements encoding.TextMarshaler and always fails: a codec
// converts what it means to write, and a struct that is only logged as JSON
// tells nothing.
func (t Text) MarshalText() ([]byte, error) { return nil, errUnconverted }

var errUnconverted = errors.New("chat: a Text or Phone is written only after conversion to string")

// Phone is a telephone number in E.164, such as +16505550123. It prints
// masked but for its last two digits; reading it takes string(p).
type Phone string

// Format implements fmt.Formatter.
func (p Phone) Format(f fmt.State, _ rune) { io.WriteString(f, p.masked()) }

// LogValue implements slog.LogValuer.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.masked()) }

// MarshalText always fails, as that of [Text].
func (p Phone) MarshalText() ([]byte, error) { return nil, errUnconverted }

func (p Phone) masked() string {
	if len(p) < 4 {
		return "[phone]"
	}
	return "[phone …" + string(p[len(p)-2:]) + "]"
}

// Role is what somebody is: in the roster, or in one therapy session.
type Role uint8

const (
	Nobody      Role = iota // not of this therapy session
	Participant             // may take part
	Therapist               // moderates the therapy sessions that list them
	System                  // the server itself; never a person's
)

var roleNames = [...]string{"nobody", "participant", "therapist", "system"}

func (r Role) String() string { return roleNames[r] }

// ParseRole reads a roster's role; ok is false for anything but participant
// and therapist.
func ParseRole(s string) (role Role, ok bool) {
	switch s {
	case "participant":
		return Participant, true
	case "therapist":
		return Therapist, true
	}
	return Nobody, false
}

// User is one person of the roster.
type User struct {
	ID         PID
	Name       Text // shown in the chat
	LastName   Text
	Phone      Phone
	Role       Role
	Keystrokes bool // whether histories and timings may be kept
	Withdrawn  bool // cannot log in
}

// Format implements fmt.Formatter: the id alone. (A pointer inside a struct
// would print its Text and Phone unmasked under verbs that don't suit it.)
func (u User) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "[user %s]", u.ID) }

// LogValue implements slog.LogValuer.
func (u User) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(u)) }

// Fold prepares a login field for comparison: without case, accents or
// surrounding white space, inner white space as one space.
func Fold(s string) string {
	t := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)),
		runes.Map(unicode.ToLower), // cases.Fold alone makes small Cherokee letters capital and capital ones small
		cases.Fold(), norm.NFKC)
	s = strings.ToValidUTF8(s, "\uFFFD") // norm loses its way behind a broken byte
	out, _, err := transform.String(t, s)
	if err != nil {
		out = strings.ToLower(s)
	}
	return strings.Join(strings.Fields(out), " ")
}
