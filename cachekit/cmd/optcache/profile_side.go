package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/bmadventure/optcache/cachekit"
)

// runSide is what the process of one side does: it sweeps until the time is over,
// writes the profiles and prints a sideRun.
func (c *profileCmd) runSide(e *env) error {
	config := withoutCaches
	if c.Side == "cached" {
		var err error
		if config, err = cachekit.ConfigFromEnv(); err != nil {
			return usageError{err}
		}
	}
	w, err := c.workload(e)
	if err != nil {
		return err
	}
	if _, _, err := w.run(e.ctx, config); err != nil { // the first reading from disk is not profiled
		return err
	}
	run, cpu, err := c.sample(e, w, config)
	if err != nil {
		return err
	}
	if err := writeWhole(profileFile(c.Out, "cpu", c.Side), cpu); err != nil {
		return err
	}
	heap, held, err := heapAfter(e, w, config)
	if err != nil {
		return err
	}
	if err := writeWhole(profileFile(c.Out, "heap", c.Side), heap); err != nil {
		return err
	}
	run.Peak, run.InUse = peakMemory(), held
	return writeJSON(e.stdout, "-", run)
}

// sample sweeps again and again, from cold caches, while the processor is sampled.
func (c *profileCmd) sample(e *env, w *workload, config cachekit.Config) (run sideRun, cpu []byte, err error) {
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		return run, nil, fmt.Errorf("sample the processor: %w", err)
	}
	start := time.Now()
	for run.Sweeps == 0 || time.Since(start) < c.For {
		if _, _, err = w.run(e.ctx, config); err != nil {
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
func heapAfter(e *env, w *workload, config cachekit.Config) (heap []byte, held int64, err error) {
	before := liveHeap()
	r, err := w.open(config)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	out, err := w.sweep(e.ctx, r)
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

// writeWhole writes a file that appears whole or not at all.
func writeWhole(name string, data []byte) error {
	return replaceFile(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
