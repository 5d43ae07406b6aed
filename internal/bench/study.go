package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hearth/api/client"
	"hearth/hub/chat"
)

// Study is the sample study on one server: rooms with members, all of whom are
// logged in. Nobody is a real person, and the phones are of the numbers that
// are kept for fiction (NPA-555-0100 to 0199).
type Study struct {
	URL            string // of the server, such as http://127.0.0.1:8080
	Rooms, Members int

	tokens []string // of member r*Members+m
}

// Therapy session and person of the study.
func (s *Study) room(r int) chat.TSID            { return chat.TSID(fmt.Sprintf("bench-%d", r)) }
func (s *Study) member(r, m int) chat.PID        { return chat.PID(fmt.Sprintf("bench-%d-%d", r, m)) }
func (s *Study) token(r, m int) string           { return s.tokens[r*s.Members+m] }
func (s *Study) therapist() chat.PID             { return "bench-therapist" }
func phone(n int) string                         { return fmt.Sprintf("+1%03d55501%02d", 200+n/100, n%100) }
func (s *Study) client() (*client.Client, error) { return client.New(client.Options{URL: s.URL}) }

// maxPeople is how many phones there are.
const maxPeople = 80_000

// therapistPhone is the last of them.
const therapistPhone = maxPeople - 1

const lastName = "Denver"

// Prepare imports the study if wanted, and logs everybody in by codes made with
// an API token of role admin, so that nobody needs an SMS. (One is asked for at
// each login, all the same: what a login is counts as one.)
func (s *Study) Prepare(ctx context.Context, admin string, imports bool, say Progress) error {
	n := s.Rooms * s.Members
	if n >= maxPeople {
		return fmt.Errorf("%d people are too many; at most %d", n, maxPeople-1)
	}
	staff, err := s.client()
	if err != nil {
		return err
	}
	defer staff.Close()
	staff.SetToken(admin)
	if imports {
		say.say("importing %d people in %d rooms", n, s.Rooms)
		if err := s.load(ctx, staff); err != nil {
			return fmt.Errorf("import the sample study: %w", err)
		}
	}
	say.say("logging in %d people", n)
	s.tokens = make([]string, n)
	const atOnce = 16
	devices := make(chan *client.Client, atOnce)
	for range atOnce {
		c, err := s.client()
		if err != nil {
			return err
		}
		defer c.Close()
		devices <- c
	}
	return each(ctx, n, atOnce, func(ctx context.Context, i int) (err error) {
		c := <-devices
		defer func() { devices <- c }()
		s.tokens[i], err = logIn(ctx, c, staff, s.member(i/s.Members, i%s.Members), phone(i))
		return err
	})
}

// logIn logs in once.
func logIn(ctx context.Context, c, staff *client.Client, who chat.PID, phone string) (string, error) {
	in, err := c.Login(ctx, phone, lastName, func(ctx context.Context) (string, error) {
		var made struct {
			Code string `json:"code"`
		}
		err := staff.Call(ctx, "POST", "/api/admin/code", map[string]chat.PID{"p_id": who}, &made)
		return made.Code, err
	})
	var p *client.Problem
	switch {
	case err == nil:
		return in.Token, nil
	case errors.As(err, &p) && p.Code == chat.TooManyTries:
		err = fmt.Errorf("%w (auth.limits.logins_per_address_per_hour and sends_per_hour must allow for the people of a bench)", err)
	case errors.As(err, &p) && p.Code == chat.NotFound:
		err = fmt.Errorf("%w (the sample study is not there: --import brings it)", err)
	}
	return "", fmt.Errorf("log in %s: %w", who, err)
}

// load imports the study, so many rooms at a time that a body stays small.
func (s *Study) load(ctx context.Context, staff *client.Client) error {
	type person struct {
		ID    chat.PID `json:"id"`
		Name  string   `json:"name"`
		Last  string   `json:"last_name"`
		Phone string   `json:"phone"`
		Role  string   `json:"role"`
	}
	type session struct {
		ID           chat.TSID  `json:"id"`
		Name         string     `json:"name"`
		Therapists   []chat.PID `json:"therapists"`
		Participants []chat.PID `json:"participants"`
		Private      string     `json:"private_messages"`
	}
	var file struct {
		Participants []person  `json:"participants"`
		Sessions     []session `json:"therapy_sessions"`
	}
	send := func() error {
		b, err := json.Marshal(file)
		if err != nil {
			return err
		}
		file.Participants, file.Sessions = nil, nil
		r, err := staff.NewRequest(ctx, "POST", "/api/admin/roster", b)
		if err != nil {
			return err
		}
		a, err := staff.Do(r)
		if err == nil && a.Status >= 400 {
			err = a.Problem()
		}
		return err
	}
	file.Participants = append(file.Participants, person{s.therapist(), "Dr. Howell", "Howell", phone(therapistPhone), "therapist"})
	for r := range s.Rooms {
		room := session{ID: s.room(r), Name: fmt.Sprintf("Bench %d", r), Therapists: []chat.PID{s.therapist()}, Private: "therapist"}
		for m := range s.Members {
			id := s.member(r, m)
			room.Participants = append(room.Participants, id)
			file.Participants = append(file.Participants,
				person{id, fmt.Sprintf("Gilligan %d", m), lastName, phone(r*s.Members + m), "participant"})
		}
		file.Sessions = append(file.Sessions, room)
		if len(file.Participants) > 5000 {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// Say has a member say so many messages of that size, in calls of some.
func (s *Study) say(ctx context.Context, room, member, n, atOnce, size int) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetToken(s.token(room, member))
	if _, err := c.Enter(ctx, s.room(room)); err != nil {
		return err
	}
	began := time.Now()
	for said := 0; said < n; {
		drafts := make([]chat.Draft, min(n-said, atOnce))
		for i := range drafts {
			drafts[i] = chat.Draft{
				Type: chat.Message, Body: chat.Text(fill(size)), ClientID: fmt.Sprintf("fill-%d-%d", began.UnixNano(), said+i),
			}
		}
		saved, err := c.SaveActions(ctx, s.room(room), drafts...)
		if err != nil {
			return err
		}
		for _, r := range saved.Saved {
			if r.Error != nil {
				return r.Error
			}
		}
		said += len(drafts)
	}
	return nil
}
