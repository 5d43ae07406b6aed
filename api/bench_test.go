package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"

	"hearth/api/apitest"
	"hearth/hub"
	"hearth/hub/chat"
	"hearth/store"
)

const benchBody = "A message of some two hundred and fifty bytes, as people write them when they tell each other how " +
	"the week went, what helped, what did not, and what they would like to try until the group meets again next " +
	"Tuesday evening at six o'clock sharp."

// newBench is a server with one therapy session, B, of T and P0 to Pn-1, whose
// people are let in.
func newBench(b *testing.B, n int) *apitest.Server {
	r := apitest.Sample()
	room := &chat.TherapySession{ID: "B", Name: "Benchmark", Therapists: []chat.PID{"T"}}
	add := func(id chat.PID, role chat.Role, i int) {
		r.People[id] = &chat.User{
			ID: id, Name: chat.Text(id), LastName: chat.Text(id), Role: role, Phone: chat.Phone(fmt.Sprintf("+1650556%04d", i)),
		}
	}
	add("T", chat.Therapist, 9999)
	for i := range n {
		id := chat.PID(fmt.Sprint("Q", i))
		add(id, chat.Participant, i)
		room.Participants = append(room.Participants, id)
	}
	r.Sessions["B"] = room
	s := apitest.New(b, func(o *apitest.Options) {
		o.Roster = r
		o.Store = store.Options{Rate: chat.Rate{PerSecond: 1e9, Burst: 1e9}}
		o.Hub = hub.Options{SocketsPerPerson: 100_000}
	})
	for _, p := range append(room.Participants, "T") {
		if _, err := s.Store.Enter(b.Context(), p, "B"); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// cpu is what this process has used so far, clients and server together.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchDial opens a socket of a logged-in person that enters B from id last, with a
// client that costs as little as can be.
func benchDial(b *testing.B, s *apitest.Server, token string, last int) *websocket.Conn {
	d := websocket.Dialer{NetDialContext: s.Dial, ReadBufferSize: 512, WriteBufferSize: 512}
	c, _, err := d.DialContext(context.Background(), strings.Replace(s.URL, "http", "ws", 1)+"/api/ws",
		http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	enter := fmt.Sprintf(`{"type":"enter","ts_id":"B","last_action_id":%d}`, last)
	if err := c.WriteMessage(websocket.TextMessage, []byte(enter)); err != nil {
		b.Fatal(err)
	}
	return c
}

// until reads frames until one has got to id.
func until(c *websocket.Conn, id int) error {
	for {
		_, f, err := c.ReadMessage()
		if err != nil {
			return err
		}
		var max int
		if i := bytes.Index(f, []byte(`"max_id":`)); i >= 0 && bytes.HasPrefix(f, []byte(`{"type":"actions"`)) {
			fmt.Sscanf(string(f[i:min(len(f), i+30)]), `"max_id":%d`, &max)
		}
		if max >= id {
			return nil
		}
	}
}

// BenchmarkFanout saves one message after the other, each to that many
// readers, and waits until all have it. The CPU is that of server and clients.
func BenchmarkFanout(b *testing.B) {
	for _, readers := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("%d readers", readers), func(b *testing.B) {
			s := newBench(b, readers)
			var conns []*websocket.Conn
			for i := range readers {
				conns = append(conns, benchDial(b, s, s.Login(chat.PID(fmt.Sprint("Q", i))).Token(), 0))
			}
			look, err := s.Store.Look(b.Context(), "T", "B")
			if err != nil {
				b.Fatal(err)
			}
			head := int(look.Head)
			for _, c := range conns {
				if err := until(c, head); err != nil {
					b.Fatal(err)
				}
			}
			var wg sync.WaitGroup
			n := b.N
			b.ReportAllocs()
			b.ResetTimer()
			before := cpu()
			for _, c := range conns {
				wg.Go(func() {
					if err := until(c, head+n); err != nil {
						b.Error(err)
					}
				})
			}
			for range n {
				if _, err := s.Store.Append(b.Context(), "T", "B", []chat.Draft{{Type: chat.Message, Body: benchBody}}); err != nil {
					b.Fatal(err)
				}
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(n*readers)/b.Elapsed().Seconds(), "delivered/s")
			b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(n*readers), "cpu-ns/delivery")
		})
	}
}

// BenchmarkPoll is handleActions without news, beside echo answering a
// constant: both without a network.
func BenchmarkPoll(b *testing.B) {
	s := newBench(b, 1)
	p := s.Login("Q0")
	if _, err := p.Client.Enter(b.Context(), "B"); err != nil {
		b.Fatal(err)
	}
	look, err := s.Store.Look(b.Context(), "Q0", "B")
	if err != nil {
		b.Fatal(err)
	}
	serve := func(b *testing.B, h http.Handler, path, body string) {
		b.ReportAllocs()
		before := cpu()
		for b.Loop() {
			r := httptest.NewRequest("POST", s.URL+path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+p.Token())
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 200 {
				b.Fatal(w.Code, w.Body)
			}
		}
		b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
	}
	b.Run("echo, a constant", func(b *testing.B) {
		e := echo.New()
		e.POST("/x", func(c echo.Context) error { return c.JSONBlob(200, []byte(`{"data":[],"maxID":"1"}`)) })
		serve(b, e, "/x", `{}`)
	})
	b.Run("handleActions, no news", func(b *testing.B) {
		serve(b, s.API.Handler(), "/api/handleActions", fmt.Sprintf(`{"maxID":"%d","actionQueue":[]}`, look.Head+1))
	})
}

// BenchmarkCatchUp reads a log of 20,000 actions from its start over a
// WebSocket.
func BenchmarkCatchUp(b *testing.B) {
	s := newBench(b, 1)
	const n = 20_000
	drafts := make([]chat.Draft, 1000)
	for i := range drafts {
		drafts[i] = chat.Draft{Type: chat.Message, Body: benchBody}
	}
	for range n / len(drafts) {
		if _, err := s.Store.Append(b.Context(), "T", "B", drafts); err != nil {
			b.Fatal(err)
		}
	}
	token := s.Login("Q0").Token()
	b.ReportAllocs()
	before := cpu()
	for b.Loop() {
		c := benchDial(b, s, token, 0)
		if err := until(c, n); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "actions/s")
	b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(n*b.N), "cpu-ns/action")
}

// BenchmarkIdleSockets measures what an idle socket holds in memory, its
// client's part in this process included.
func BenchmarkIdleSockets(b *testing.B) {
	s := newBench(b, 1)
	token := s.Login("Q0").Token()
	const n = 1000
	used := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	for b.Loop() {
		before := used()
		conns := make([]*websocket.Conn, n)
		for i := range conns {
			conns[i] = benchDial(b, s, token, 0)
			if err := until(conns[i], 1); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(used()-before)/n, "bytes/socket")
		for _, c := range conns {
			c.Close()
		}
	}
}
