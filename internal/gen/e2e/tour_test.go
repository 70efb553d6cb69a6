package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tour is the section of the README that the test runs.
const tour = "## Five minutes"

// fewSums is how many lines go.sum has at the end of the tour, at most, as it says.
const fewSums = 30

// A block is a fenced block of the README.
type block struct {
	line           int
	language, text string
}

// blocks returns the fenced blocks of the section whose heading begins with heading.
func blocks(readme, heading string) (found []block) {
	var open *block
	inside := false
	for i, line := range strings.Split(readme, "\n") {
		switch {
		case open != nil && line == "```":
			found = append(found, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case strings.HasPrefix(line, "## "):
			inside = strings.HasPrefix(line, heading)
		case inside && strings.HasPrefix(line, "```"):
			open = &block{line: i + 1, language: line[3:]}
		}
	}
	return found
}

// TestTour does what the README's tour says: it runs each block of commands, writes each
// block of Go code to the file that its first line names, and compares other blocks with
// what the commands before them printed.
func TestTour(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module of its own")
	}
	t.Parallel()
	found := blocks(readFile(t, filepath.Join(root(t), "README.md")), tour)
	if len(found) == 0 {
		t.Fatalf("the README has no section %q with blocks", tour)
	}
	r := tourist{dir: t.TempDir(), env: tourEnv(t)}
	proofs := 0
	for _, b := range found {
		if err := r.follow(t, b); err != nil {
			t.Fatalf("README.md:%d: %v", b.line, err)
		}
		if b.language == "" && strings.Contains(b.text, "ok  ") {
			proofs++
		}
	}
	if proofs == 0 {
		t.Error("the tour does not end with a test that passes")
	}
	if sums := strings.Count(readFile(t, filepath.Join(r.dir, "go.sum")), "\n"); sums > fewSums {
		t.Errorf("the tour leaves %d lines in go.sum, and promises at most %d", sums, fewSums)
	}
}

// tourEnv is the environment of the commands: the module comes from this checkout, its
// dependencies from the machine's module cache or, where that lacks them, from the
// machine's own proxy.
func tourEnv(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	machine := strings.Split(strings.TrimSpace(string(out)), "\n")
	proxies := []string{moduleProxy(t), fileURL(filepath.Join(machine[0], "cache", "download")), machine[1]}
	return append(os.Environ(),
		"GOPROXY="+strings.Join(proxies, ","),
		"GOMODCACHE="+t.TempDir(),
		"GOFLAGS=-modcacherw -trimpath", // so that the cache can be removed, and builds are found again
		"GOSUMDB=off", "GOWORK=off", "GOPRIVATE=", "GONOPROXY=",
	)
}

// A tourist follows the tour.
type tourist struct {
	dir     string
	env     []string
	printed string // by the last block of commands
}

func (r *tourist) follow(t *testing.T, b block) error {
	switch b.language {
	case "sh":
		return r.run(t, b.text)
	case "go":
		name, ok := strings.CutPrefix(strings.SplitN(b.text, "\n", 2)[0], "// ")
		if !ok || !strings.HasSuffix(name, ".go") {
			return fmt.Errorf("the block does not begin with the name of its file")
		}
		writeFile(t, filepath.Join(r.dir, name), b.text)
		return nil
	case "":
		if want, got := duration.ReplaceAllString(b.text, "TIME"), duration.ReplaceAllString(r.printed, "TIME"); want != got {
			return fmt.Errorf("the README says\n%sthe commands print\n%s", want, got)
		}
		return nil
	}
	return fmt.Errorf("a block of %q: neither sh, nor go, nor output", b.language)
}

var duration = regexp.MustCompile(`[0-9.]+m?s\b|\(cached\)`)

// run runs commands in the folder in which the ones before ended.
func (r *tourist) run(t *testing.T, commands string) error {
	end := filepath.Join(t.TempDir(), "end")
	cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", commands+"\npwd >'"+end+"'")
	cmd.Dir, cmd.Env = r.dir, append(r.env, "PWD="+r.dir)
	var printed, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &printed, &complaints
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s%s", err, printed.String(), complaints.String())
	}
	r.printed, r.dir = printed.String(), strings.TrimSpace(readFile(t, end))
	return nil
}

func TestBlocksAreThoseOfTheSection(t *testing.T) {
	got := blocks("```\na\n```\n## Other\n```sh\nb\n```\n## Five minutes, more\ntext\n```sh\nc\n## d\n```\n```go\n```\n### Sub\n```\ne\n```\n## End\n```\nf\n```\n", tour)
	want := []block{{10, "sh", "c\n## d\n"}, {14, "go", ""}, {17, "", "e\n"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}
