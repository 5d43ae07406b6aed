package cmd

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"hearth/api/control"
	"hearth/hub/chat"
)

// runErase is the verb erase.
func runErase(c *verbCall) error {
	configFile := c.configFlag()
	person := c.flags.String("participant", "", "all that this person wrote (`P_ID`), in every therapy session, and the notices that they came or went")
	session := c.flags.String("session", "", "all that was written in this therapy session (`TS_ID`)")
	action := c.flags.String("action", "", "one action (`TS_ID/ID`)")
	if err := c.parse(); err != nil {
		return err
	}
	e, err := erasure(*person, *session, *action)
	if err != nil {
		return err
	}
	cfg, err := c.loadConfig(configFile)
	if err != nil {
		return err
	}
	return c.withData(cfg, true, func(client *control.Client) error {
		out, err := client.Erase(c.ctx, e)
		if err != nil {
			return err
		}
		c.tellErased(out)
		kept, _ := filepath.Glob(filepath.Join(cfg.DataDir, dataFile+replacedSuffix+"*"))
		for _, file := range kept {
			fmt.Fprintf(c.stdout, "%s, kept by a restore, may still hold it: remove it\n", file)
		}
		return nil
	})
}

// erasure reads the flags, of which there must be one.
func erasure(person, session, action string) (e control.Erasure, err error) {
	given := 0
	for _, v := range []string{person, session, action} {
		if v != "" {
			given++
		}
	}
	if given != 1 {
		return e, usageError{"say what to erase: one of --participant, --session and --action"}
	}
	if action == "" {
		return control.Erasure{Person: chat.PID(person), Session: chat.TSID(session)}, nil
	}
	ts, id, ok := strings.Cut(action, "/")
	n, err := strconv.ParseUint(id, 10, 64)
	if !ok || err != nil || ts == "" || n == 0 {
		return e, usageError{"--action must be like TS1/42"}
	}
	return control.Erasure{Session: chat.TSID(ts), Action: chat.ActionID(n)}, nil
}

// tellErased says what is gone, and where it may still be.
func (c *verbCall) tellErased(out control.Erased) {
	if out.Actions == 0 {
		fmt.Fprintln(c.stdout, "there was nothing to erase")
	} else {
		fmt.Fprintf(c.stdout, "erased the text of %s, and %s; the data file was written anew without them\n",
			counted(out.Actions, "action", "actions"), counted(out.Histories, "keystroke history", "keystroke histories"))
		if out.Backups == 0 {
			fmt.Fprintf(c.stdout, "no backup is noted since the first of them (%s)\n", moment(out.Oldest))
		} else {
			fmt.Fprintf(c.stdout, "backups made since %s may still hold it: %s noted, the newest of %s\n", moment(out.Oldest),
				counted(out.Backups, "is", "are"), moment(out.Newest))
			fmt.Fprintln(c.stdout, "restoring one of them erases it again, as long as the data that it replaces is there")
		}
		fmt.Fprintln(c.stderr, "Exports, copies of the disk, and what others quoted or answered may hold it, too.")
	}
	if out.InRoster {
		fmt.Fprintln(c.stderr, "Name and phone are still in the roster: take them out of the file, and import it with --prune.")
	}
}
