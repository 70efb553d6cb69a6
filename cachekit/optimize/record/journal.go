package record

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bmadventure/optcache/internal/wal"
)

// A Journal keeps the results of trials in a folder, so that a run that was
// killed goes on where it was, and one that is repeated runs no trial. A result is kept
// under what it follows from (the bars that were read, the strategy's name and parameters,
// the cost), so a trial that is equal to a recorded one is never run again,
// whatever run it belongs to. In a walk-forward a trial is one set of parameters over one
// window. Trials that failed are not recorded.
//
// Each result is on its way to the disk before its trial counts as done: a
// process that is killed loses the trials that were running. When the machine stops too, those
// of the last half minute or so may be lost, as the system's file cache is written. A
// Journal takes 117 bytes on the disk for each result, and about 75 in memory; a run that is begun
// takes as many on the disk as its [Identity] as JSON, some 30 for each asset.
//
// Its methods may be called concurrently, but for Close. One process at a time
// can have a folder's journal open, unless [Journal.Alone] says otherwise.
type Journal struct {
	taken atomic.Int64
	torn  int64

	mu      sync.Mutex
	log     *wal.Log      // appended to under mu
	places  map[Key]place // guarded by mu
	last    Identity      // of the run begun last; guarded by mu
	started bool          // by Begin or Resume; guarded by mu
}

// A place is where a result stands, and whether this process took or recorded it.
type place struct {
	at    int64
	bytes uint32 // of the payload
	kind  byte
	used  bool
}

// The journal's format: change the version when it changes.
const (
	journalName  = "journal"
	journalMagic = "optcache trial 2"

	kindRun = 1 // payload: the Identity as JSON
)

// Kinds of results, as the journal numbers them. What is recorded is the key and then the value.
const (
	KindMetrics     = 2 // of a backtest
	KindPerformance = 3 // over a window
	KindCurve       = 4 // the times and the equity over a window
)

// Open opens the journal in a folder; both are made if need be. What a
// crash left of a record that was not written whole is cut off, see [Journal.Torn]. It fails
// if the journal is damaged otherwise, and while another process has it open.
func Open(dir string) (*Journal, error) {
	fail := func(err error) (*Journal, error) { return nil, fmt.Errorf("open the journal: %w", err) }
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fail(err)
	}
	j := &Journal{places: make(map[Key]place)}
	log, err := wal.Open(filepath.Join(dir, journalName), journalMagic, j.visit)
	if err != nil {
		return fail(err)
	}
	j.log, j.torn = log, log.Torn()
	return j, nil
}

// visit notes a record that the journal begins with.
func (j *Journal) visit(at int64, kind byte, payload []byte) error {
	switch {
	case kind == kindRun:
		j.last = nil
		return json.Unmarshal(payload, &j.last)
	case kind >= KindMetrics && kind <= KindCurve && len(payload) > len(Key{}):
		j.places[Key(payload[:len(Key{})])] = place{at: at, bytes: uint32(len(payload)), kind: kind}
		return nil
	}
	return fmt.Errorf("a record of kind %d with %d bytes: the journal is of another version", kind, len(payload))
}

// Begin notes that a run begins, once if it is the same as the one before. What other runs
// recorded stays.
func (j *Journal) Begin(id Identity) error {
	payload, err := json.Marshal(id)
	if err != nil {
		return fmt.Errorf("begin a run: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.last != nil && j.last.equal(id) { // the same once more
		j.started = true
		return nil
	}
	if _, err := j.log.Append(wal.Record{Kind: kindRun, Payload: payload}); err != nil {
		return fmt.Errorf("begin a run: %w", err)
	}
	j.last, j.started = id, true
	return j.log.Sync()
}

// Resume goes on with the run that was begun last. It fails if that was another
// one, and says in what they differ.
func (j *Journal) Resume(id Identity) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.last == nil {
		return errors.New("resume a run: the folder has none: begin one")
	}
	if differences := j.last.differences(id); len(differences) > 0 {
		return fmt.Errorf("resume a run: the folder has another one:\n  %s\nrun it as it was, or begin a new one: what is equal is taken from the journal all the same", strings.Join(differences, "\n  "))
	}
	j.started = true
	return nil
}

