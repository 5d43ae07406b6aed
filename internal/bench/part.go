package bench

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"
)

// constant is what the part server answers: as long as an answer of
// handleActions without news.
const constant = `{"data":[],"serverTime":0.012,"maxID":"123","epoch":"abcdefghijklmnopqrstuvwxyz"}`

// ServeParts serves what a server is made of, each by itself, until there is
// no parent any more; it is the child of [Limits].
//
//	POST /constant          echo answering constant JSON
//	GET  /ws                a WebSocket with gorilla's default buffers, on which nothing happens
//	GET  /stream?size=&at=  prepared frames of size bytes, without end; at: so many in one write
func ServeParts(in io.Reader, out, log io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.POST("/constant", func(c echo.Context) error {
		io.Copy(io.Discard, c.Request().Body)
		return c.JSONBlob(http.StatusOK, []byte(constant))
	})
	up := websocket.Upgrader{}
	e.GET("/ws", func(c echo.Context) error {
		conn, err := up.Upgrade(c.Response(), c.Request(), nil)
		if err != nil {
			return err
		}
		defer conn.Close()
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return nil
			}
		}
	})
	e.GET("/stream", func(c echo.Context) error {
		size, err1 := strconv.Atoi(c.QueryParam("size"))
		at, err2 := strconv.Atoi(c.QueryParam("at"))
		if err1 != nil || err2 != nil || size < 126 || size > 65535 || at < 1 || at > 1000 {
			return echo.ErrBadRequest
		}
		conn, err := up.Upgrade(c.Response(), c.Request(), nil)
		if err != nil {
			return err
		}
		defer conn.Close()
		message, err := websocket.NewPreparedMessage(websocket.TextMessage, fill(size))
		if err != nil {
			return err
		}
		var together []byte
		for range at {
			together = append(append(together, frameHead(size)...), fill(size)...)
		}
		for err == nil {
			if at == 1 {
				err = conn.WritePreparedMessage(message)
			} else {
				_, err = conn.NetConn().Write(together)
			}
		}
		return nil
	})
	served := make(chan error, 1)
	srv := &http.Server{Handler: e}
	go func() { served <- srv.Serve(l) }()
	fmt.Fprintf(log, "parts at %s\n", l.Addr())
	Commands(in, out)
	srv.Close()
	<-served
	return nil
}

// frameHead begins an unmasked text frame of 126 to 65,535 bytes (RFC 6455,
// 5.2).
func frameHead(size int) []byte { return []byte{0x81, 126, byte(size >> 8), byte(size)} }

// partsAt finds the address in the log of ServeParts.
func partsAt(line string) (address string) {
	fmt.Sscanf(line, "parts at %s", &address)
	return address
}
