package store

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hearth/hub/chat"
)

func anyText(t *rapid.T) string {
	if rapid.Bool().Draw(t, "any bytes") {
		return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	}
	return rapid.String().Draw(t, "text")
}

func anyTime(t *rapid.T) time.Time {
	return time.UnixMilli(rapid.OneOf(rapid.Int64Range(0, 5_000_000_000_000), rapid.Int64Range(-2, 2)).Draw(t, "ms")).UTC()
}

func anyPeople(t *rapid.T) (all []chat.PID) {
	for range rapid.IntRange(0, 3).Draw(t, "people") {
		all = append(all, chat.PID(anyText(t)))
	}
	return all
}

func anyHash(t *rapid.T) (h chat.Hash) {
	copy(h[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "hash"))
	return h
}

func TestWhatIsEncodedIsDecodedAsItWas(t *testing.T) {
	id := rapid.Map(rapid.Uint64(), func(n uint64) chat.ActionID { return chat.ActionID(n) })
	for _, c := range []struct {
		name string
		test func(*rapid.T)
	}{
		{"actions", func(t *rapid.T) {
			a := stored{
				Action: chat.Action{
					ID: id.Draw(t, "id"), Type: chat.Type(rapid.ByteRange(1, 255).Draw(t, "type")), By: chat.PID(anyText(t)),
					Sender: chat.Text(anyText(t)), At: anyTime(t), Body: chat.Text(anyText(t)), To: anyPeople(t), Target: id.Draw(t, "target"),
					Icon: chat.Icon(rapid.Byte().Draw(t, "icon")), ClientID: anyText(t), ClientTS: anyText(t), Content: anyHash(t),
					Erased: rapid.Bool().Draw(t, "erased"),
				},
			}
			if a.Root = a.ID; rapid.Bool().Draw(t, "of another") {
				a.Root = max(1, id.Draw(t, "root"))
			}
			if rapid.Bool().Draw(t, "with research") {
				a.research = anyHash(t)
			}
			got, err := decodeAction(5, "abcd", a.ID, encodeAction(5, "abcd", &a, a.meta()))
			if err != nil || !reflect.DeepEqual(got, a) || !bytes.Equal(got.meta(), a.meta()) {
				t.Fatalf("%#v became %#v, %v", a, got, err)
			}
		}},
		{"research", func(t *rapid.T) {
			r := chat.Research{Cut: rapid.Bool().Draw(t, "cut"), TimeToComplete: anyText(t)}
			for range rapid.IntRange(0, 5).Draw(t, "keys") {
				r.History = append(r.History, anyText(t))
			}
			got, f, err := decodeResearch(5, "abcd", 7, encodeResearch(5, "abcd", 7, researchFields(&r)))
			if err != nil || !slices.Equal(got.History, r.History) || got.Cut != r.Cut || got.TimeToComplete != r.TimeToComplete ||
				!bytes.Equal(f, researchFields(&r)) {
				t.Fatalf("%#v became %#v, %v", r, got, err)
			}
		}},
		{"heads", func(t *rapid.T) {
			h := head{epoch: "abcd", birth: rapid.SampledFrom([]chat.Epoch{"abcd", "older"}).Draw(t, "birth"), last: id.Draw(t, "last"), rev: rapid.Uint64().Draw(t, "rev")}
			copy(h.secret[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "secret"))
			copy(h.chain[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "chain"))
			if rapid.Bool().Draw(t, "used") {
				h.lastAt, h.opened = sampleAt, sampleAt
			}
			if got, err := decodeHead(5, encodeHead(5, &h)); err != nil || got != h {
				t.Fatalf("%+v became %+v, %v", h, got, err)
			}
		}},
		{"standings", func(t *rapid.T) {
			flags := rapid.SliceOfN(rapid.Bool(), 3, 3).Draw(t, "flags")
			m := chat.Mark{
				Verdict: chat.Verdict(rapid.Byte().Draw(t, "verdict")), Muted: flags[0], In: flags[1], Ever: flags[2], Since: id.Draw(t, "since"),
			}
			key := standingKey(5, chat.PID(anyText(t)))
			if got, err := decodeMark(key, encodeMark(key, m)); err != nil || got != m {
				t.Fatalf("%+v became %+v, %v", m, got, err)
			}
		}},
		{"people", func(t *rapid.T) {
			flags := rapid.SliceOfN(rapid.Bool(), 2, 2).Draw(t, "flags")
			u := chat.User{
				ID: "P1", Name: chat.Text(anyText(t)), LastName: chat.Text(anyText(t)), Phone: chat.Phone(anyText(t)),
				Role: chat.Role(rapid.Byte().Draw(t, "role")), Keystrokes: flags[0], Withdrawn: flags[1],
			}
			if got, err := decodePerson("P1", encodePerson(&u)); err != nil || *got != u {
				t.Fatalf("not the same: %v", err)
			}
		}},
		{"therapy sessions", func(t *rapid.T) {
			s := chat.TherapySession{
				ID: "TS1", Name: anyText(t), Topic: anyText(t), Therapists: anyPeople(t), Participants: anyPeople(t),
				WaitingRoom: rapid.Bool().Draw(t, "waiting room"), PrivateMessages: chat.PrivateMessages(rapid.Byte().Draw(t, "private")),
				History: chat.History(rapid.Byte().Draw(t, "history")), AfterEnd: chat.AfterEnd(rapid.Byte().Draw(t, "after end")),
			}
			if rapid.Bool().Draw(t, "dated") {
				zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "minutes"))
				s.Date = anyTime(t).In(zone)
			}
			for range rapid.IntRange(0, 3).Draw(t, "assessments") {
				s.Assessments = append(s.Assessments, chat.Assessment{
					Name: anyText(t), Title: anyText(t), Phase: chat.Phase(rapid.Byte().Draw(t, "phase")),
					Required: rapid.Bool().Draw(t, "required"), URL: anyText(t),
				})
			}
			was := rapid.Bool().Draw(t, "pruned")
			number := rapid.Uint32Min(1).Draw(t, "number")
			got, n, pruned, err := decodeSession("TS1", encodeSession(number, &s, was))
			if err != nil || n != number || pruned != was || !sameSession(got, &s) {
				t.Fatalf("%+v became %+v, %v", s, got, err)
			}
		}},
		{"audit entries", func(t *rapid.T) {
			e := AuditEntry{
				Seq: 9, At: sampleAt, Event: anyText(t), Actor: anyText(t), Subject: anyText(t), Session: anyText(t), Reason: anyText(t),
				Count: int(rapid.Int32Min(0).Draw(t, "count")),
			}
			for range rapid.IntRange(0, 3).Draw(t, "details") {
				e.Details = append(e.Details, Detail{anyText(t), anyText(t)})
			}
			got, _, _, err := decodeAudit(9, e.fields())
			if err != nil || !reflect.DeepEqual(got, e) || !bytes.Equal(got.fields(), e.fields()) {
				t.Fatalf("%+v became %+v, %v", e, got, err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) { rapid.Check(t, c.test) })
	}
}

func TestKeyOfAnAssessmentIsReadAsItWasMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := assessmentKey{chat.PID(rapid.StringMatching(`[^\x00]{1,64}`).Draw(t, "person")), anyText(t)}
		if got, err := parseAssessmentKey(doneKey(5, k)); err != nil || got != k {
			t.Fatalf("%q became %q, %v", k, got, err)
		}
	})
}
