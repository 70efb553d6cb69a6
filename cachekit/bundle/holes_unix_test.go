//go:build unix

package bundle

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
)

// Hole 12: a pool that holds its lock while it opens a version makes everyone wait
// for the slowest disk. Here one version's manifest is a pipe that gives nothing:
// whoever opens it waits, and the others must not.
func TestH12ASlowBundleHindersNobody(t *testing.T) {
	s, fast := written(t, market.Daily, small())
	r, err := s.Write(t.Context(), "slow", market.Daily, walk(1, 5))
	if err != nil {
		t.Fatal(err)
	}
	manifest := s.versionPath("slow", r.Version, manifestFile)
	if err := os.Remove(manifest); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(manifest, 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	p := NewPool(s, 4)
	defer p.Close()
	opened := make(chan error)
	go func() {
		_, err := p.Open("slow", r.Version)
		opened <- err
	}()
	pipe, err := os.OpenFile(manifest, os.O_WRONLY, 0) // returns when the pool reads
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		b, err := p.Open("b", fast)
		if err == nil {
			err = b.Close()
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody gets a bundle while another one is opened")
	}
	if err := pipe.Close(); err != nil {
		t.Error(err)
	}
	if err := <-opened; err == nil {
		t.Error("an empty manifest is taken")
	}
}
