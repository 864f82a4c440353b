package main

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is what the process has used of the processors, in the system as well.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // the arguments are right
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// forget has the system forget the content of a file that is on the disk.
func forget(file *os.File) error {
	return unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
}
