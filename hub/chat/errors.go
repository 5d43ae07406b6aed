package chat

import (
	"fmt"
	"time"
)

// Code is one of a closed list of reasons; it is part of the protocol.
type Code string

const (
	// Of one action, or of a whole call.
	InvalidAction      Code = "invalid_action"      // unknown type, a bad or missing field, a blank body
	TooLarge           Code = "too_large"           // a body over max_body, a call over its size or count
	WrongUser          Code = "wrong_user"          // it claims to be another's
	NotAllowed         Code = "not_allowed"         // the role or the session's settings forbid it
	NoSuchTarget       Code = "no_such_target"      // absent, unseen by the caller, deleted, or of the wrong type
	Muted              Code = "muted"               // a therapist muted the caller
	TooFast            Code = "too_fast"            // over the rate; RetryAfter says when
	ClientIDReused     Code = "client_id_reused"    // the same client_id with other content
	SessionEnded       Code = "session_ended"       // the therapy session has ended
	StorageUnavailable Code = "storage_unavailable" // unknown whether it was stored: send it again

	// Of a whole call.
	BadRequest           Code = "bad_request"
	NotFound             Code = "not_found"
	MethodNotAllowed     Code = "method_not_allowed"
	UnsupportedMediaType Code = "unsupported_media_type"
	Internal             Code = "internal"
	NotAuthenticated     Code = "not_authenticated"
	NotAdmitted          Code = "not_admitted"
	CrossOrigin          Code = "cross_origin"
	WrongHost            Code = "wrong_host"
	InvalidPhone         Code = "invalid_phone"
	InvalidCode          Code = "invalid_code"
	TooManyTries         Code = "too_many_tries"
	ResendTooSoon        Code = "resend_too_soon"
	UnknownAction        Code = "unknown_action" // of the older client's bridge
	UnknownType          Code = "unknown_type"   // of a WebSocket frame
	InvalidFrame         Code = "invalid_frame"  // JSON, but not a frame
)

// Codes lists every code, for the tests that hold the specifications and the
// API's table against it.
func Codes() []Code {
	return []Code{
		InvalidAction, TooLarge, WrongUser, NotAllowed, NoSuchTarget, Muted, TooFast, ClientIDReused, SessionEnded,
		StorageUnavailable, BadRequest, NotFound, MethodNotAllowed, UnsupportedMediaType, Internal, NotAuthenticated,
		NotAdmitted, CrossOrigin, WrongHost, InvalidPhone, InvalidCode, TooManyTries, ResendTooSoon, UnknownAction,
		UnknownType, InvalidFrame,
	}
}

// Error is a refusal with its reason.
type Error struct {
	Code       Code
	Message    string        // for the caller; never a body, name, phone or code: it is logged
	RetryAfter time.Duration // 0: waiting does not help
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Errorf makes an Error. The arguments must not hold what somebody typed.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
