package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// CopyName is how the names of the copies begin that are made in the data
// directory for a backup. One that is there when the data is opened was left
// by a process that was killed.
const CopyName = ".backup-"

// Backup is a copy that arrived whole.
type Backup struct {
	Sessions int
	Actions  uint64
	Bytes    int64
	At       time.Time // what was stored before is in it
}

const (
	headerHash     = "X-Hearth-SHA-256"
	headerSessions = "X-Hearth-Therapy-Sessions"
	headerActions  = "X-Hearth-Actions"
	headerAt       = "X-Hearth-At"
)

// getBackup makes a checked copy in the data directory and sends it: the
// client may be slow, and the data must not wait for it.
func (o Options) getBackup(w http.ResponseWriter, r *http.Request) {
	path := filepath.Join(o.Dir, CopyName+rand.Text())
	at := o.Store.Now()
	report, err := o.Store.Backup(r.Context(), operator, path, o.OpenCopy)
	defer os.Remove(path)
	if err != nil {
		reply(w, nil, err)
		return
	}
	f, err := os.Open(path)
	if err != nil {
		reply(w, nil, err)
		return
	}
	defer f.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		reply(w, nil, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.FormatInt(n, 10))
	h.Set(headerHash, hex.EncodeToString(hash.Sum(nil)))
	h.Set(headerSessions, strconv.Itoa(report.Sessions))
	h.Set(headerActions, strconv.FormatUint(report.Actions, 10))
	h.Set(headerAt, at.UTC().Format(time.RFC3339Nano))
	io.Copy(w, f)
}

// postKept notes that a backup is where it is to be kept.
func (o Options) postKept(w http.ResponseWriter, r *http.Request) {
	at, err := queryTime(r.URL.Query(), "at")
	if err == nil {
		err = o.Store.NoteBackup(r.Context(), at)
	}
	reply(w, struct{}{}, err)
}

// Backup writes a copy of everything to w. It was opened and checked where it
// was made; unless the error is nil, what was written is not it.
func (c *Client) Backup(ctx context.Context, w io.Writer) (out Backup, err error) {
	res, err := c.answer(ctx, http.MethodGet, "/backup", nil)
	if err != nil {
		return out, err
	}
	defer res.Body.Close()
	hash := sha256.New()
	if out.Bytes, err = io.Copy(io.MultiWriter(w, hash), res.Body); err != nil {
		return out, fmt.Errorf("the backup did not arrive whole: %w", err)
	}
	if hex.EncodeToString(hash.Sum(nil)) != res.Header.Get(headerHash) {
		return out, errors.New("the backup did not arrive as it was sent")
	}
	out.Sessions, err = strconv.Atoi(res.Header.Get(headerSessions))
	if err == nil {
		out.Actions, err = strconv.ParseUint(res.Header.Get(headerActions), 10, 64)
	}
	if err == nil {
		out.At, err = time.Parse(time.RFC3339Nano, res.Header.Get(headerAt))
	}
	return out, err
}

// Kept says that made is stored: only then is it a backup to those who watch
// that there are some.
func (c *Client) Kept(ctx context.Context, made Backup) error {
	return c.do(ctx, "/backup/kept", "at", made.At.Format(time.RFC3339Nano))
}
