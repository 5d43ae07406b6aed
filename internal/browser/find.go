package browser

import (
	"fmt"
	"strings"
)

// What follows finds things as people and screen readers name them. Each is an
// XPath; In puts one inside another.

func text(s string) string {
	return `concat("` + strings.ReplaceAll(s, `"`, `", '"', "`) + `", "")`
}

// named is the condition that an element's accessible name is this.
func named(name string) string {
	return fmt.Sprintf(`(@aria-label=%[1]s or not(@aria-label) and (normalize-space(.)=%[1]s or @aria-labelledby=//*[normalize-space(.)=%[1]s]/@id))`, text(name))
}

// Button finds a button by its accessible name.
func Button(name string) string { return `//button[` + named(name) + `]` }

// ButtonLike finds a button by the beginning of its name: what follows may be
// a number that changes.
func ButtonLike(name string) string {
	return fmt.Sprintf(`//button[starts-with(normalize-space(.), %[1]s) or starts-with(@aria-label, %[1]s)]`, text(name))
}

// Composer finds the field that messages are written in, of whatever
// conversation is shown.
const Composer = `//textarea[@id=//label[starts-with(normalize-space(.), "Message")]/@for]`

// Link finds a link by its accessible name.
func Link(name string) string { return `//a[` + named(name) + `]` }

// Box finds a text field by its label.
func Box(label string) string {
	return fmt.Sprintf(`//*[(self::input or self::textarea) and (@aria-label=%[1]s or @id=//label[normalize-space(.)=%[1]s]/@for)]`, text(label))
}

// Heading finds the view's heading.
func Heading(name string) string { return fmt.Sprintf(`//h1[normalize-space(.)=%s]`, text(name)) }

// Article finds an article by its accessible name.
func Article(name string) string { return `//article[` + named(name) + `]` }

// Region finds a section by its accessible name; a number that follows it may
// change.
func Region(name string) string {
	return fmt.Sprintf(`//*[(self::section or self::aside or @role="region" or @role="dialog") and (@aria-label=%[1]s or @aria-labelledby=//*[normalize-space(.)=%[1]s or normalize-space(text())=%[1]s]/@id)]`, text(name))
}

// Group finds a group, or a dialog, by its accessible name.
func Group(name string) string {
	return fmt.Sprintf(`//*[(@role="group" or @role="dialog" or @role="alertdialog" or self::fieldset or self::dialog) and %s]`, named(name))
}

// Item finds a list's item that holds this text.
func Item(name string) string { return `//li[` + Says(name) + `]` }

// Alert finds an error by a part of what it says.
func Alert(part string) string {
	return fmt.Sprintf(`//*[@role="alert" and contains(normalize-space(.), %s)]`, text(part))
}

// Text finds the innermost element that says part of its text.
func Text(part string) string {
	return fmt.Sprintf(`//*[contains(normalize-space(.), %[1]s) and not(*[contains(normalize-space(.), %[1]s)]) and not(self::script)]`, text(part))
}

// Says is the condition that an element holds another whose text is exactly
// this.
func Says(s string) string {
	return fmt.Sprintf(`descendant-or-self::*[normalize-space(.)=%s]`, text(s))
}

// Log is the log of messages.
const Log = `//*[@role="log"]`

// Message finds a message in the log by what it says.
func Message(body string) string {
	return fmt.Sprintf(Log+`//article[.//*[normalize-space(text())=%s]]`, text(body))
}

// In finds inner inside outer.
func In(outer, inner string) string { return outer + inner }
