package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bmadventure/optcache/cachekit/command/internal/bundles"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
)

// What was current when is shown, decides what gc keeps, and is told of when it is damaged.
func TestBundleHistory(t *testing.T) {
	store, data := t.TempDir(), t.TempDir()
	var versions []string
	for _, days := range []int{7, 8, 7, 9} {
		writeBars(t, data, []string{"A"}, days)
		var r bundles.IngestReport
		if err := json.Unmarshal([]byte(succeed(t, store, "bundle", "ingest", "b", data, "--replace", "--json")), &r); err != nil {
			t.Fatal(err)
		}
		versions = append(versions, r.Version)
	}
	show := func() (r bundles.ShowReport) {
		t.Helper()
		if err := json.Unmarshal([]byte(succeed(t, store, "bundle", "show", "b", "--json")), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := show()
	var was []string
	for i, c := range r.History {
		was = append([]string{c.Version}, was...)
		if since := time.Since(c.Since); since < 0 || since > time.Hour || i > 0 && c.Since.After(r.History[i-1].Since) {
			t.Errorf("change %d was at %s", i, c.Since)
		}
	}
	if fmt.Sprint(was) != fmt.Sprint(versions) || r.HistoryError != "" {
		t.Errorf("the history is %v, want %v; %s", was, versions, r.HistoryError)
	}
	out := succeed(t, store, "bundle", "show", "b")
	_, shown, _ := strings.Cut(out, "current since (UTC)")
	for i := len(versions) - 1; i >= 0; i-- {
		var ok bool
		if _, shown, ok = strings.Cut(shown, versions[i][:12]); !ok {
			t.Errorf("version %d is not shown in its place: %s", i, out)
		}
	}
	succeed(t, store, "bundle", "gc", "b", "--keep=1")
	if r := show(); len(r.Versions) != 2 || r.Versions[0].Version != versions[3] || r.Versions[1].Version != versions[0] {
		t.Errorf("gc leaves %+v", r.Versions)
	}

	path := filepath.Join(store, "b", "history")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Dir(path), "history", "torn")
	r = show()
	if len(r.History) != 1 || r.History[0].Version != versions[3] || !strings.Contains(r.HistoryError, path) {
		t.Errorf("a damaged history: %+v, %q", r.History, r.HistoryError)
	}
	if out := succeed(t, store, "bundle", "show", "b"); !strings.Contains(out, path) {
		t.Errorf("a damaged history: %s", out)
	}
	v := command(t, store, "bundle", "verify", "b")
	if v.status != console.ExitUsage || !strings.Contains(v.stderr, path) || !strings.Contains(v.stdout, "as it was written") {
		t.Errorf("a damaged history: %v", v)
	}
	succeed(t, store, "bundle", "ingest", "b", data)
	succeed(t, store, "bundle", "verify", "b")
}
