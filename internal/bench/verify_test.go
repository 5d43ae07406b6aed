package bench

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// room is a run of two members of one room, without a network.
type room struct {
	run     *run
	members []*Member
}

func newRoom() *room {
	r := newRun(&Hearth{}, Load{Rooms: 1, Members: 2, Size: 50})
	r.phase.Store(measuring)
	r.left.Store(0) // nothing more is said
	l := new(Ledger)
	out := &room{run: r}
	for i := range 2 {
		out.members = append(out.members, &Member{
			Number: i, run: r, ledger: l, pending: map[uint32]time.Duration{}, delivery: NewSamples(10), answer: NewSamples(10),
		})
	}
	return out
}

// sent has a member wait for the answer to its message seq.
func (r *room) sent(member int, seq uint32) {
	r.members[member].pending[seq] = 0
	r.members[member].waiting.Add(1)
}

// frame is what the server says: an action is "ID MEMBER SEQ", or "ID" where
// it is a notice; a result "REF ID".
func (r *room) actions(all ...string) []byte {
	var b strings.Builder
	for i, a := range all {
		var id, member, seq int
		n, _ := fmt.Sscan(a, &id, &member, &seq)
		if i > 0 {
			b.WriteByte(',')
		}
		if n < 3 {
			fmt.Fprintf(&b, `{"id":%d,"type":"notice","user":"system","timestamp":"t","body":"\"id\":7 {\"id\":9 joined","recipients":[]}`, id)
			continue
		}
		body := r.run.appendBody(nil, member, uint32(seq), 0)
		fmt.Fprintf(&b, `{"id":%d,"type":"message","user":"a","timestamp":"t","body":"%s","recipients":[],"target":null}`, id, body)
	}
	return []byte(`{"type":"actions","ts_id":"bench-0","epoch":"e","max_id":1,"actions":[` + b.String() + `]}`)
}

func saved(ref, id int) []byte {
	return fmt.Appendf(nil, `{"type":"saved","ref":"%d","max_id":%d,"results":[{"id":%d,"timestamp":"t"}]}`, ref, id, id)
}

func TestWhatIsVerified(t *testing.T) {
	type step struct {
		member int
		frame  []byte
	}
	for _, tt := range []struct {
		name  string
		steps func(r *room) []step
		want  []string // patterns of violations, in their order
	}{
		{"all is well", func(r *room) []step {
			return []step{
				{0, r.actions("1", "2 0 1")}, {0, saved(1, 2)}, {1, r.actions("1")}, {1, r.actions("2 0 1", "3 1 1")}, {1, saved(1, 3)},
				{0, r.actions("3 1 1")},
			}
		}, nil},
		{"an action comes twice", func(r *room) []step {
			return []step{{0, saved(1, 1)}, {1, saved(1, 2)}, {0, r.actions("1 0 1", "2 1 1")}, {1, r.actions("1 0 1", "1 0 1", "2 1 1")}}
		}, []string{`^member 1 of room 0 got 1 again or too late, behind 1$`}},
		{"an action comes again much later", func(r *room) []step {
			return []step{{0, saved(1, 1)}, {1, saved(1, 2)}, {0, r.actions("1 0 1", "2 1 1")}, {0, r.actions("1 0 1")}, {1, r.actions("1 0 1", "2 1 1")}}
		}, []string{`^member 0 of room 0 got 1 again or too late, behind 2$`}},
		{"an action is missing", func(r *room) []step {
			return []step{{0, saved(1, 1)}, {1, saved(1, 2)}, {0, r.actions("1 0 1", "2 1 1")}, {1, r.actions("2 1 1")}}
		}, []string{`^member 1 of room 0 got 2 right behind 0$`}},
		{"the last action is missing", func(r *room) []step {
			return []step{{0, saved(1, 1)}, {1, saved(1, 2)}, {0, r.actions("1 0 1", "2 1 1")}, {1, r.actions("1 0 1")}}
		}, []string{`^room 0: member 1 of room 0 got only to 1, but 2 was acknowledged$`}},
		{"two actions are swapped", func(r *room) []step {
			return []step{{0, saved(1, 1)}, {1, saved(1, 2)}, {0, r.actions("2 1 1", "1 0 1")}, {1, r.actions("1 0 1", "2 1 1")}}
		}, []string{`^member 0 of room 0 got 2 right behind 0$`, `^member 0 of room 0 got 1 again or too late, behind 2$`}},
		{"two contents are swapped for one reader", func(r *room) []step {
			return []step{{0, saved(1, 1)}, {1, saved(1, 2)}, {0, r.actions("1 0 1", "2 1 1")}, {1, r.actions("1 1 1", "2 0 1")}}
		}, []string{`^member 1 of room 0 got another message as 1 than`, `^member 1 of room 0 got another message as 2 than`}},
		{"an action was acknowledged with another's id", func(r *room) []step {
			return []step{{0, r.actions("1 0 1", "2 1 1")}, {1, r.actions("1 0 1", "2 1 1")}, {0, saved(1, 2)}, {1, saved(1, 2)}}
		}, []string{`^member 0 of room 0 was answered that its message 1 is 2, which others got as another$`}},
		{"a message is in the log twice", func(r *room) []step {
			both := r.actions("1 0 1", "2 1 1", "3 0 1")
			return []step{{0, saved(1, 1)}, {1, saved(1, 2)}, {0, both}, {1, both}}
		}, []string{`^room 0: message 1 of member 0 is in the log twice$`}},
		{"an answer comes twice", func(r *room) []step {
			return []step{{0, saved(1, 1)}, {0, saved(1, 1)}, {1, saved(1, 2)}, {0, r.actions("1 0 1", "2 1 1")}, {1, r.actions("1 0 1", "2 1 1")}}
		}, []string{`^member 0 of room 0 got an answer to 1, which it had not asked`}},
		{"a message is refused", func(r *room) []step {
			return []step{{0, []byte(`{"type":"saved","ref":"1","max_id":1,"results":[{"error":{"code":"muted","message":"m"}}]}`)}}
		}, []string{`^member 0 of room 0 was refused: muted$`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoom()
			r.sent(0, 1)
			r.sent(1, 1)
			for _, s := range tt.steps(r) {
				m := r.members[s.member]
				if err := r.run.peer.Scan(s.frame, m); err != nil {
					t.Fatal(err)
				}
			}
			r.members[0].ledger.verify("room 0", r.members, r.run.bad)
			got := r.run.bad.List()
			if len(got) != len(tt.want) {
				t.Fatalf("got %q", got)
			}
			for i, want := range tt.want {
				if !regexp.MustCompile(want).MatchString(got[i]) {
					t.Errorf("got %q, want %s", got[i], want)
				}
			}
		})
	}
}

