package cmd

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// clockSynchronised asks the kernel whether anything keeps the clock right
// (adjtimex(2): state TIME_ERROR, status STA_UNSYNC).
func clockSynchronised() (bool, error) {
	const timeError, unsynchronised = 5, 0x40
	var t syscall.Timex
	state, err := syscall.Adjtimex(&t)
	return state != timeError && t.Status&unsynchronised == 0, err
}

// roomIn is how many bytes can be written in dir.
func roomIn(dir string) (uint64, error) {
	var s syscall.Statfs_t
	err := syscall.Statfs(dir, &s)
	return s.Bavail * uint64(s.Bsize), err
}

// hasOpen reports whether this process has a file open (proc(5), /proc/pid/fd).
func hasOpen(file fs.FileInfo) (bool, error) {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && os.SameFile(info, file) {
			return true, nil
		}
	}
	return false, nil
}
