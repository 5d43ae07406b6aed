package chat_test

import (
	"testing"

	"hearth/hub/chat"

	"pgregory.net/rapid"
)

// The same drafts are ruled the same whether a log was folded action by
// action, or is partly still ahead of the disk: settled now and then, and
// sometimes thrown away and built again.
func TestAheadRulesAsIfItWereFolded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRoom(rt, anySettings(rt))
		r.log = newLog(false)
		base := newLog(false)
		ahead := chat.NewAhead(base)
		r.ahead = ahead
		for _, p := range []chat.PID{"P1", "P2", "P3"} {
			r.change(p, func(s *chat.Standing) { s.Mark = anyMark(rt, 10) })
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "then") {
			case 0:
				ahead.Settle()
			case 1: // the commit failed
				again := chat.NewAhead(base)
				if ahead.Opened() {
					again.Open()
				}
				for _, a := range ahead.Actions() {
					again.Apply(a)
				}
				ahead, r.ahead = again, again
			case 2:
				r.log.Open()
				ahead.Open()
			case 3:
				r.now = r.now.Add(-1e9)
			default:
				r.now = r.now.Add(1e9)
			}
			by := anybody.Draw(rt, "by")
			d := anyDraft(rt, r.log.Head())
			if ruling, err := r.judge(by, d); err == nil && ruling.Repeat == 0 { // judged on both
				r.apply(ruling)
			}
			sameLog(rt, ahead, r.log)
		}
		ahead.Settle()
		sameLog(rt, base, r.log)
		sameLog(rt, ahead, r.log)
		for p, st := range r.people {
			if got, want := base.Unread(r.s, st), r.log.Unread(r.s, st); got != want {
				rt.Fatalf("%q has %d unread, want %d", p, got, want)
			}
		}
	})
}

func sameLog(t *rapid.T, got, want chat.Log) {
	gotText, gotBy := got.Board()
	wantText, wantBy := want.Board()
	switch {
	case got.Epoch() != want.Epoch(), got.Status() != want.Status(), got.Head() != want.Head(),
		!got.LastAt().Equal(want.LastAt()), gotText != wantText, gotBy != wantBy:
		t.Fatalf("ahead: %v %v %v %q %v; folded: %v %v %v %q %v", got.Status(), got.Head(), got.LastAt(), string(gotText), gotBy,
			want.Status(), want.Head(), want.LastAt(), string(wantText), wantBy)
	}
	for id := chat.ActionID(0); id <= want.Head()+1; id++ {
		g, okG := got.Entry(id)
		w, okW := want.Entry(id)
		if okG != okW || !equal(g, w) {
			t.Fatalf("entry %d: %+v, %v; want %+v, %v", id, g, okG, w, okW)
		}
	}
}

func TestDroppingWhatIsAheadLeavesTheLogAsItWas(t *testing.T) {
	r := newRoom(t)
	msg := r.say("P1", named(message("x"), "c"))
	heart := r.say("P2", react(msg, chat.Heart))
	text := r.say("T1", board("one"))

	ahead := chat.NewAhead(r.log)
	for _, step := range []struct {
		by chat.PID
		d  chat.Draft
	}{{"P1", remove(msg)}, {"P2", remove(heart)}, {"P3", named(message("y"), "c")}, {"T1", board("two")}, {"T1", end()}} {
		ruling, err := chat.Judge(r.s, ahead, r.people[step.by], step.d, r.now, r.lim)
		if err != nil || ruling.Repeat != 0 {
			t.Fatalf("%s: %v, %v", step.d.Type, ruling, err)
		}
		for _, a := range ruling.Actions {
			ahead.Apply(a)
		}
	}
	if e, _ := ahead.Entry(msg); e.Deleted == 0 || ahead.Status() != chat.Ended || ahead.Head() != 9 {
		t.Error("what is ahead is not there")
	}

	if e, _ := r.log.Entry(msg); e.Deleted != 0 || r.log.Status() != chat.Open || r.log.Head() != 3 {
		t.Error("what was ahead is in the log below")
	}
	r.repeats("P2", react(msg, chat.Heart), heart)
	r.repeats("T1", board("one"), text)
	r.say("P3", named(message("z"), "c"))
}

func TestActionOutOfOrderPanics(t *testing.T) {
	for name, apply := range map[string]func(*chat.Folded, chat.ActionID){
		"folded": func(f *chat.Folded, id chat.ActionID) { f.Apply(&chat.Action{ID: id, Type: chat.Message}) },
		"ahead": func(f *chat.Folded, id chat.ActionID) {
			chat.NewAhead(f).Apply(chat.Action{ID: id, Type: chat.Message})
		},
	} {
		for _, id := range []chat.ActionID{0, 2} {
			t.Run(name, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Errorf("%d was taken as the first", id)
					}
				}()
				apply(chat.NewFolded(thisEpoch, secret, true), id)
			})
		}
	}
}
