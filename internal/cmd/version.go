package cmd

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the release's linker flags.
var version = "devel"

func runVersion(c *verbCall) error {
	if err := c.parse(); err != nil {
		return err
	}
	commit, changed := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = " (with changes)"
			}
		}
	}
	fmt.Fprintf(c.stdout, "hearth %s\ncommit %s%s\n%s\n", version, commit, changed, runtime.Version())
	return nil
}
