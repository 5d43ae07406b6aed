package spec_test

import (
	"slices"
	"testing"

	"hearth/api/spec"
	"hearth/hub/chat"
)

func reference(t *testing.T) *spec.Reference {
	t.Helper()
	r, err := spec.Read()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestClosedListsAreThoseOfTheChat(t *testing.T) {
	r := reference(t)
	asked := slices.DeleteFunc(chat.Types(), func(t chat.Type) bool {
		return t == chat.UpdateAssessments || t == chat.UpdateChatDetails // the server's own
	})
	for _, c := range []struct {
		name      string
		got, want []string
	}{
		{"ErrorCode", r.Enum("ErrorCode"), words(chat.Codes(), func(c chat.Code) string { return string(c) })},
		{"ActionType", r.Enum("ActionType"), words(chat.Types(), chat.Type.String)},
		{"Draft.type", r.Enum("Draft", "type"), words(asked, chat.Type.String)},
		{"Icon", r.Enum("Icon"), upTo(chat.Heart, func(i chat.Icon) bool { return i.String() != "unknown" })},
		{"Role", r.Enum("Role"), []string{chat.Participant.String(), chat.Therapist.String()}},
		{"SessionStatus", r.Enum("SessionStatus"), []string{chat.Scheduled.String(), chat.Open.String(), chat.Ended.String()}},
		{"AssessmentPhase", r.Enum("AssessmentPhase"), []string{chat.Pre.String(), chat.Post.String()}},
		{"WaitReason", r.Enum("WaitReason"), []string{string(chat.WaitingRoom), string(chat.AssessmentsIncomplete)}},
		{"PrivateMessages", r.Enum("PrivateMessages"), words([]chat.PrivateMessages{
			chat.PrivateToTherapists, chat.PrivateOff, chat.PrivateToAnyone,
		}, chat.PrivateMessages.String)},
		{"Change", r.Enum("Change"), words([]chat.Change{
			chat.Admit, chat.Revoke, chat.Remove, chat.Mute, chat.Unmute,
		}, chat.Change.String)},
	} {
		slices.Sort(c.got)
		slices.Sort(c.want)
		if len(c.want) == 0 || !slices.Equal(c.got, c.want) {
			t.Errorf("%s has %q, want %q", c.name, c.got, c.want)
		}
	}
}

func words[T any](all []T, word func(T) string) (out []string) {
	for _, v := range all {
		out = append(out, word(v))
	}
	return out
}

// upTo lists the words of a type's values from the first one on, as long as
// there are some.
func upTo[T interface {
	~uint8
	String() string
}](v T, there func(T) bool) (out []string) {
	for ; there(v); v++ {
		out = append(out, v.String())
	}
	return out
}

// Each code has its place: a call's status, a frame's error, an action's.
func TestEveryCodeIsSomewhere(t *testing.T) {
	r := reference(t)
	found := r.Enum("ActionErrorCode")
	for _, res := range r.Otherwise() {
		found = append(found, res.Codes...)
	}
	for _, o := range r.Operations() {
		found = append(found, o.Codes()...)
	}
	for _, f := range append(r.ClientFrames(), r.ServerFrames()...) {
		found = append(found, f.Codes...)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if all := slices.Sorted(slices.Values(r.Enum("ErrorCode"))); !slices.Equal(found, all) {
		t.Errorf("found %q, want %q", found, all)
	}
}
