// Hearth is a real-time chat server for online group therapy.
package main

import (
	"os"

	"hearth/internal/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
