package bench_test

import (
	"os"
	"slices"
	"testing"

	"github.com/bmadventure/optcache/cachekit/command"
)

// Sweeps are measured in processes of their own: of this program, which is the test's here.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args[1:], "bench") {
		command.Main()
	}
	os.Exit(m.Run())
}
