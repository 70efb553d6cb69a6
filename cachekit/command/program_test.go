package command

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/command/internal/build"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
)

// A userProgram is one that a user built from the package.
type userProgram struct{ file, store string }

// buildExample builds the package's example as a user would: in a module of its own, with the strategy in one file
// and the main function in another, from this checkout and without a network.
func buildExample(t *testing.T) userProgram {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	read := func(path ...string) string {
		text, err := os.ReadFile(filepath.Join(path...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	strategy, _, ok := strings.Cut(read("example_test.go"), "\n// The main function")
	if !ok {
		t.Fatal("example_test.go does not end with the main function")
	}
	own := "\t\"" + build.Module + "/cachekit/command\"\n"
	strategy = strings.Replace(strings.Replace(strategy, "package command_test", "package main", 1), own, "", 1)
	mainFile := mainInComment(read("command.go"))
	if lines := strings.Count(mainFile, "\n"); lines < 5 || lines > 15 {
		t.Errorf("main.go has %d lines, and at most 15 are promised", lines)
	}
	_, requires, ok := strings.Cut(read(root, "go.mod"), "\nrequire (")
	if !ok {
		t.Fatal("our go.mod has no require block")
	}
	requires, _, _ = strings.Cut(requires, "\ntool ")
	write("go.mod", "module example.com/dips\n\ngo 1.26.0\n\nrequire "+build.Module+" v0.0.0\n\n"+
		"replace "+build.Module+" => "+root+"\n\nrequire ("+requires)
	write("go.sum", read(root, "go.sum"))
	write("strategy.go", strategy)
	write("main.go", mainFile)

	p := userProgram{filepath.Join(dir, "dips"), filepath.Join(dir, "store")}
	if runtime.GOOS == "windows" {
		p.file += ".exe"
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", p.file, ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the example: %v\n%s", err, out)
	}
	return p
}

// mainInComment returns the program that the package comment shows.
func mainInComment(file string) string {
	var text strings.Builder
	for line := range strings.Lines(file) {
		code, ok := strings.CutPrefix(line, "//\t")
		switch {
		case ok && (text.Len() > 0 || code == "package main\n"):
			text.WriteString(code)
		case line == "//\n" && text.Len() > 0:
			text.WriteString("\n")
		case text.Len() > 0:
			return strings.TrimRight(text.String(), "\n") + "\n"
		}
	}
	return ""
}

// run runs a command line that must end with a status.
func (p userProgram) run(t *testing.T, status int, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), p.file, append(args, "--store="+p.store)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	if r.status != status {
		t.Fatalf("dips %s: want status %d, got %v", strings.Join(args, " "), status, r)
	}
	return r
}

// A program of two files, built outside of this module, has every command with a strategy of its own: one with an
// indicator of its own and with parameters of every kind.
func TestProgramWithAStrategyOfItsOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module of its own")
	}
	t.Parallel()
	p := buildExample(t)
	out := t.TempDir()
	bars := []string{"--strategy=dip", "--assets=5", "--bars=160", "--quiet"}
	own := func(args ...string) []string { return append(args, bars...) }
	swept, walked := filepath.Join(out, "sweep"), filepath.Join(out, "walk")
	const help = "    dip         window=5:20:5 depth=0.01:0.05:0.01 length=10:40:10 \"average=sma|ema\" \"filter=false|true\", " +
		"window < length\n"

	for _, c := range []struct {
		args   []string
		status int
		want   []string
	}{
		{own("sweep", "--trials=25", "--rounds=1"), console.ExitDone,
			[]string{"buy the dip", "25 trials", "identical: yes (", "without cache, with cache and on a naive path", "filter"}},
		{own("sweep", "--param=average=ema", "--param=filter=true", "--param=depth=any 0.01:0.1", "--search=bayes", "--trials=12",
			"--rounds=1"), console.ExitDone, []string{"identical: yes (", "true", "ema"}},
		{own("sweep", "--trials=25", "--out="+swept), console.ExitDone, []string{"identical: yes ("}},
		{own("sweep", "--param=no=1"), console.ExitUsage,
			[]string{`dips: --param "no=1": the strategy dip has no parameter "no"`}},
		{[]string{"sweep", "--strategy=momentum", "--assets=3", "--bars=80", "--trials=4", "--rounds=1", "--quiet"},
			console.ExitDone, []string{"identical: yes ("}},
		{[]string{"sweep", "--strategy=nosuch"}, console.ExitUsage,
			[]string{`dips: --strategy "nosuch": must be crossover, momentum, reversion, breakout or dip`}},
		{own("walkforward", "--train=60", "--trials=8", "--out="+walked), console.ExitDone, []string{"fold", "average"}},
		{[]string{"montecarlo", "--run=" + swept, "--samples=50", "--quiet"}, console.ExitDone,
			[]string{"buy the dip", "bootstrap", "sensitivity"}},
		{own("montecarlo", "--out="+swept), console.ExitUsage, []string{"it keeps a run of dips sweep"}},
		{[]string{"montecarlo", "--run=" + walked}, console.ExitUsage, []string{"is the run of dips walkforward"}},
		{[]string{"doctor", swept}, console.ExitDone, []string{"25 trials of dip/1", "derived series"}},
		{[]string{"doctor", walked}, console.ExitDone, []string{"dip/1 in each fold"}},
		{own("profile", "--trials=4", "--duration=10ms", "--out="+filepath.Join(out, "profile")), console.ExitDone,
			[]string{"buy the dip", "cpu-cached.pprof"}},
		{[]string{"bench", "--filter=^size$", "--runs=1", "--quiet"}, console.ExitDone,
			[]string{"optcache v0.0.0, replaced by", "memory of grouped bars"}},
		{[]string{"bundle", "diff", "synthetic-5x160-42", "ff", "ff"}, console.ExitUsage, []string{"see dips bundle show"}},
		{[]string{"--help"}, console.ExitDone, []string{"Usage: dips <command>", help}},
		{[]string{"sweep", "--help"}, console.ExitDone, []string{"Usage: dips sweep", "\n    dips sweep --data DIR", help}},
		{[]string{"walkforward", "--help"}, console.ExitDone, []string{"    dips walkforward --bundle us", help}},
		{[]string{"montecarlo", "--help"}, console.ExitDone, []string{"--out of dips sweep", help}},
		{[]string{"profile", "--help"}, console.ExitDone, []string{"as for dips sweep", help}},
	} {
		r := p.run(t, c.status, c.args...)
		for _, want := range c.want {
			if !strings.Contains(r.stdout+r.stderr, want) {
				t.Errorf("dips %s: %q is not in\n%v", strings.Join(c.args, " "), want, r)
			}
		}
		if named := otherName.FindString(r.stdout + r.stderr); named != "" {
			t.Errorf("dips %s: %q is not what the program is called:\n%v", strings.Join(c.args, " "), named, r)
		}
	}

	r := p.run(t, console.ExitDone, "--version")
	lines := strings.SplitAfter(r.stdout, "\n")
	if len(lines) != 4 || lines[0] != "example.com/dips (devel)\n" ||
		!strings.HasPrefix(lines[1], build.Module+" v0.0.0, replaced by ") || !strings.HasPrefix(lines[2], "go1.") {
		t.Errorf("--version: %v", r)
	}
	p.resumes(t, swept, own("sweep", "--trials=25", "--resume"))
}

// otherName finds a command line of a program of another name.
var otherName = regexp.MustCompile(`optcache (sweep|walkforward|montecarlo|bundle|doctor|bench|profile)\b`)

// resumes goes on with a sweep that is done and has lost its results: they come back from the journal, the same.
func (p userProgram) resumes(t *testing.T, dir string, args []string) {
	t.Helper()
	results := filepath.Join(dir, "results.csv")
	before, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(before), "trial,window,depth,length,average,filter,") {
		t.Errorf("the columns are not those of the strategy:\n%.200s", before)
	}
	if err := os.Remove(results); err != nil {
		t.Fatal(err)
	}
	p.run(t, console.ExitDone, append(args, "--out="+dir)...)
	after, err := os.ReadFile(results)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("%v, the results differ:\n%s\n%s", err, before, after)
	}
	var r rundir.Run
	err = output.ReadJSON(filepath.Join(dir, rundir.RunName), &r)
	if err != nil || r.Recorded != 25 || r.Ran != 0 || r.Strategy != "dip/1" {
		t.Errorf("%v: %d recorded, %d ran of %s", err, r.Recorded, r.Ran, r.Strategy)
	}
}
