package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"hearth/api/control"
)

// examineConfigFile looks at who else can read the configuration and the files
// of secrets that it names, or change them.
func examineConfigFile(_ context.Context, p *patient) []finding {
	data, err := readSmall(p.configFile, maxConfigBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return ok("there is no file: the defaults hold, and the environment")
	}
	if err != nil {
		return failed(err, "run this as the user that runs the server")
	}
	var c Config
	l := newLoader(&c, p.configFile)
	if err := l.file(data); err != nil {
		return failed(err, "")
	}
	holds := false
	var all []finding
	look := func(path, what string, secret bool) {
		info, err := os.Stat(path)
		if err != nil {
			all = append(all, failed(err, "run this as the user that runs the server")...)
			return
		}
		perm := info.Mode().Perm()
		remedy := "chmod 600 " + path + ", or 640 with the server's group"
		switch {
		case perm&0o022 != 0:
			all = append(all, finding{failure, fmt.Sprintf("others can change %s (%s, mode %04o)", path, what, perm), remedy})
		case perm&0o004 != 0 && secret:
			all = append(all, finding{failure, fmt.Sprintf("everybody can read %s (%s, mode %04o), which holds a secret", path, what, perm),
				remedy + "; whoever read it has the secret: get a new one"})
		case perm&0o004 != 0:
			all = append(all, finding{warning, fmt.Sprintf("everybody can read %s (%s, mode %04o); it holds no secret today", path, what, perm), remedy})
		}
	}
	for _, k := range l.keys {
		switch {
		case k.bad || k.value.Kind() != reflect.String || k.value.String() == "":
		case k.secret != nil:
			look(k.value.String(), k.path, true)
		case k.isSecret():
			holds = true
		}
	}
	look(p.configFile, "the configuration", holds)
	if len(all) == 0 {
		return ok("nobody but their owner and group can read %s, or a file of secrets that it names", p.configFile)
	}
	return all
}

// examineTLSKey looks at who else can read the key of the certificate.
func examineTLSKey(path string) []finding {
	info, err := os.Stat(path)
	if err != nil {
		return nil // told where it is read
	}
	if perm := info.Mode().Perm(); perm&0o027 != 0 {
		return []finding{{failure, fmt.Sprintf("others can read or change %s (mode %04o), the certificate's key", path, perm),
			"chmod 600 " + path + ", or 640 with the server's group; whoever read it can pass for this server: have it replaced"}}
	}
	return nil
}

const oldBackup = 2 * 24 * time.Hour

// examineBackups asks when the data was last copied.
func examineBackups(ctx context.Context, p *patient) []finding {
	if there, err := hasData(p.cfg.DataDir); err != nil || !there {
		return ok("there is nothing to copy yet")
	}
	var s control.State
	err := p.call.withData(p.cfg, true, func(client *control.Client) (err error) {
		s, err = client.State(ctx)
		return err
	})
	const remedy = "hearth backup FILE, every night, to another machine (docs/operate.md has a timer)"
	switch age := p.now.Sub(s.LastBackup); {
	case err != nil:
		return failed(err, "")
	case s.LastBackup.IsZero():
		return []finding{{warning, "none was ever made of this data", remedy}}
	case age > oldBackup:
		return []finding{{warning, fmt.Sprintf("the newest one is of %s: %s old", moment(s.LastBackup), counted(int(age/(24*time.Hour)), "day", "days")), remedy}}
	}
	return ok("the newest one is of %s", moment(s.LastBackup))
}

// examineHeld asks a server that runs whether the file that it writes is the
// one in the data directory.
func examineHeld(ctx context.Context, p *patient) []finding {
	client, err := control.Dial(p.cfg.DataDir)
	if errors.Is(err, control.ErrNoServer) || errors.Is(err, fs.ErrNotExist) {
		return ok("no server is running")
	}
	if err != nil {
		return failed(err, "run this as the user that runs the server")
	}
	defer client.Close()
	s, err := client.State(ctx)
	if err != nil {
		return failed(err, "it may be of another version: restart it")
	}
	if s.Displaced != "" {
		return []finding{{failure, s.Displaced, "if that was a mistake, move away what is there now: the server puts its own data back by itself; " +
			"if it was not, stop the server, and see to it that the right file is there"}}
	}
	return ok("the server writes to %s", filepath.Join(p.cfg.DataDir, dataFile))
}

// displaced says why the file that this process has open as the data is not
// the one in dir any more; nil: it is, or that cannot be told here.
func displaced(dir string) error {
	path := filepath.Join(dir, dataFile)
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s was removed or renamed while the server has it open; it puts it back when something is to be stored", path)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be looked at: %w", path, err)
	}
	if open, err := hasOpen(there); err == nil && !open {
		return fmt.Errorf("%s was replaced while the server has another one open: nothing can be stored", path)
	}
	return nil
}
