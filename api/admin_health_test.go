package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hearth/api/apitest"
	"hearth/hub/chat"
)

type health struct {
	Version     string  `json:"version"`
	Started     string  `json:"started_at"`
	Now         string  `json:"now"`
	Ready       bool    `json:"ready"`
	Problem     string  `json:"problem"`
	LastBackup  *string `json:"last_backup_at"`
	DataBytes   *int64  `json:"data_bytes"`
	FreeBytes   *int64  `json:"free_bytes"`
	Actions     *uint64 `json:"actions"`
	Logins      int     `json:"logins"`
	Connections int     `json:"connections"`
	SMS         struct {
		Sender   string `json:"sender"`
		LastHour *int   `json:"sent_last_hour"`
		PerHour  *int   `json:"limit_per_hour"`
	} `json:"sms"`
}

func (a *admin) health() (h health) {
	a.t.Helper()
	r := get(a.t, a.p, "/api/admin/health")
	wantStatus(a.t, r, 200)
	decode(a.t, r.Body, &h)
	return h
}

func TestStaffSeeHowTheServerIs(t *testing.T) {
	free := int64(1 << 40)
	s := apitest.New(t, func(o *apitest.Options) {
		o.API.Version, o.API.SMSSender = "1.2.0", "file"
		o.API.Disk = func() (int64, int64) { return 4096, free }
	})
	a := newAdmin(t, s)
	h := a.health()
	if h.Version != "1.2.0" || h.Started != "2026-12-01T18:00:00.000Z" || h.Now != h.Started || !h.Ready || h.Problem != "" ||
		h.LastBackup != nil || *h.DataBytes != 4096 || *h.FreeBytes != 1<<40 || *h.Actions != 0 || h.Logins != 0 || h.Connections != 0 ||
		h.SMS.Sender != "file" || *h.SMS.LastHour != 0 || *h.SMS.PerHour != 1e6 {
		t.Errorf("at first: %s", get(t, a.p, "/api/admin/health").Body)
	}
	p, q := s.Enter("P1", apitest.Plain), s.Login("P2")
	p.Save(message("hello"))
	id := p.Save(message("and again"))
	s.Clock.Add(time.Hour)
	s.Login("P3")
	backup := s.Clock.Now().Add(-time.Minute)
	if err := s.Store.NoteBackup(soon(t), backup); err != nil {
		t.Fatal(err)
	}
	free = -1
	h = a.health()
	if h.Started != "2026-12-01T18:00:00.000Z" || h.Now != "2026-12-01T19:00:00.000Z" || *h.LastBackup != "2026-12-01T18:59:00.000Z" ||
		h.FreeBytes != nil || *h.Actions != uint64(id) || h.Connections != 1 || *h.SMS.LastHour != 1 {
		t.Errorf("later: %s", get(t, a.p, "/api/admin/health").Body)
	}
	if h.Logins < 1 || h.Logins > 3 { // those of the first two end about now
		t.Errorf("%d logins", h.Logins)
	}
	if log := a.audited(); strings.Contains(log, "health") {
		t.Errorf("it is noted: %s", log)
	}
	for _, u := range s.Store.Roster().People {
		a.p.NeverReceived(t, string(u.Phone))
		a.p.NeverReceived(t, `"`+string(u.LastName)+`"`)
	}
	_ = q
}

func TestHealthIsToldWhileNothingCanBeStored(t *testing.T) {
	s := apitest.New(t)
	a := newAdmin(t, s)
	if h := a.health(); h.DataBytes != nil || h.FreeBytes != nil || h.Version != "" {
		t.Errorf("what is not known is told: %+v", h)
	}
	s.Disk.Break(false)
	wantProblem(t, post(t, a.p, "/api/admin/unlock", `{"p_id":"P1"}`), 503, chat.StorageUnavailable)
	h := a.health()
	if h.Ready || h.Problem == "" || h.Actions == nil {
		t.Errorf("with a broken disk: %+v", h)
	}
	wantProblem(t, post(t, a.p, "/api/admin/tokens", `{"name":"x"}`), 503, chat.StorageUnavailable)
	wantProblem(t, a.revoke(a.id), 503, chat.StorageUnavailable)
	wantProblem(t, get(t, a.p, "/api/admin/sessions"), 503, chat.StorageUnavailable) // cannot be noted
	if all := a.tokens(); len(all) != 1 {
		t.Errorf("tokens: %+v", all)
	}
	a.p.SetToken("nonsense")
	wantProblem(t, get(t, a.p, "/api/admin/health"), 401, chat.NotAuthenticated)
	s.Disk.Mend()
	deadline := time.Now().Add(20 * time.Second)
	for s.Store.Ready() != nil && time.Now().Before(deadline) {
		get(t, a.p, "/readyz")
	}
	a.p.SetToken(a.secret)
	if h := a.health(); !h.Ready || h.Problem != "" {
		t.Errorf("mended: %s", fmt.Sprintf("%+v", h))
	}
}
