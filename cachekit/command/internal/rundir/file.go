package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
)

// A File is what doctor reads of the file run.json in the folder of a run.
type File struct {
	Format  int       `json:"format"`
	Command string    `json:"command"`
	Args    []string  `json:"args"`
	State   string    `json:"state"` // running, done, different, interrupted, failed
	Started time.Time `json:"started"`
	TookNS  int64     `json:"took_ns"`
	Store   string    `json:"store"`
	Bundle  struct {
		Name     string `json:"name"`
		Version  string `json:"version"`
		Previous string `json:"previous"` // empty: none
		Assets   int    `json:"assets"`
		AllBars  int64  `json:"all_bars"`
	} `json:"bundle"`
	Bars       *output.Bundle `json:"bars,omitempty"` // what was read; nil: nothing yet
	Strategy   string         `json:"strategy"`
	Trials     int            `json:"trials"`
	Ran        int            `json:"ran"`      // backtests of this call
	Recorded   int            `json:"recorded"` // taken from the journal
	Failed     int            `json:"failed"`
	Errors     []string       `json:"errors"`
	Verified   *Verified      `json:"verified"`
	Workers    int            `json:"workers"`
	GOMAXPROCS int            `json:"gomaxprocs"`
	PeakBytes  int64          `json:"peak_bytes"`
	Config     Config         `json:"config"`
	Caches     []Cache        `json:"caches"`
}

// check refuses what no run can have.
func (r *File) check() error {
	for _, v := range []string{r.Bundle.Version, r.Bundle.Previous} {
		if v == "" {
			continue
		}
		if _, err := bundle.ParseVersion(v); err != nil {
			return err
		}
	}
	for _, n := range []struct {
		name  string
		value int64
	}{{"trials", int64(r.Trials)}, {"failed", int64(r.Failed)}, {"workers", int64(r.Workers)}, {"took_ns", r.TookNS}} {
		if n.value < 0 {
			return fmt.Errorf("%s is %d", n.name, n.value)
		}
	}
	for _, c := range r.Caches {
		if c.Name == "" || c.Entries < 0 || c.Bytes < 0 || c.Budget < 0 || c.Used < 0 || c.LoadNS < 0 {
			return fmt.Errorf("the statistics of cache %q have no name or a number below 0", c.Name)
		}
	}
	return nil
}

// A Verified says how many trials were compared bit for bit, and how that ended.
type Verified struct {
	Trials    int  `json:"trials"`
	Identical bool `json:"identical"`
}

// A Config is the configuration of the caches in a run.
type Config struct {
	CacheSizeGB float64 `json:"cache_size_gb"`
	Caching     bool    `json:"caching"`
	LRUMaxSize  int     `json:"lru_maxsize"`
	Pooling     bool    `json:"pooling"`
	Policy      string  `json:"policy"`
}

// A Cache is the statistics of one cache in a run.
type Cache struct {
	Name       string    `json:"name"`
	Hits       uint64    `json:"hits"`
	Misses     uint64    `json:"misses"`
	Loads      uint64    `json:"loads"`
	LoadErrors uint64    `json:"load_errors"`
	LoadNS     int64     `json:"load_ns"`
	Evictions  Evictions `json:"evictions"`
	Refused    uint64    `json:"refused"`
	Uncached   uint64    `json:"uncached"`
	Entries    int       `json:"entries"`
	Bytes      int64     `json:"bytes"`
	Pinned     int64     `json:"pinned"`
	Budget     int64     `json:"budget"`
	Used       int64     `json:"used"`
}

// Stats returns them as the cache tells them.
func (c Cache) Stats() cachekit.Stats {
	return cachekit.Stats{
		Name: c.Name, Hits: c.Hits, Misses: c.Misses, Loads: c.Loads, LoadErrors: c.LoadErrors, TotalLoadTime: time.Duration(c.LoadNS),
		Evictions: cachekit.Evictions(c.Evictions), Refused: c.Refused, Uncached: c.Uncached,
		Entries: c.Entries, Bytes: c.Bytes, Pinned: c.Pinned, Budget: c.Budget, Used: c.Used,
	}
}

// Evictions are [cachekit.Evictions] in the shape of their JSON.
type Evictions struct {
	Capacity uint64 `json:"room"`
	Replaced uint64 `json:"replaced"`
	Deleted  uint64 `json:"deleted"`
	Cleared  uint64 `json:"cleared"`
	Retired  uint64 `json:"retired"`
	Expired  uint64 `json:"expired"`
}

// runFormat is the format of run.json that this command reads.
const runFormat = 1

// ReadRunFile reads the file run.json of a folder. Its errors say what to do.
func ReadRunFile(dir string) (*File, error) {
	name := filepath.Join(dir, RunName)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if _, e := os.Stat(dir); e != nil {
			return nil, fmt.Errorf("read the run %s: there is no such folder: give the one that --out named", dir)
		}
		return nil, fmt.Errorf("read the run %s: it has no run.json, so it is no folder of a run: give one that --out named", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read the run %s: %w: give a folder that --out named", dir, err)
	}
	r, err := ParseRunFile(name, text)
	if err == nil {
		r.State = stateOf(dir, r.State)
	}
	return r, err
}

// stateOf returns the state of a run, given what its file says: of one whose process was killed that still
// says running.
func stateOf(dir, state string) string {
	if state == StateRunning && gone(dir) {
		return StateInterrupted
	}
	return state
}

// Read reads all of the file run.json of a folder.
func Read(dir string) (*Run, error) {
	if _, err := ReadRunFile(dir); err != nil { // its checks
		return nil, err
	}
	r := new(Run)
	err := output.ReadJSON(filepath.Join(dir, RunName), r)
	r.State = stateOf(dir, r.State)
	return r, err
}

// ParseRunFile reads what was in the file of that name.
func ParseRunFile(name string, text []byte) (*File, error) {
	r := new(File)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read %s: it is damaged%s: %w: run the command again with --out and --resume, which writes it anew", name, offsetOf(err), err)
	}
	if r.Format != runFormat {
		return nil, fmt.Errorf("read %s: it has format %d, and this command reads format %d: use the version of optcache that wrote it", name, r.Format, runFormat)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("read %s: it is damaged: %w: run the command again with --out and --resume, which writes it anew", name, err)
	}
	return r, nil
}

// offsetOf tells where JSON stops to make sense, if that is known.
func offsetOf(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf(" at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf(" at byte %d", kind.Offset)
	}
	return ""
}