// Last returns what was said of the run that was begun last, nil if there is none. It must not be
// changed.
func (j *Journal) Last() Identity {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Len returns the number of results that are recorded.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.places)
}

// Taken returns how many results were taken from the journal since it was opened,
// instead of running a trial.
func (j *Journal) Taken() int { return int(j.taken.Load()) }

// Alone reports whether other processes are kept from opening the journal. Where a system or a file system has
// no file locks they are not, and two that write to one journal damage it.
func (j *Journal) Alone() bool { return j.log.Alone() }

// Torn returns how many bytes of a record that was not written whole were cut off
// when the journal was opened.
func (j *Journal) Torn() int64 { return j.torn }

// Lookup returns what is recorded under a key; nil if that is nothing, or of another kind. It counts as
// taken. It is for who keeps results beside those that [optimize.Sweep] keeps by itself.
func (j *Journal) Lookup(kind byte, k Key) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p, ok := j.places[k]
	if !ok || p.kind != kind {
		return nil, nil
	}
	payload, err := j.log.ReadAt(p.at, int(p.bytes))
	if err != nil {
		return nil, KeepError{fmt.Errorf("read the journal: %w", err)}
	}
	if Key(payload[:len(k)]) != k {
		return nil, KeepError{fmt.Errorf("read the journal: another trial stands at byte %d of %s: it was changed while it was open: open it again", p.at, j.log.Path())}
	}
	if !p.used {
		p.used = true
		j.places[k] = p
	}
	j.taken.Add(1)
	return payload[len(k):], nil
}

// An Entry is what is to be recorded under a key.
type Entry struct {
	Key   Key
	Value []byte
}

// Record records entries of one kind. Those that are recorded already are not written again. It
// returns when they are on their way to the disk.
func (j *Journal) Record(kind byte, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	records := make([]wal.Record, 0, len(entries))
	j.mu.Lock()
	defer j.mu.Unlock()
	fresh := entries[:0:0]
	for _, f := range entries {
		bytes := uint32(len(f.Key) + len(f.Value))
		if p, ok := j.places[f.Key]; ok && p.kind == kind && p.bytes == bytes { // else it could not be taken
			p.used = true
			j.places[f.Key] = p
			continue
		}
		j.places[f.Key] = place{bytes: bytes, kind: kind, used: true}
		fresh = append(fresh, f)
		records = append(records, wal.Record{Kind: kind, Payload: append(f.Key[:len(f.Key):len(f.Key)], f.Value...)})
	}
	at, err := j.log.Append(records...)
	for _, f := range fresh {
		if err != nil {
			delete(j.places, f.Key)
			continue
		}
		p := j.places[f.Key]
		p.at = at
		j.places[f.Key] = p
		at += wal.Length(int(p.bytes))
	}
	if err != nil {
		return KeepError{fmt.Errorf("write the journal: %w: mend that, such as by freeing space on the disk, and run again with the same journal: it goes on from there", err)}
	}
	return nil
}

// Compact drops the results that this process neither took nor recorded, if they
// are more than half of the journal. It is called after a run that finished.
func (j *Journal) Compact() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all, used int64
	keep := make([]Key, 0, len(j.places))
	for k, p := range j.places {
		all += int64(p.bytes)
		if p.used {
			used += int64(p.bytes)
			keep = append(keep, k)
		}
	}
	if !j.started || 2*used >= all {
		return nil
	}
	slices.SortFunc(keep, func(a, b Key) int { return cmp.Compare(j.places[a].at, j.places[b].at) })
	places := make(map[Key]place, len(keep))
	err := j.log.Rewrite(func(add func(wal.Record) (int64, error)) error {
		payload, err := json.Marshal(j.last)
		if err != nil {
			return err
		}
		if _, err := add(wal.Record{Kind: kindRun, Payload: payload}); err != nil {
			return err
		}
		for _, k := range keep {
			p := j.places[k]
			payload, err := j.log.ReadAt(p.at, int(p.bytes))
			if err != nil {
				return err
			}
			if p.at, err = add(wal.Record{Kind: p.kind, Payload: payload}); err != nil {
				return err
			}
			places[k] = p
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("compact the journal: %w", err)
	}
	j.places = places
	return nil
}

// Close writes what was recorded to the disk and closes the journal.
func (j *Journal) Close() error {
	if err := j.log.Close(); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}
