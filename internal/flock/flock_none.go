//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package flock

import "os"

// Shared does nothing: where there is no flock nothing keeps another process from
// deleting what this one reads.
func Shared(*os.File) error { return nil }

// TryAlone reports true.
func TryAlone(*os.File) (bool, error) { return true, nil }
