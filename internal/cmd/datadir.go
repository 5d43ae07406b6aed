package cmd

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"

	"hearth/hub/chat"
	"hearth/store"
	"hearth/store/bolt"
)

// Names in the data directory.
const (
	dataFile     = "hearth.db"
	loginKeyFile = "login.key" // signs logins; package auth's
	dataKeyFile  = "data.key"  // the audit log's MAC and the surveys' links
)

// hasData reports whether there is a data file in dir.
func hasData(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, dataFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// diskUse tells how many bytes the data file in dir has, and how many more can
// be written there; negative: it is not known.
func diskUse(dir string) func() (data, free int64) {
	return func() (data, free int64) {
		data, free = -1, -1
		if info, err := os.Stat(filepath.Join(dir, dataFile)); err == nil {
			data = info.Size()
		}
		if n, err := roomIn(dir); err == nil {
			free = int64(min(n, math.MaxInt64))
		}
		return data, free
	}
}

// openStore opens the data in cfg.DataDir, and makes what is missing unless
// there mustExist data. The store must be closed. linkKey signs the links by
// which surveys come back.
func openStore(
	ctx context.Context, cfg Config, mustExist bool, log *slog.Logger, committed func(store.Event), observe func(store.Commit),
) (st *store.Store, linkKey []byte, err error) {
	path, keyPath := filepath.Join(cfg.DataDir, dataFile), filepath.Join(cfg.DataDir, dataKeyFile)
	if !mustExist {
		if err := makeDataDir(cfg.DataDir); err != nil {
			return nil, nil, fmt.Errorf("data_dir: %w", err)
		}
		// The key is older than the data: one that is lost must not be
		// replaced in silence, as then the audit log is worth nothing.
		there, err := hasData(cfg.DataDir)
		if err == nil && !there {
			err = makeDataKey(keyPath)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("data_dir: %w", err)
		}
	}
	db, err := bolt.Open(path, bolt.Options{MustExist: mustExist})
	if err != nil {
		return nil, nil, err
	}
	removeCopies(cfg.DataDir)
	auditKey, linkKey, err := readDataKey(keyPath)
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	st, err = store.Open(ctx, store.Options{
		Driver: db, AuditKey: auditKey, Committed: committed, Observe: observe, Log: log,
		Limits: chat.Limits{MaxBody: cfg.Chat.MaxBody, MaxHistory: cfg.Chat.MaxCharacterHistory},
		Rate:   chat.Rate{PerSecond: cfg.Chat.Rate.PerSecond, Burst: cfg.Chat.Rate.Burst},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return st, linkKey, nil
}

// makeDataDir makes dir, and sees to it that nobody else can look into it.
func makeDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return os.Chmod(dir, 0o700)
}

// makeDataKey makes the key in path, whole, on the disk, mode 0600, or not at
// all. One that is there already stays.
func makeDataKey(path string) error {
	key := make([]byte, 32)
	rand.Read(key)                                                            // never fails
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Link(f.Name(), path)
	}
	if err != nil {
		if errors.Is(err, fs.ErrExist) { // another process was first
			return nil
		}
		return err
	}
	return syncDir(filepath.Dir(path))
}

// readDataKey reads the key in path, 32 bytes in hexadecimal, and makes the
// two keys of it that are used.
func readDataKey(path string) (audit, links []byte, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s is missing, but there is data: put it back from your backup; without it the audit log cannot be verified", path)
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, nil, fmt.Errorf("%s can be read or written by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return nil, nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 { // its error may quote the file
		return nil, nil, fmt.Errorf("%s does not hold a key: it must be 64 hexadecimal digits", path)
	}
	if audit, err = hkdf.Key(sha256.New, key, nil, "hearth audit log", 32); err != nil {
		return nil, nil, err
	}
	links, err = hkdf.Key(sha256.New, key, nil, "hearth survey links", 32)
	return audit, links, err
}
