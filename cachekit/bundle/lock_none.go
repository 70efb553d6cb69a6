//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package bundle

import "os"

// Where there is no flock nothing keeps [Store.GC] and [Store.Remove] from
// deleting what another process reads: that process then gets an error.

func lockShared(*os.File) error { return nil }

func tryLockAlone(*os.File) (bool, error) { return true, nil }
