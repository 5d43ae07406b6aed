package chat

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TSID names a therapy session, such as TS1.
type TSID string

// PID names a person, such as P123 or T1: a record id of the study.
type PID string

// ActionID numbers the actions of one therapy session from 1, without gaps.
// 0 is no action.
type ActionID uint64

// Epoch is the random name of one action log. It changes when the log is
// replaced, for instance by restoring a backup; ids of two epochs must not be
// compared.
type Epoch string

// Position is a place in one action log: everything up to and including ID.
// An empty Epoch trusts that ID is of the present log.
type Position struct {
	Epoch Epoch
	ID    ActionID
}

const maxIDChars = 64

// CheckID says why s cannot name a person or a therapy session: ids are 1 to
// 64 characters without white space, control characters or '|' (which the
// older client cannot hold), and not a name that means something else.
func CheckID(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("an id must not be empty")
	case !utf8.ValidString(s):
		return fmt.Errorf("an id must be valid UTF-8")
	case utf8.RuneCountInString(s) > maxIDChars:
		return fmt.Errorf("an id is at most %d characters", maxIDChars)
	case s == "system" || s == "groupChat":
		return fmt.Errorf("the id %q has another meaning", s)
	case strings.ContainsFunc(s, func(r rune) bool {
		return r == '|' || unicode.IsSpace(r) || unicode.IsControl(r)
	}):
		return fmt.Errorf("an id must not hold white space, control characters or |")
	}
	return nil
}
