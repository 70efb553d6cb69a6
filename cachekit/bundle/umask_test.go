//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package bundle

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bmadventure/optcache/cachekit/market"
)

// childTwice makes a version and another, and ends before the folder of a third is in its place, so that the
// store has all that there can be in one.
func childTwice(dir string, _ []string) error {
	s, err := OpenStore(dir)
	if err != nil {
		return err
	}
	for _, series := range [][]Series{small(), newer()} {
		if _, err := s.Write(context.Background(), "b", market.Daily, series); err != nil {
			return err
		}
	}
	s.step = func(step string) error {
		if step == "move version in" {
			os.Exit(0)
		}
		return nil
	}
	_, err = s.Write(context.Background(), "b", market.Daily, walk(1, 5))
	return err
}

// What others may do with a store is what the umask of its writer leaves them: nothing is opened to them again.
func TestUmaskHolds(t *testing.T) {
	for umask, want := range map[string]struct{ file, folder fs.FileMode }{
		"022": {0o444, 0o755}, "077": {0o400, 0o700}, "027": {0o440, 0o750},
	} {
		dir := filepath.Join(t.TempDir(), "store")
		c := exec.Command("sh", "-c", `umask `+umask+`; exec "$0" "$@"`, os.Args[0], dir)
		c.Env = append(os.Environ(), childVariable+"=twice")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s, %v", out, err)
		}
		kinds := map[string]int{}
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			kind, mode := "file", want.file
			if e.IsDir() {
				kind, mode = "folder", want.folder
			}
			if isTemp(e.Name()) {
				kind = "temporary " + kind
			}
			kinds[kind]++
			if info.Mode().Perm() != mode {
				t.Errorf("umask %s: %s is %v, want %v", umask, path, info.Mode(), mode)
			}
			return nil
		})
		if err != nil || kinds["temporary folder"] != 1 || kinds["folder"] != 5 || kinds["file"] < 10 {
			t.Errorf("umask %s: %v, %v", umask, kinds, err)
		}
	}
}
