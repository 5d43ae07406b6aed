// Package cmd is the command line: configuration, flags, verbs, wiring and
// signals. Start reading at [Main].
package cmd

import (
	"fmt"
	"io"
)

// Main runs the verb in args and returns the exit status: 0 success, 1
// failure, 2 wrong usage.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fmt.Fprintln(stderr, "hearth: no verb")
	return 2
}
