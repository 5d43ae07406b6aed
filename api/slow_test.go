package api_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearth/api/apitest"
)

// inMemory runs f in a bubble, with a server whose connections are in memory.
func inMemory(t *testing.T, f func(t *testing.T, s *apitest.Server), change ...func(*apitest.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		change = append(change, func(o *apitest.Options) { o.Pipe = true })
		f(t, apitest.New(t, change...))
	})
}

func dial(t *testing.T, s *apitest.Server) net.Conn {
	t.Helper()
	c, err := s.Dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// closed reads until the server closes the connection, and says when it did.
func closed(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	start := time.Now()
	c.SetReadDeadline(start.Add(time.Hour))
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Fatalf("the connection is still open: %v", err)
	}
	return time.Since(start)
}

func TestHeadersMustArriveWithinFiveSeconds(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		c := dial(t, s)
		go fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
		if d := closed(t, c); d != 5*time.Second {
			t.Errorf("closed after %v", d)
		}
	})
}

func TestBodyMustArriveWithinFifteenSeconds(t *testing.T) {
	for _, row := range []struct {
		name, path string
		login      bool
		status     int
	}{
		{"a call that reads it", "/api/saveActions", true, 400},
		{"one without a login", "/api/saveActions", false, 401},
		{"a call that has none", "/api/leaveTherapySession", true, 204},
		{"an address where nothing is", "/nonsense", false, 404},
		{"another method's address", "/api/me", false, 405},
	} {
		t.Run(row.name, func(t *testing.T) {
			inMemory(t, func(t *testing.T, s *apitest.Server) {
				authorization := ""
				if row.login {
					authorization = "Authorization: Bearer " + s.Login("P1").Token() + "\r\n"
				}
				c := dial(t, s)
				start := time.Now()
				go fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", row.path, authorization)
				r := bufio.NewReader(c)
				c.SetReadDeadline(time.Now().Add(time.Hour))
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				if err != nil || res.StatusCode != row.status {
					t.Errorf("%d %s, %v", res.StatusCode, body, err)
				}
				if row.status == 400 && !strings.Contains(string(body), `"bad_request"`) {
					t.Errorf("%s", body)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					t.Fatalf("the connection is still open: %v", err)
				}
				if d := time.Since(start); d < 15*time.Second || d > 16*time.Second {
					t.Errorf("closed after %v", d)
				}
			})
		})
	}
}

func TestSlowBodyThatArrivesIsGood(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		p := s.Login("P1")
		c := dial(t, s)
		go func() {
			fmt.Fprintf(c, "POST /api/enterTherapySession HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n", p.Token())
			for _, b := range []byte(`{"ts_id":"TS1"}`) {
				time.Sleep(900 * time.Millisecond)
				c.Write([]byte{b})
			}
			// The next call on this connection has its own time.
			time.Sleep(20 * time.Second)
			fmt.Fprintf(c, "GET /api/getActions?wait=50s&last_action_id=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", p.Token())
		}()
		r := bufio.NewReader(c)
		for range 2 {
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 {
				t.Fatalf("%d %s, %v", res.StatusCode, body, err)
			}
		}
	})
}

func TestAnswerThatNobodyReadsIsGivenUp(t *testing.T) {
	inMemory(t, func(t *testing.T, s *apitest.Server) {
		c := dial(t, s)
		fmt.Fprint(c, "GET /api/openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n")
		time.Sleep(2 * time.Minute)
		c.SetReadDeadline(time.Now().Add(time.Hour))
		b, err := io.ReadAll(c)
		if len(b) > 10_000 || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes came, %v", len(b), err)
		}
	})
}

func TestHeadersAreBounded(t *testing.T) {
	s := apitest.New(t)
	a := do(t, s.Person("P1", false), request{method: "GET", path: "/healthz", header: http.Header{"X-Long": {strings.Repeat("x", 40<<10)}}})
	if a.Status != 431 || a.Problem().Code != "" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
