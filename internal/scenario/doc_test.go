// Package scenario_test uses a whole server as people do, all of them at the
// same time and by every transport, and holds what came of it against the
// promise: an action that was answered with an id is in every permitted
// reader's log exactly once, in the same order, through crashes, retries,
// reconnects, a change of transport and a new login, and nobody else learns
// more of it than that some id exists.
//
// scenario_test.go does random things under a clock of its own, on a server in
// this process; crash_test.go kills a real one. device_test.go is one of
// somebody's devices, line_test.go its way to the server, judge_test.go the
// plain model.
package scenario_test
