// Package chat holds the words of Hearth and every rule of the action log:
// what may be said, by whom, who sees it, and when two requests are the same
// action.
//
// It is pure: no I/O, no clock, no goroutine, no JSON, and no other package of
// Hearth. Times, keys and limits are handed in. What comes out depends on what
// went in and on nothing else, so the one writer of the log (package store)
// may ask twice, and tests need no fakes.
//
// Where to start: [Judge] and its table in rules.go say what a request becomes
// in the log; [View] in view.go says what one reader sees of one action; [May]
// in access.go says who may do what; [Folded] in log.go is a log read from its
// beginning.
package chat
