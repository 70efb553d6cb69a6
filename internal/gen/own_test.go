package gen

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwnCodeIsFresh runs the generator as the //go:generate lines of this
// repository do, and fails if the code on disk is not what it gives.
func TestOwnCodeIsFresh(t *testing.T) {
	runs := 0
	for _, file := range []string{
		filepath.Join("..", "..", "cachekit", "market", "market.go"),
		filepath.Join("..", "..", "generated", "internal", "sample", "sample.go"),
	} {
		for _, o := range generateLines(t, file) {
			runs++
			result, err := Generate(context.Background(), o)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			diff, err := result.Diff()
			if err != nil || diff != "" {
				t.Errorf("stale: run go generate in %s: %v\n%s", o.Dir, err, diff)
			}
		}
	}
	if runs < 3 {
		t.Errorf("only %d //go:generate lines", runs)
	}
}

// generateLines returns what the //go:generate lines of a file ask for.
func generateLines(t *testing.T, file string) (all []Options) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		line, ok := strings.CutPrefix(s.Text(), "//go:generate ")
		if !ok {
			continue
		}
		o := Options{Dir: filepath.Dir(file)}
		_, args, _ := strings.Cut(line, "gen ")
		words := strings.Fields(args)
		for i := 0; i+1 < len(words); i += 2 {
			switch words[i] {
			case "-type":
				o.Types = strings.Split(words[i+1], ",")
			case "-o":
				o.Output = words[i+1]
			default:
				t.Fatalf("%s: unknown flag %s", file, words[i])
			}
		}
		all = append(all, o)
	}
	return all
}

// BenchmarkOwnCode generates all of this repository's code, with a warm build cache.
func BenchmarkOwnCode(b *testing.B) {
	for b.Loop() {
		for _, of := range []string{"ListKey -o ../../generated/assets/assets.go", "Bar -o ../../generated/bars/bars.go"} {
			name, out, _ := strings.Cut(of, " -o ")
			if _, err := Generate(context.Background(), Options{Dir: filepath.Join("..", "..", "cachekit", "market"), Types: []string{name}, Output: out}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
