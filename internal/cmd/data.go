package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"hearth/api/control"
	"hearth/auth"
	"hearth/hub/chat"
	"hearth/store"
)

// withData runs f with a client of whoever holds the data: the server that
// is running, or else this process, for as long as it takes. Unless there
// mustExist data, it makes what is missing.
func (c *verbCall) withData(cfg Config, mustExist bool, f func(*control.Client) error) error {
	const tries = 3 // a server that is starting or stopping holds the data, but does not answer
	for try := 1; ; try++ {
		client, err := control.Dial(cfg.DataDir)
		if err == nil {
			defer client.Close()
			return f(client)
		}
		if !errors.Is(err, control.ErrNoServer) {
			return err
		}
		err = c.alone(cfg, mustExist, f)
		switch {
		case !errors.Is(err, store.ErrInUse):
			return err
		case try == tries:
			return fmt.Errorf("%w, and nobody answers on %s", err, control.SocketName)
		}
	}
}

// alone is withData without a server.
func (c *verbCall) alone(cfg Config, mustExist bool, f func(*control.Client) error) (err error) {
	if there, err := hasData(cfg.DataDir); mustExist && !there {
		if err != nil {
			return fmt.Errorf("data_dir: %w", err)
		}
		return fmt.Errorf("data_dir: there is no data: %s is missing", filepath.Join(cfg.DataDir, dataFile))
	}
	log := slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	st, _, err := openStore(c.ctx, cfg, mustExist, log, nil, nil)
	if err != nil {
		return err
	}
	defer st.Close()
	l, err := control.Listen(cfg.DataDir)
	if err != nil {
		return err
	}
	var opened *auth.Auth
	door := sync.OnceValues(func() (*auth.Auth, error) {
		a, err := openAuth(c.ctx, cfg, st, c.stderr, log, nil)
		opened = a
		return a, err
	})
	ctx, cancel := context.WithCancel(c.ctx)
	var serving sync.WaitGroup
	serving.Go(func() {
		h := control.Handler(control.Options{
			Store: st, Auth: door, Dir: cfg.DataDir, OpenCopy: openCopy, Region: cfg.DefaultRegion, Field: cfg.Auth.Field, Log: log,
		})
		if err := control.Serve(ctx, l, h); err != nil {
			log.Error("the control socket failed", "error", err)
		}
	})
	defer func() {
		cancel()
		serving.Wait()
		if opened != nil {
			err = errors.Join(err, opened.Close())
		}
	}()
	client, err := control.Dial(cfg.DataDir)
	if err != nil {
		return err
	}
	defer client.Close()
	return f(client)
}

// runImport is the verb import.
func runImport(c *verbCall) error {
	configFile := c.configFlag()
	prune := c.flags.Bool("prune", false, "remove who and what the file does not name; action logs stay")
	dryRun := c.flags.Bool("dry-run", false, "only say what would change")
	if err := c.parse("FILE"); err != nil {
		return err
	}
	cfg, err := c.loadConfig(configFile)
	if err != nil {
		return err
	}
	name := c.positional[0]
	data, err := c.readRoster(name)
	if err != nil {
		return err
	}
	there, err := hasData(cfg.DataDir)
	if err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	if !there { // then a file with mistakes, and a dry run, make none
		o := control.Options{Region: cfg.DefaultRegion, Field: cfg.Auth.Field}
		out, made, err := control.Plan(&chat.Roster{}, o, data, *prune)
		if err != nil {
			return err
		}
		if made == nil || *dryRun {
			return c.tellImport(name, out, *dryRun)
		}
	}
	return c.withData(cfg, false, func(client *control.Client) error {
		out, err := client.Import(c.ctx, data, *prune, *dryRun)
		if err != nil {
			return err
		}
		return c.tellImport(name, out, *dryRun)
	})
}

// readRoster reads the file called name; - is standard input.
func (c *verbCall) readRoster(name string) ([]byte, error) {
	in := c.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, control.MaxRoster+1))
	if err == nil && len(data) > control.MaxRoster {
		err = fmt.Errorf("%s: is larger than %d MiB", name, control.MaxRoster>>20)
	}
	return data, err
}

// tellImport prints what an import did. The error is for a file with mistakes.
func (c *verbCall) tellImport(name string, out control.Imported, dryRun bool) error {
	if len(out.Problems) > 0 {
		for _, p := range out.Problems {
			fmt.Fprintf(c.stderr, "%s: %s\n", name, p)
		}
		return errors.New("nothing was changed")
	}
	for _, change := range out.Changes {
		fmt.Fprintln(c.stdout, change)
	}
	people, sessions := counted(out.People, "person", "people"), counted(out.Sessions, "therapy session", "therapy sessions")
	changes := counted(len(out.Changes), "change", "changes")
	if dryRun {
		fmt.Fprintf(c.stdout, "%s would be made; the roster would have %s and %s\n", changes, people, sessions)
	} else {
		fmt.Fprintf(c.stdout, "%s; the roster has %s and %s\n", changes, people, sessions)
	}
	return nil
}

// counted is how many there are of something.
func counted[N int | uint64](n N, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// runCheck is the verb check.
func runCheck(c *verbCall) error {
	configFile := c.configFlag()
	headFile := c.flags.String("head", "", "a `file` that \"hearth audit head\" gave earlier: what was there then must be unchanged")
	if err := c.parse(); err != nil {
		return err
	}
	cfg, err := c.loadConfig(configFile)
	if err != nil {
		return err
	}
	var saved *os.File
	if *headFile != "" {
		if saved, err = os.Open(*headFile); err != nil {
			return err
		}
		defer saved.Close()
	}
	return c.withData(cfg, true, func(client *control.Client) error {
		check := client.Check
		if saved != nil {
			check = func(ctx context.Context) (control.Report, error) { return client.CheckHead(ctx, saved) }
		}
		r, err := check(c.ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "checked %s with %s, and %s\n", counted(r.Sessions, "therapy session", "therapy sessions"),
			counted(r.Actions, "action", "actions"), counted(r.Audit, "audit entry", "audit entries"))
		for _, p := range r.Problems {
			fmt.Fprintln(c.stderr, p)
		}
		if n := len(r.Problems); n > 0 {
			return fmt.Errorf("%s in %s", counted(n, "problem", "problems"), filepath.Join(cfg.DataDir, dataFile))
		}
		fmt.Fprintln(c.stdout, "all is well")
		if saved != nil {
			fmt.Fprintln(c.stdout, "what was there when the head was saved is unchanged")
		}
		return nil
	})
}
