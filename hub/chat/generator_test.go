package chat_test

import (
	"reflect"
	"slices"

	"hearth/hub/chat"

	"pgregory.net/rapid"
)

// equal compares whole values; the masks of Text do not get in its way.
func equal[T any](a, b T) bool { return reflect.DeepEqual(a, b) }

var (
	anybody = rapid.SampledFrom([]chat.PID{"P1", "P1", "P2", "P2", "P3", "T1", "T2", ""})

	someTypes = rapid.SampledFrom([]chat.Type{
		chat.Message, chat.Message, chat.Message, chat.Message, chat.Delete, chat.Delete, chat.Reaction, chat.Reaction,
		chat.MessageRead, chat.Notice, chat.Whiteboard, chat.UpdateAssessments, chat.EndChatSession, 0,
	})
	someClientIDs = rapid.SampledFrom([]string{"", "", "", "a", "b", "c"})
	someTimes     = rapid.SampledFrom([]string{"", "", "t", "u"})
	someUsers     = rapid.SampledFrom([]chat.PID{"", "", "", "", "", "", "P1"})
	someEpochs    = rapid.SampledFrom([]chat.Epoch{"", "", "", "", thisEpoch, otherEpoch})
	someBodies    = rapid.SampledFrom([]chat.Text{"x", "x", "y", "z", " ", "a body that is far over the limit"})
	somePeople    = rapid.SliceOfN(rapid.SampledFrom([]chat.PID{"P1", "P2", "P3", "T1", "T2", "X9"}), 0, 2)
	someIcons     = rapid.SampledFrom([]chat.Icon{chat.Heart, chat.Heart, chat.Smile, 0})
)

// anyDraft is a draft for a log with this head: often one that passes, often
// one like an earlier one.
func anyDraft(t *rapid.T, head chat.ActionID) chat.Draft {
	d := chat.Draft{
		Type: someTypes.Draw(t, "type"), ClientID: someClientIDs.Draw(t, "client_id"), ClientTS: someTimes.Draw(t, "client_ts"),
		User: someUsers.Draw(t, "user"), Epoch: someEpochs.Draw(t, "epoch"), Body: someBodies.Draw(t, "body"),
		Recipients: somePeople.Draw(t, "recipients"), Icon: someIcons.Draw(t, "icon"),
		Target: chat.ActionID(rapid.Uint64Range(0, uint64(head)+1).Draw(t, "target")),
	}
	if d.Type == chat.EndChatSession && rapid.IntRange(0, 3).Draw(t, "end") > 0 {
		d.Type = chat.Message // else half of the logs would be over before they began
	}
	return d
}

// anySettings draws the settings of a therapy session.
func anySettings(t *rapid.T) func(*chat.TherapySession) {
	p := rapid.SampledFrom([]chat.PrivateMessages{chat.PrivateToAnyone, chat.PrivateToTherapists, chat.PrivateOff}).Draw(t, "private_messages")
	h := rapid.SampledFrom([]chat.History{chat.HistoryAll, chat.HistorySinceAdmitted}).Draw(t, "history")
	e := rapid.SampledFrom([]chat.AfterEnd{chat.AfterEndRead, chat.AfterEndClosed}).Draw(t, "after_end")
	return func(s *chat.TherapySession) { s.PrivateMessages, s.History, s.AfterEnd = p, h, e }
}

// anyMark draws what became of somebody in a room with this head.
func anyMark(t *rapid.T, head chat.ActionID) chat.Mark {
	since := chat.ActionID(rapid.Uint64Range(0, uint64(head)).Draw(t, "since"))
	return rapid.SampledFrom([]chat.Mark{
		{In: true, Ever: true},
		{In: true, Ever: true, Since: since},
		{In: true, Ever: true, Since: since, Muted: true},
		{Ever: true, Since: since, Verdict: chat.Revoked},
		{Ever: true, Verdict: chat.Removed},
		{Verdict: chat.Admitted},
		{},
	}).Draw(t, "mark")
}

func contains(all []chat.PID, p chat.PID) bool { return slices.Contains(all, p) }
