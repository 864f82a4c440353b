//go:build !linux

package durablework

import "os"

func datasync(f *os.File) error { return f.Sync() }
