package command

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFilesOfTheREADME ingests the files of providers that the README shows, as it says, without a flag.
func TestFilesOfTheREADME(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	store, dir := t.TempDir(), t.TempDir()
	files := regexp.MustCompile("(?s)\n`([a-z]+/[^`]+)`.*?\n```csv\n(.*?)```\n").FindAllSubmatch(text, -1)
	if len(files) != 3 {
		t.Fatalf("%d files", len(files))
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(string(f[1])))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f[2], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) != 5 || strings.Join(words[:3], " ") != "optcache bundle ingest" || words[4] == "DIR" {
			continue
		}
		ran++
		out := succeed(t, store, "bundle", "ingest", words[3], filepath.Join(dir, words[4]))
		want := map[string]string{
			"apple": "1 asset, 3 daily bars", "microsoft": "1 asset, 3 daily bars", "bitcoin": "1 asset, 3 hour bars",
		}[words[3]]
		if want == "" || !strings.Contains(out, want) {
			t.Errorf("%s: %q is not in %s", line, want, out)
		}
	}
	if ran != 3 {
		t.Errorf("%d commands", ran)
	}
	if out := succeed(t, store, "bundle", "show", "bitcoin"); !strings.Contains(out, "BTCUSDT-1h ") {
		t.Error(out)
	}
}
