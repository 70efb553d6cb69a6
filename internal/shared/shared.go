// Package shared finds the real market data and traces that tests read where
// they are at hand: in a folder named shared beside the repository. They are no
// part of it, so the tests that read them are skipped elsewhere.
package shared

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of a file or folder in shared, such as
// Path(t, "market", "daily"). Where it does not exist it skips the test, or
// fails it if the variable OPTCACHE_SHARED is "required".
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !isFile(filepath.Join(root, "LICENSE")) { // nested modules have a go.mod of their own
		parent := filepath.Dir(root)
		if parent == root {
			t.Fatal("the test does not run inside the repository")
		}
		root = parent
	}
	path := filepath.Join(append([]string{root, "..", "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("OPTCACHE_SHARED") == "required" {
			t.Fatalf("OPTCACHE_SHARED is required: %v", err)
		}
		t.Skipf("no shared data beside the repository: %v", err)
	}
	return path
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
