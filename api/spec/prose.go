package spec

import "strings"

// span is a piece of a line.
type span struct {
	Text string
	Code bool
	Link string // an anchor of the page; empty: none
}

// block is a paragraph, or a list.
type block struct {
	Text []span
	List [][]span
}

// prose reads the part of CommonMark that the files use: paragraphs, lists
// with -, and code in backquotes. Everything else is text.
func prose(s string) []block {
	var all []block
	for part := range strings.SplitSeq(strings.TrimSpace(s), "\n\n") {
		lines := strings.Split(strings.Trim(part, "\n"), "\n")
		if !strings.HasPrefix(lines[0], "- ") {
			if text := strings.Join(lines, " "); text != "" {
				all = append(all, block{Text: spans(text)})
			}
			continue
		}
		var items []string
		for _, l := range lines {
			if item, ok := strings.CutPrefix(l, "- "); ok {
				items = append(items, item)
			} else {
				items[len(items)-1] += " " + strings.TrimSpace(l)
			}
		}
		var b block
		for _, item := range items {
			b.List = append(b.List, spans(item))
		}
		all = append(all, b)
	}
	return all
}

// spans cuts a line at its backquotes.
func spans(s string) []span {
	var all []span
	for i, part := range strings.Split(s, "`") {
		if part != "" {
			all = append(all, span{Text: part, Code: i%2 == 1})
		}
	}
	return all
}
