package profile

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/proc"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
)

// runSide is what the process of one side does: it sweeps until the time is over,
// writes the profiles and prints a sideRun.
func (c *Cmd) runSide(e *console.Env, s *subject) error {
	config := trials.Uncached
	if c.Side == "cached" {
		var err error
		if config, err = cachekit.ConfigFromEnv(); err != nil {
			return console.Usage(err)
		}
	}
	if err := s.run(config); err != nil { // the first reading from disk is not profiled
		return err
	}
	run, cpu, err := c.sample(s, config)
	if err != nil {
		return err
	}
	if err := output.WriteWhole(profileFile(c.Out, "cpu", c.Side), cpu); err != nil {
		return err
	}
	heap, held, err := heapAfter(s, config)
	if err != nil {
		return err
	}
	if err := output.WriteWhole(profileFile(c.Out, "heap", c.Side), heap); err != nil {
		return err
	}
	run.Peak, run.InUse = proc.PeakMemory(), held
	return output.WriteJSON(e.Stdout, "-", run)
}

// sample sweeps again and again, from cold caches, while the processor is sampled.
func (c *Cmd) sample(s *subject, config cachekit.Config) (run sideRun, cpu []byte, err error) {
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		return run, nil, fmt.Errorf("sample the processor: %w", err)
	}
	start := time.Now()
	for run.Sweeps == 0 || time.Since(start) < c.For {
		if err = s.run(config); err != nil {
			break
		}
		run.Sweeps++
	}
	run.Seconds = time.Since(start).Seconds()
	pprof.StopCPUProfile()
	return run, profile.Bytes(), err
}

// heapAfter sweeps once more and returns the profile of the heap while the caches
// are full, with all that was allocated since the process began, and by how many bytes of live objects
// the sweep made the heap larger: the profile knows that of large objects and of some others alone.
func heapAfter(s *subject, config cachekit.Config) (heap []byte, held int64, err error) {
	before := liveHeap()
	d, err := s.open(config)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	out, err := s.sweep(d)
	if err != nil {
		return nil, 0, err
	}
	held = max(0, liveHeap()-before)
	var profile bytes.Buffer
	err = pprof.Lookup("heap").WriteTo(&profile, 0)
	runtime.KeepAlive(out)
	return profile.Bytes(), held, err
}

// liveHeap returns the bytes of all objects that a collection leaves.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
