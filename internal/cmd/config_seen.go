package cmd

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"hearth/store"
)

// seenFile, in the data directory, is of the configuration that was in force
// last: a keyed hash of each key's value. So the audit log can tell which keys
// have changed, and neither of them what to.
const seenFile = "config.seen"

// seenConfig has a hash for each key of the configuration, by its path.
type seenConfig map[string]string

// seen hashes c's keys with key. A secret is that of its _file twin, too.
func (c Config) seen(key []byte) seenConfig {
	s := seenConfig{}
	for _, k := range keysOf(reflect.ValueOf(&c).Elem(), "") {
		if k.secret != nil {
			continue
		}
		value := k.value.String() // of a Secret what it is: fmt would mask it
		if k.value.Kind() != reflect.String {
			value = fmt.Sprint(k.value.Interface())
			if k.value.Kind() == reflect.Slice {
				value = fmt.Sprintf("%q", k.value.Interface())
			}
		}
		s[k.path] = keyedHash(key, k.path, value)
	}
	return s
}

func keyedHash(key []byte, parts ...string) string {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		fmt.Fprintf(m, "%d %s\n", len(p), p)
	}
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// paths are those of every key, in the configuration's order.
func (s seenConfig) paths() (all []string) {
	var c Config
	for _, k := range keysOf(reflect.ValueOf(&c).Elem(), "") {
		if k.secret == nil {
			all = append(all, k.path)
		}
	}
	return all
}

// digest is one hash of all.
func (s seenConfig) digest(key []byte) string {
	var parts []string
	for _, path := range s.paths() {
		parts = append(parts, path, s[path])
	}
	return keyedHash(key, parts...)
}

// changed lists the keys that differ from those of old.
func (s seenConfig) changed(old seenConfig) (paths []string) {
	for _, path := range s.paths() {
		if s[path] != old[path] {
			paths = append(paths, path)
		}
	}
	return paths
}

// readSeen reads what writeSeen wrote in dir. Where there is none, or none
// that can be read, what was in force before are the defaults.
func readSeen(dir string, key []byte) (seenConfig, error) {
	b, err := readSmall(filepath.Join(dir, seenFile), maxConfigBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return DefaultConfig().seen(key), nil
	}
	s := seenConfig{}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return DefaultConfig().seen(key), err
	}
	return s, nil
}

func writeSeen(dir string, s seenConfig) error {
	return writeWhole(filepath.Join(dir, seenFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(s) })
}

// auditWithin is how long an entry about the server itself may take: neither a
// start nor a stop waits for a disk that hangs.
const auditWithin = 2 * time.Second

// audit writes entries about the server itself. What cannot be written must
// not keep it from starting, or stopping, but is logged.
func (s *server) audit(entries ...store.AuditEntry) bool {
	ctx, cancel := context.WithTimeout(context.Background(), auditWithin)
	defer cancel()
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		for _, e := range entries {
			tx.Audit(e)
		}
		return nil
	})
	if err != nil {
		s.log.Error("the audit log could not be written", "event", entries[0].Event, "error", err)
	}
	return err == nil
}

// noteStart notes in the audit log that the server starts, with which version
// and configuration, and which keys of it are others than at the last start.
func (s *server) noteStart() {
	s.noteConfig(s.cfg, store.AuditEntry{Event: "started", Details: []store.Detail{{Name: "version", Value: version}}})
}

// noteConfig notes that cfg is in force, if that is new; and before it, with
// its digest, what else there is.
func (s *server) noteConfig(cfg Config, before ...store.AuditEntry) {
	s.noting.Lock()
	defer s.noting.Unlock()
	key, err := s.store.Key("configuration digests")
	if err != nil {
		s.log.Error("the configuration could not be compared with the last one", "error", err)
		return
	}
	old, err := readSeen(s.cfg.DataDir, key)
	if err != nil {
		s.log.Warn("what the last configuration was cannot be read", "file", seenFile, "error", err)
	}
	now := cfg.seen(key)
	digest := store.Detail{Name: "digest", Value: now.digest(key)}
	entries := before
	for i := range entries {
		entries[i].Details = append(entries[i].Details, digest)
	}
	changed := now.changed(old)
	if len(changed) > 0 {
		entries = append(entries, store.AuditEntry{Event: "config", Details: []store.Detail{
			{Name: "keys", Value: strings.Join(changed, " ")}, digest,
		}})
	}
	if len(entries) == 0 || !s.audit(entries...) {
		return // so it is told at the next start
	}
	if err := writeSeen(s.cfg.DataDir, now); err != nil {
		s.log.Warn("what the configuration is cannot be kept for the next start", "file", seenFile, "error", err)
	}
}

// noteStop notes that the server stops as it should. A killed one notes
// nothing.
func (s *server) noteStop() { s.audit(store.AuditEntry{Event: "stopped"}) }

// noteCertificate notes that the files of the certificate were read again, and
// which one they hold; or that they could not be, and the one before stays.
func (s *server) noteCertificate(cert *certificate, err error) {
	e := store.AuditEntry{Event: "tls_reloaded", Reason: "unreadable"}
	if err == nil {
		e.Reason = ""
		sum := sha256.Sum256(cert.current.Load().Certificate[0])
		e.Details = []store.Detail{{Name: "sha256", Value: hex.EncodeToString(sum[:])}}
	}
	s.audit(e)
}
