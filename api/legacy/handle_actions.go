package legacy

import (
	"strconv"
	"time"

	"hearth/api/strictjson"
	"hearth/hub/chat"
	"hearth/store"
)

// Answer is what handleActions says.
type Answer struct {
	Actions []chat.Seen
	Took    time.Duration
	Max     chat.ActionID
	Epoch   chat.Epoch
	Reset   bool
	Results []store.Result // of the queue, in its order
}

// AppendAnswer writes the answer of handleActions.
func AppendAnswer(b []byte, a Answer) []byte {
	b = append(b, `{"data":[`...)
	for i := range a.Actions {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendAction(b, &a.Actions[i])
	}
	return appendRest(b, a.Took, a.Max, a.Epoch, a.Reset, a.Results)
}

// appendRest closes data, and writes what stands behind it.
func appendRest(
	b []byte, took time.Duration, max chat.ActionID, epoch chat.Epoch, reset bool, results []store.Result,
) []byte {
	b = append(b, `],"serverTime":`...)
	b = strconv.AppendFloat(b, float64(took.Microseconds())/1000, 'f', -1, 64)
	b = strictjson.AppendMember(b, "maxID", strconv.FormatUint(uint64(max), 10))
	b = strictjson.AppendMember(b, "epoch", string(epoch))
	if reset {
		b = append(b, `,"reset":true`...)
	}
	first := true
	for i, r := range results {
		if r.Err == nil {
			continue
		}
		if first {
			b = append(b, `,"errors":[`...)
		} else {
			b = append(b, ',')
		}
		first = false
		b = append(b, `{"index":`...)
		b = strconv.AppendInt(b, int64(i), 10)
		b = strictjson.AppendMember(b, "code", string(r.Err.Code))
		b = strictjson.AppendMember(b, "message", r.Err.Message)
		b = append(b, '}')
	}
	if !first {
		b = append(b, ']')
	}
	return append(b, '}')
}
