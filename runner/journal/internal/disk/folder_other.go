//go:build !windows

package disk

import "os"

func syncFolder(self *os.File) error { return self.Sync() }
