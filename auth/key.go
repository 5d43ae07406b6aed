package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"hearth/store"
)

// keyBytes is the length of every key (RFC 7518, 3.2: for HS256 at least the
// hash's).
const keyBytes = 32

// signingKey signs and verifies tokens.
type signingKey struct {
	ID   string    `json:"id"`
	Key  []byte    `json:"key"`
	Made time.Time `json:"made"`
}

// keyFile is what stands in the key file.
type keyFile struct {
	Version int          `json:"version"` // 1
	Secret  []byte       `json:"secret"`  // of digests and code hashes; never rotated, else every limit would begin anew
	Keys    []signingKey `json:"keys"`    // the newest first: it signs, the others verify
}

// keys are those of the key file.
type keys struct {
	path   string
	rand   io.Reader
	secret []byte

	changing sync.Mutex // held while the file is written

	mu   sync.RWMutex
	ring []signingKey // a new one at each change
	// good are tokens that verified with ring, by SHA-256: to verify one anew
	// at each poll would cost as much as all else of it. Whether its login has
	// ended is asked each time.
	good map[[sha256.Size]byte]*verified
}

// mostGood bounds good; more than that are forgotten.
const mostGood = 1 << 14

// openKeys reads the key file, or makes it.
func openKeys(path string, rand io.Reader, now time.Time) (*keys, error) {
	k := &keys{path: path, rand: rand}
	f, err := readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if f, err = k.first(now); err == nil {
			err = writeKeyFile(path, f, true)
		}
		if errors.Is(err, fs.ErrExist) { // another process was first
			f, err = readKeyFile(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	k.secret, k.ring = f.Secret, f.Keys
	return k, nil
}

func (k *keys) first(now time.Time) (*keyFile, error) {
	key, err := k.make(now)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, keyBytes)
	if _, err := io.ReadFull(k.rand, secret); err != nil {
		return nil, err
	}
	return &keyFile{Version: 1, Secret: secret, Keys: []signingKey{key}}, nil
}

func (k *keys) make(now time.Time) (signingKey, error) {
	b := make([]byte, 8+keyBytes)
	if _, err := io.ReadFull(k.rand, b); err != nil {
		return signingKey{}, err
	}
	return signingKey{ID: hex.EncodeToString(b[:8]), Key: b[8:], Made: now.UTC().Truncate(time.Second)}, nil
}

func readKeyFile(path string) (*keyFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read or written by others (mode %04o): make new keys, or chmod 600 it if nobody has", path, info.Mode().Perm())
	}
	raw, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, err
	}
	out := new(keyFile)
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if dec.Decode(out) != nil { // its error may quote the file
		return nil, fmt.Errorf("%s is not the key file's JSON", path)
	}
	ok := out.Version == 1 && len(out.Secret) == keyBytes && len(out.Keys) > 0
	for i, key := range out.Keys {
		ok = ok && len(key.Key) == keyBytes && key.ID != "" &&
			!slices.ContainsFunc(out.Keys[:i], func(other signingKey) bool { return other.ID == key.ID })
	}
	if !ok {
		return nil, fmt.Errorf("%s holds no keys that this version can use", path)
	}
	return out, nil
}

// writeKeyFile puts f at path whole or not at all. A first one is fs.ErrExist
// if there is a file already.
func writeKeyFile(path string, f *keyFile, first bool) error {
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(raw, '\n'))
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil && first {
		err = os.Link(tmp.Name(), path)
	} else if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (k *keys) signer() signingKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.ring[0]
}

func find(ring []signingKey, id string) ([]byte, bool) {
	for _, key := range ring {
		if key.ID == id {
			return key.Key, true
		}
	}
	return nil, false
}

// known is what the token with this digest says if it has verified before, and
// the keys to verify it with if not.
func (k *keys) known(digest [sha256.Size]byte) (*verified, []signingKey) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.good[digest], k.ring
}

// remember keeps what verified with ring, unless the keys have changed since.
func (k *keys) remember(digest [sha256.Size]byte, v *verified, ring []signingKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if &ring[0] != &k.ring[0] {
		return
	}
	if k.good == nil || len(k.good) >= mostGood {
		k.good = map[[sha256.Size]byte]*verified{}
	}
	k.good[digest] = v
}

// change puts what f makes of the ring on disk and then to use.
func (k *keys) change(f func(ring []signingKey) ([]signingKey, error)) error {
	k.changing.Lock()
	defer k.changing.Unlock()
	k.mu.RLock()
	ring := slices.Clone(k.ring)
	k.mu.RUnlock()
	was := len(ring)
	next, err := f(ring)
	if err != nil {
		return err
	}
	if len(next) == was && next[0].ID == k.signer().ID {
		return nil
	}
	if err := writeKeyFile(k.path, &keyFile{Version: 1, Secret: k.secret, Keys: next}, false); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	k.mu.Lock()
	k.ring, k.good = next, nil
	k.mu.Unlock()
	return nil
}

// Rotate makes a new key, which signs from now on. The old ones verify until
// the last of their logins has ended; if now is true they are gone at once,
// and so is every login. by names in the audit log who did it. If Rotate
// fails, it may be called again.
func (a *Auth) Rotate(ctx context.Context, by string, now bool) error {
	err := a.keys.change(func(ring []signingKey) ([]signingKey, error) {
		key, err := a.keys.make(a.now())
		if err != nil {
			return nil, err
		}
		if now {
			return []signingKey{key}, nil
		}
		return append([]signingKey{key}, ring...), nil
	})
	if err != nil {
		return err
	}
	return a.endWhere(ctx, func(tx *store.Tx) (ids []string, why string, err error) {
		tx.Audit(store.AuditEntry{
			Event: "key_rotate", Actor: by, Details: []store.Detail{{Name: "now", Value: strconv.FormatBool(now)}},
		})
		if now {
			err = tx.Scan(store.TableLogin, nil, func(key, _ []byte) bool {
				ids = append(ids, string(key))
				return true
			})
		}
		return ids, "key_rotate", err
	})
}

// keyGrace is for logins that were being made when their key was retired.
const keyGrace = time.Hour

// dropKeys removes retired keys that no login needs.
func (a *Auth) dropKeys() error {
	needed := map[string]bool{}
	a.mu.Lock()
	for _, l := range a.logins {
		needed[l.Key] = true
	}
	a.mu.Unlock()
	now := a.now()
	return a.keys.change(func(ring []signingKey) ([]signingKey, error) {
		if age := now.Sub(ring[0].Made); age < keyGrace {
			return ring, nil
		}
		return slices.DeleteFunc(ring, func(key signingKey) bool {
			return key.ID != ring[0].ID && !needed[key.ID]
		}), nil
	})
}
