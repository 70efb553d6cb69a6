package optimize_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bmadventure/optcache/cachekit/internal/testbed"
	"github.com/bmadventure/optcache/cachekit/optimize"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
	"github.com/bmadventure/optcache/internal/wal"
)

// FuzzJournal opens whatever stands in the file of a journal, with one more record of any kind behind it, whole and with
// its checksum: that is refused with an error, or a sweep with it has the results of one without, and records what
// it found so that the next one runs nothing.
func FuzzJournal(f *testing.F) {
	v := journalView(f, 12)
	plan := crossings([]int{2, 3}, []int{7, 9}, 1)
	want, err := optimize.Sweep(f.Context(), v, plan, itself, optimize.Options{})
	if err != nil {
		f.Fatal(err)
	}
	dir := f.TempDir()
	j := testbed.OpenJournal(f, dir)
	if err := j.Begin(identity("run", "1")); err != nil {
		f.Fatal(err)
	}
	if _, err := optimize.Sweep(f.Context(), v, plan, itself, optimize.Options{Journal: j}); err != nil {
		f.Fatal(err)
	}
	j.Close()
	whole, err := os.ReadFile(filepath.Join(dir, "journal"))
	if err != nil {
		f.Fatal(err)
	}
	magic := string(whole[:16])
	for kind := range byte(6) {
		f.Add(whole, kind, []byte("[]"))
		f.Add(whole[:len(whole)-3], kind, make([]byte, 40))
		f.Add(whole[:16], kind, make([]byte, 104))
		f.Add([]byte(nil), kind, []byte(`[{"name":"version","value":"1","assets":{"A":"2"}}]`))
		var payloads [][]byte // of the last results, under each kind and too short
		log, err := wal.Open(filepath.Join(dir, "journal"), magic, func(_ int64, _ byte, payload []byte) error {
			payloads = append(payloads, append([]byte(nil), payload...))
			return nil
		})
		if err != nil {
			f.Fatal(err)
		}
		log.Close()
		last := payloads[len(payloads)-1]
		f.Add(whole, kind, last[:len(last)-1])
		f.Add(whole[:16], kind, last[:33])
	}
	f.Fuzz(func(t *testing.T, file []byte, kind byte, payload []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "journal")
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
		if log, err := wal.Open(path, magic, func(int64, byte, []byte) error { return nil }); err == nil {
			if _, err := log.Append(wal.Record{Kind: kind, Payload: payload}); err != nil {
				t.Fatal(err)
			}
			log.Close()
		}
		for round := range 2 {
			j, err := record.Open(dir)
			if err != nil {
				if round > 0 {
					t.Errorf("a journal that was written to is refused: %v", err)
				}
				return
			}
			if err := j.Resume(identity("run", "1")); err != nil {
				if err := j.Begin(identity("run", "1")); err != nil {
					t.Error(err)
				}
			}
			got, err := optimize.Sweep(t.Context(), v, plan, itself, optimize.Options{Workers: 1, Journal: j})
			if err != nil {
				t.Fatal(err)
			}
			if d := sameOutcomes(want, got); d != "" {
				t.Error(d)
			}
			if round > 0 && j.Taken() != len(plan) {
				t.Errorf("once more: %d of %d were taken", j.Taken(), len(plan))
			}
			if err := j.Compact(); err != nil {
				t.Error(err)
			}
			if err := j.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
