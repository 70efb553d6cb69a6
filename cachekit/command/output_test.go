package command

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/command/internal/bench"
	"github.com/bmadventure/optcache/cachekit/command/internal/bundles"
	"github.com/bmadventure/optcache/cachekit/command/internal/doctor"
	"github.com/bmadventure/optcache/cachekit/command/internal/montecarlo"
	"github.com/bmadventure/optcache/cachekit/command/internal/profile"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
	"github.com/bmadventure/optcache/cachekit/command/internal/sweep"
	"github.com/bmadventure/optcache/cachekit/command/internal/walkforward"
)

// Every member of what the commands write for programs is told of in OUTPUT.md.
func TestOutputIsDocumented(t *testing.T) {
	raw, err := os.ReadFile("OUTPUT.md")
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]bool)
	for i, word := range strings.Split(string(raw), "`") {
		told[word] = told[word] || i%2 == 1
	}
	seen := make(map[reflect.Type]bool)
	var missing []string
	var look func(reflect.Type)
	look = func(r reflect.Type) {
		switch {
		case seen[r]:
			return
		case r.Kind() == reflect.Struct:
			seen[r] = true
		case slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array}, r.Kind()):
			look(r.Elem())
			return
		default:
			return
		}
		for f := range r.Fields() {
			tag, written := f.Tag.Lookup("json")
			name, _, _ := strings.Cut(tag, ",")
			switch {
			case f.Anonymous && !written:
				look(f.Type)
			case written && name != "-":
				if !told[name] {
					missing = append(missing, r.Name()+"."+name)
				}
				look(f.Type)
			}
		}
	}
	for _, v := range []any{sweep.Report{}, walkforward.Report{}, montecarlo.Report{}, rundir.Run{}, doctor.Diagnosis{}, profile.Report{}, bench.Report{}, bundles.IngestReport{}, bundles.InfoReport{}, bundles.ShowReport{}, bundles.DiffReport{}} {
		look(reflect.TypeOf(v))
	}
	if len(seen) < 20 {
		t.Errorf("only %d types were found", len(seen))
	}
	for _, name := range missing {
		t.Errorf("OUTPUT.md does not tell of %s", name)
	}
}

// What an ingest writes for programs is in words, and its lists are never null.
func TestIngestJSON(t *testing.T) {
	store, data := t.TempDir(), t.TempDir()
	writeBars(t, data, []string{"A"}, 9)
	write(t, data, "README", "no bars")
	var versions []string
	for range 2 {
		out := succeed(t, store, "bundle", "ingest", "b", data, "--json")
		var got bundles.IngestReport
		if err := json.Unmarshal([]byte(out), &got); err != nil || strings.Contains(out, "null") {
			t.Fatalf("%s: %v", out, err)
		}
		versions = append(versions, got.Version)
		if len(got.Understood) != 1 || got.Understood[0].Format != "CSV" || got.Understood[0].TimeZone != "none" || got.Understood[0].Bars != 9 {
			t.Errorf("%+v", got.Understood)
		}
		got.Understood = nil
		got.Version, got.Previous = "", strings.ReplaceAll(got.Previous, versions[0], "the first")
		want := bundles.IngestReport{
			New: len(versions) == 1, Name: "b", Frequency: "daily", Fields: []string{"open", "high", "low", "close", "volume"},
			TimeZone: "UTC", Assets: 1, Bars: 9, Longest: 9, Files: 1, SkippedAssets: []string{}, IgnoredColumns: []string{}, IgnoredFiles: []string{"README"},
		}
		if len(versions) > 1 {
			want.Previous = "the first"
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		writeBars(t, data, []string{"A"}, 9)
	}
}
