package sms

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// statuses are those of Vonage's SMS API reference and its guide
// "Troubleshooting SMS". 0 is accepted; all others say that a message was not
// queued for sending.
var statuses = map[int]struct {
	name    string
	again   bool // passes by itself
	unknown bool // happened while the message was worked on
}{
	1:  {name: "throttled", again: true},
	2:  {name: "missing parameters"},
	3:  {name: "invalid parameters"},
	4:  {name: "invalid credentials"},
	5:  {name: "internal error", again: true, unknown: true},
	6:  {name: "invalid message"},
	7:  {name: "number barred"},
	8:  {name: "partner account barred"},
	9:  {name: "partner quota violation"},
	10: {name: "too many existing binds", again: true}, // "back-off and retry"
	11: {name: "account not enabled for HTTP"},
	12: {name: "message too long"},
	14: {name: "invalid signature"},
	15: {name: "invalid sender address"},
	22: {name: "invalid network code"},
	23: {name: "invalid callback URL"},
	29: {name: "non-whitelisted destination"},
	32: {name: "signature and API secret disallowed"},
	33: {name: "number de-activated"},
}

// readAnswer reads the answer to a message, which has one entry for each of its
// parts; nil means that all of them were accepted. Of the answer's own words
// nothing is passed on: its error-text may repeat the phone.
func readAnswer(body []byte) *fault {
	var answer struct {
		Messages []struct {
			Status json.RawMessage `json:"status"` // documented as a string
		} `json:"messages"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Messages) == 0 {
		return &fault{why: "an answer that is not the documented JSON", again: true}
	}

	accepted := 0
	var worst *fault
	for _, m := range answer.Messages {
		f := readStatus(m.Status)
		switch {
		case f == nil:
			accepted++
		case worst == nil || worst.refused && !f.refused || worst.again && !f.again && worst.refused == f.refused:
			worst = f
		}
	}
	if worst != nil && accepted > 0 {
		// Part of a text is of no use, but part of it was accepted.
		return &fault{
			why:   fmt.Sprintf("%d of %d parts accepted; %s", accepted, len(answer.Messages), worst.why),
			again: true,
		}
	}
	return worst
}

func readStatus(raw json.RawMessage) *fault {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		s = string(raw)
	}
	if s == "0" {
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 || n > 999 { // nothing longer is shown: it could be a phone or a code
		return &fault{why: "a status that is not documented", again: true}
	}
	status, ok := statuses[n]
	if !ok {
		return &fault{why: fmt.Sprintf("status %d, which is not documented", n), again: true}
	}
	return &fault{why: fmt.Sprintf("status %d, %s", n, status.name), refused: !status.unknown, again: status.again}
}