func TestServerThatTellsNoIDs(t *testing.T) {
	for _, tt := range []struct {
		name         string
		first, other []string // members of the messages that each of the two readers gets
		acked        int
		want         string
	}{
		{"all is well", []string{"0", "1"}, []string{"0", "1"}, 2, ""},
		{"the order is another", []string{"0", "1"}, []string{"1", "0"}, 2, `got another message as 1`},
		{"one comes twice", []string{"0", "1"}, []string{"0", "0", "1"}, 2, `got another message as 2`},
		{"one comes twice to everybody", []string{"0", "0", "1"}, []string{"0", "0", "1"}, 2, `is in the log twice`},
		{"one is missing at one reader", []string{"0", "1"}, []string{"1"}, 2, `got another message as 1`},
		{"the last is missing", []string{"0", "1"}, []string{"0"}, 2, `got only to 1, but 2 was`},
		{"one is delivered to nobody", []string{"0"}, []string{"0"}, 2, `was acknowledged, and delivered to nobody|got only`},
	} {
		r := newRoom()
		for i, gets := range [][]string{tt.first, tt.other} {
			for _, from := range gets {
				member := int(from[0] - '0')
				r.members[i].Delivered(0, r.run.appendBody(nil, member, 1, 0))
			}
		}
		for i := range tt.acked {
			r.sent(i, 1)
			r.members[i].Acked(1, 0, "", 0)
		}
		r.members[0].ledger.verify("room 0", r.members, r.run.bad)
		got := strings.Join(r.run.bad.List(), "; ")
		if (got == "") != (tt.want == "") || !regexp.MustCompile(tt.want).MatchString(got) {
			t.Errorf("%s: got %q, want %s", tt.name, got, tt.want)
		}
	}
}

func TestMessagesOfOtherRunsAreNoneOfOurs(t *testing.T) {
	r, other := newRoom(), newRoom()
	other.run.nonce = r.run.nonce + 1
	for i := range 2 {
		r.sent(i, 1)
		for _, frame := range [][]byte{other.actions("1 0 1", "2 0 1", "3 1 1"), r.actions("4 0 1", "5 1 1"), saved(1, 4+i)} {
			if err := r.run.peer.Scan(frame, r.members[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.members[0].ledger.verify("room 0", r.members, r.run.bad)
	if got := r.run.bad.List(); len(got) > 0 {
		t.Error(got)
	}
	if m := r.members[0]; m.delivered != 2 || m.acked != 1 || m.At() != 5 {
		t.Errorf("it counted %d deliveries, %d answers, and got to %d", m.delivered, m.acked, m.At())
	}
}

func TestFramesThatAreNotUnderstood(t *testing.T) {
	for _, frame := range []string{
		``, `{}`, `{"type":"action"}`, `{"type":"actions","max_id":1}`, `{"type":"actions","actions":[{"type":"message","id":1}]}`,
		`{"type":"actions","actions":[{"id":"1"}]}`, `{"type":"actions","actions":[`, `{"type":"saved","results":[{"id":1}]}`,
		`{"type":"saved","ref":"1","results":[]}`, `{"type":"saved","ref":"1","results":[{"id":null}]}`,
		`{"type":"entered","ts_id":"x","state":"waiting","max_id":1}`, `{"type":"entered","state":"admitted"}`,
		`{"type":"error","code":"internal"}`,
	} {
		r := newRoom()
		if err := r.run.peer.Scan([]byte(frame), r.members[0]); err == nil {
			t.Errorf("%s was understood", frame)
		}
	}
}

func FuzzScan(f *testing.F) {
	r := newRoom()
	f.Add(r.actions("1", "2 0 1", "3 1 1"))
	f.Add(r.actions())
	f.Add(saved(1, 2))
	f.Add([]byte(`{"type":"entered","ref":"e","ts_id":"bench-0","state":"admitted","epoch":"e","max_id":12,"detail":{}}`))
	f.Add([]byte(`{"type":"saved","ref":"1","results":[{"error":{"code":"too_fast","message":"m","retry_after":1}}]}`))
	f.Add([]byte(`{"type":"hello"}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		r := newRoom()
		r.run.phase.Store(draining)
		r.sent(0, 1)
		r.run.peer.Scan(frame, r.members[0]) // must not panic
	})
}
