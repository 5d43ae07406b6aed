package roster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const maxProblems = 100

// Problem is one mistake in a roster file. It holds neither a name nor a
// phone; ids and names of keys it may hold.
type Problem struct {
	Line    int    // from 1; what is wrong with the whole file is on line 1
	Field   string // the key it is about, "" for none
	Message string
}

func (p Problem) String() string {
	if p.Field == "" {
		return fmt.Sprintf("line %d: %s", p.Line, p.Message)
	}
	return fmt.Sprintf("line %d: %s: %s", p.Line, p.Field, p.Message)
}

// Problems are the mistakes of one file, by line. Of more than 100 it holds
// the first 100 and one that says how many follow.
type Problems []Problem

// Error is one problem a line.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	return b.String()
}

// collector gathers problems in any order and keeps the first by line, so that
// a large file in which everything is wrong stays cheap.
type collector struct {
	found   Problems
	dropped int
	next    int // line of the first dropped one
}

func (c *collector) add(p Problem) {
	c.found = append(c.found, p)
	if len(c.found) >= 100*maxProblems {
		c.cut()
	}
}

func (c *collector) cut() {
	slices.SortStableFunc(c.found, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	if len(c.found) <= maxProblems {
		return
	}
	if next := c.found[maxProblems].Line; c.dropped == 0 || next < c.next {
		c.next = next
	}
	c.dropped += len(c.found) - maxProblems
	c.found = c.found[:maxProblems]
}

// list returns the problems by line, nil if there are none.
func (c *collector) list() Problems {
	c.cut()
	if c.dropped == 0 {
		return c.found
	}
	return append(c.found, Problem{Line: c.next, Message: fmt.Sprintf("and %d more problems from here on", c.dropped)})
}
