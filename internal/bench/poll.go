package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strconv"

	"hearth/api/client"
	"hearth/hub/chat"
)

// Poll has members poll by handleActions when there is no news. In the end one
// thing is said, and each poller must get that, once. The study needs one
// member more than there are pollers, in one room.
func (h *Hearth) Poll(ctx context.Context, load PollLoad, server *Server, say Progress) (*Report, error) {
	at, err := h.enterAll(ctx)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(h.URL)
	if err != nil {
		return nil, err
	}
	position := func(p chat.Position) string {
		return fmt.Sprintf(`"maxID":"%d","epoch":"%s"`, p.ID, p.Epoch)
	}
	nothing, same := []byte(`{"data":[],`), []byte(position(at))
	request := func(i int) []byte {
		return Request("/api/handleActions", u.Host, "Authorization: Bearer "+h.token(0, i)+"\r\n",
			fmt.Sprintf(`{"maxID":"%d","epoch":"%s","actionQueue":[]}`, at.ID, at.Epoch))
	}
	f, bad, err := Poll(ctx, h.URL, load, request, func(_ int, body []byte) error {
		if !bytes.HasPrefix(body, nothing) || !bytes.Contains(body, same) {
			return fmt.Errorf("there was no news, but the answer is %.200q", body)
		}
		return nil
	}, server, say)
	if err != nil {
		return nil, err
	}
	wrong := new(Violations)
	if err := h.tellAll(ctx, at, load.Pollers, wrong); err != nil {
		return nil, err
	}
	return NewPollReport(h.Name(), load, f, append(bad, wrong.List()...)), nil
}

// device is a client of one member.
func (h *Hearth) device(member int) (*client.Client, error) {
	c, err := h.client()
	if err == nil {
		c.SetToken(h.token(0, member))
	}
	return c, err
}

// enterAll has every member of room 0 enter, and returns where its log stands
// when nothing more follows from that.
func (h *Hearth) enterAll(ctx context.Context) (at chat.Position, err error) {
	err = each(ctx, h.Members, 16, func(ctx context.Context, i int) error {
		c, err := h.device(i)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Enter(ctx, h.room(0))
		return err
	})
	if err != nil {
		return at, err
	}
	c, err := h.device(0)
	if err != nil {
		return at, err
	}
	defer c.Close()
	for quiet := 0; quiet < 2; {
		p, err := c.GetActions(ctx, client.Query{TS: h.room(0), From: at})
		switch {
		case err != nil:
			return at, err
		case p.Max == at.ID:
			quiet++
		default:
			quiet = 0
		}
		at = p.Position()
		if err := sleep(ctx, afterTime); err != nil {
			return at, err
		}
	}
	return at, nil
}

// tellAll has the last member say something; each poller must get it once.
func (h *Hearth) tellAll(ctx context.Context, at chat.Position, pollers int, bad *Violations) error {
	speaker, err := h.device(h.Members - 1)
	if err != nil {
		return err
	}
	defer speaker.Close()
	saved, err := speaker.SaveActions(ctx, h.room(0), chat.Draft{Type: chat.Message, Body: "news"})
	if err != nil {
		return err
	}
	if saved.Saved[0].Error != nil {
		return saved.Saved[0].Error
	}
	id := strconv.FormatUint(uint64(saved.Saved[0].ID), 10)
	return each(ctx, pollers, 16, func(ctx context.Context, i int) error {
		c, err := h.device(i)
		if err != nil {
			return err
		}
		defer c.Close()
		p := client.OlderPoll{Client: c, TS: h.room(0), At: at}
		first, err := p.Next(ctx)
		if err != nil {
			return err
		}
		if len(first.Data) != 1 || first.Data[0].ID != id {
			bad.Add("poller %d got %d actions, not just %s, which was acknowledged", i, len(first.Data), id)
		}
		second, err := p.Next(ctx)
		if err == nil && len(second.Data) != 0 {
			bad.Add("poller %d got %d actions again", i, len(second.Data))
		}
		return err
	})
}
