package export_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"hearth/hub/chat"
	"hearth/store/export"
)

// long is a log of n actions: half of them messages with histories, a quarter
// each reads and reactions.
func long(t testing.TB, n int) *study {
	s := newStudy(t, cast())
	s.arrive("TS1", "P123", "P124")
	body, history := chat.Text(strings.Repeat("How are you today, Gilligan? ", 4)), strings.Split(strings.Repeat("Hello ", 2), "")
	for id := 2; id < n; {
		var said, heard []chat.Draft
		for i := range 500 {
			said = append(said, chat.Draft{
				Type: chat.Message, Body: body, ClientID: fmt.Sprint(id, "/", i), Research: chat.Research{History: history, TimeToComplete: "671ms"},
			})
			if i%2 == 0 {
				heard = append(heard, chat.Draft{Type: chat.MessageRead})
			} else {
				heard = append(heard, chat.Draft{Type: chat.Reaction, Icon: chat.Heart})
			}
		}
		saved, err := s.Append(context.Background(), "P123", "TS1", said)
		s.must(err)
		for i := range heard {
			heard[i].Target = saved.Max - 500 + chat.ActionID(i) + 1
		}
		saved, err = s.Append(context.Background(), "P124", "TS1", heard)
		s.must(err)
		id = int(saved.Max)
	}
	// What it is to export is not in memory from the saving.
	s.must(s.Close())
	s.open()
	return s
}

// watched looks now and then at how much memory is in use.
type watched struct {
	writes, bytes int
	most          uint64
}

func (w *watched) Write(b []byte) (int, error) {
	if w.writes++; w.writes%200 == 1 {
		w.most = max(w.most, inUse())
	}
	w.bytes += len(b)
	return len(b), nil
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestALongLogIsExportedInLittleMemory(t *testing.T) {
	n := 200_000
	if testing.Short() {
		n = 20_000
	}
	s := long(t, n)
	before := inUse()
	for _, r := range []export.Request{
		{Table: export.Transcript, TS: "TS1", Format: export.JSON, Deidentify: true}, {Table: export.Keystrokes, Format: export.CSV},
		{Table: export.Attendance, Format: export.CSV},
	} {
		e, err := export.Begin(t.Context(), s.Store, "operator", r)
		if err != nil {
			t.Fatal(err)
		}
		w := &watched{}
		rows, err := e.WriteTo(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		held := int64(w.most) - int64(before)
		t.Logf("%s: %d rows, %d MB, held at most %d KB", r.Table, rows, w.bytes>>20, held>>10)
		if held > 16<<20 {
			t.Errorf("%s of %d actions held %d MB", r.Table, n, held>>20)
		}
	}
}

func BenchmarkExport(b *testing.B) {
	s := long(b, 20_000)
	for _, r := range []export.Request{
		{Table: export.Transcript, TS: "TS1", Format: export.CSV}, {Table: export.Transcript, TS: "TS1", Format: export.NDJSON},
		{Table: export.Transcript, TS: "TS1", Format: export.NDJSON, Deidentify: true}, {Table: export.Keystrokes, Format: export.CSV},
		{Table: export.Attendance, Format: export.CSV},
	} {
		b.Run(fmt.Sprintf("%s/%s/deidentify=%t", r.Table, r.Format, r.Deidentify), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e, err := export.Begin(b.Context(), s.Store, "operator", r)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := e.WriteTo(b.Context(), io.Discard); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*20_000/b.Elapsed().Seconds(), "actions/s")
		})
	}
}
