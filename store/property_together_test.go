package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"pgregory.net/rapid"

	"hearth/hub/chat"
	"hearth/store"
)

// together has several people save at once, some of them twice over, while
// somebody reads. The order is the store's to choose; the model then must say
// of each new action that it was one.
func (w *world) together(t *rapid.T) {
	w.tick(t)
	ts := anyOf(t, "session", sessions...)
	m := w.logs[ts]
	var in []chat.PID
	for _, p := range everyone {
		if m.maySave(p) == "" {
			in = append(in, p)
		}
	}
	if len(in) == 0 || m.ended() {
		return
	}
	type answer struct {
		sent
		r store.Result
	}
	var jobs [][]sent
	for range 2 + below(t, "savers", 4) {
		by := anyOf(t, "by", in...)
		var job []sent
		for range 1 + below(t, "drafts", 4) {
			d := w.draft(t, m)
			// Of two equal reactions it is not known afterwards which came
			// first: they are told apart by nothing.
			d.ClientID, d.ClientTS = "", ""
			if d.Type == chat.Message || d.Type == chat.Notice {
				d.ClientID = fmt.Sprint("t", w.n)
			}
			job = append(job, sent{by, ts, d})
		}
		jobs = append(jobs, job)
		if rapid.Bool().Draw(t, "on two devices") {
			jobs = append(jobs, job)
		}
	}
	reader := anyOf(t, "reader", in...)
	var mu sync.Mutex
	var answers []answer
	var failed []error
	var savers, readers sync.WaitGroup
	done := make(chan struct{})
	var got []chat.ActionID
	readers.Go(func() {
		pos := m.head()
		for last := false; ; {
			p, err := w.h.Read(context.Background(), reader, ts, chat.Position{Epoch: w.epochs[ts], ID: pos}, 2)
			if err != nil || p.Reset || p.Max < pos {
				mu.Lock()
				failed = append(failed, fmt.Errorf("reading from %d: %+v, %w", pos, p, err))
				mu.Unlock()
				return
			}
			for _, a := range p.Actions {
				got = append(got, a.ID)
			}
			if pos = p.Max; last && !p.More {
				return
			}
			select {
			case <-done:
				last = last || !p.More
			case <-w.h.events:
			}
		}
	})
	for _, job := range jobs {
		savers.Go(func() {
			for _, s := range job {
				saved, err := w.h.Append(context.Background(), s.by, ts, []chat.Draft{w.real(ts, s.d)})
				mu.Lock()
				if err != nil {
					failed = append(failed, err)
				} else {
					answers = append(answers, answer{s, saved.Results[0]})
				}
				mu.Unlock()
			}
		})
	}
	before := m.head()
	savers.Wait()
	close(done)
	readers.Wait()
	if len(failed) > 0 {
		t.Fatal(errors.Join(failed...))
	}
	slices.SortStableFunc(answers, func(a, b answer) int { return cmp.Compare(a.r.Action.ID, b.r.Action.ID) })
	for _, a := range answers {
		w.sent = append(w.sent, a.sent)
		id := a.r.Action.ID
		if a.r.Err != nil || id <= m.head() || a.r.Action.By != a.by {
			continue // refused, or a repeat
		}
		if repeat, code := m.judge(a.by, a.d); repeat != 0 || code != "" {
			t.Fatalf("%s of %s became action %d, but should be %d %s", a.d.Type, a.by, id, repeat, code)
		}
		if got := m.add(a.by, a.d, w.clock.t); got != id || !m.entry(id).at.Equal(a.r.Action.At) {
			t.Fatalf("action %d at %v came after %d", id, a.r.Action.At, got)
		}
	}
	for _, a := range answers {
		if a.r.Err == nil && !m.has(a.r.Action.ID) {
			t.Fatalf("answered action %d is not there", a.r.Action.ID)
		}
	}
	var want []chat.ActionID
	for id := before + 1; id <= m.head(); id++ {
		if m.sees(reader, id) {
			want = append(want, id)
		}
	}
	// With after_end closed the end may take away what was to be read.
	if !slices.Equal(got, want) && !(m.ended() && m.session().AfterEnd == chat.AfterEndClosed) {
		t.Fatalf("%s, reading along, got %v of %v", reader, got, want)
	}
}
