//go:build unix

package command

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/rundir"
)

// Small runs of the commands that keep what they did.
var keepers = map[string][]string{
	"sweep":       keeper("sweep", "--rounds=1", "--no-compare"),
	"walkforward": keeper("walkforward", "--train=40", "--validate=10", "--test=15"),
	"montecarlo":  keeper("montecarlo", "--tests=bootstrap", "--samples=20"),
}

func keeper(name string, more ...string) []string {
	return append([]string{name, "--assets=2", "--bars=100", "--trials=4", "--fast=2:8", "--slow=10:16"}, more...)
}

// child runs a command in a process of its own, whose descriptors from 3 on are files.
func child(t *testing.T, store string, stdout *os.File, files []*os.File, args ...string) result {
	t.Helper()
	c := exec.Command(os.Args[0], append(slices.Clone(args), "--store="+store)...)
	var out, text bytes.Buffer
	c.Stdout, c.Stderr, c.ExtraFiles = &out, &text, files
	if stdout != nil {
		c.Stdout = stdout
	}
	if err := c.Run(); err != nil && c.ProcessState.ExitCode() < 0 {
		t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), out.String(), text.String()}
}

// Where nothing can be written is told before any bars are read or made, and leaves nothing.
func TestTargetsAreCheckedBeforeTheRun(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "content")
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	files := map[string]string{
		at("no/r.json"): "there is no folder " + at("no") + ": make it",
		dir:             "name a file in it", at("loop"): "lead in a circle: mend them",
		at("file/r"): "not a directory", "/dev/fd/987": "open it in the shell", "/sys/r.json": "make the folder writable",
	}
	folders := map[string]string{
		at("file"): "is no folder: move it away", at("file/x"): "is no folder", at("loop/x"): "mend that",
		"/sys/x": "make the folder writable",
	}
	refused := func(flag string, targets map[string]string, args []string) {
		for path, want := range targets {
			if _, err := os.Stat("/sys"); err != nil && strings.HasPrefix(path, "/sys/") {
				continue
			}
			store := t.TempDir()
			r := command(t, store, append(slices.Clone(args), flag+"="+path)...)
			told := strings.HasPrefix(r.stderr, "optcache: "+flag+" "+path+": ") && strings.Contains(r.stderr, want)
			if r.status != console.ExitUsage || r.stdout != "" || !told {
				t.Errorf("%s %s=%s, want %q: %v", args[0], flag, path, want, r)
			}
			if made, err := os.ReadDir(store); err != nil || len(made) > 0 {
				t.Errorf("%s %s=%s: bars were made first: %v, %v", args[0], flag, path, made, err)
			}
		}
	}
	for _, args := range keepers {
		refused("--json", files, args)
		refused("--out", folders, args)
	}
	refused("--out", folders, []string{"profile", "--assets=2", "--bars=60", "--trials=2", "--duration=1ms"})
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	refused("--out", files, []string{"bench", "--filter=^size$", "--runs=1"})
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 || string(read(t, dir, "file")) != "content" {
		t.Errorf("%v, %v", entries, err)
	}
}

// A report goes into the folder that --out makes, through links, and into a FIFO, which stays one.
func TestReportsThroughLinksAndFIFOs(t *testing.T) {
	for name, args := range keepers {
		t.Run(name, func(t *testing.T) {
			store, dir := t.TempDir(), t.TempDir()
			inside := filepath.Join(dir, "runs", "a", "report.json")
			succeed(t, store, append(slices.Clone(args), "--out="+filepath.Dir(inside), "--json="+inside)...)
			if !json.Valid(read(t, filepath.Dir(inside), "report.json")) {
				t.Error("no JSON in the folder of the run")
			}
			link, fifo := filepath.Join(dir, "link"), filepath.Join(dir, "fifo")
			if err := os.Symlink(inside, link); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Dir(inside), "report.json", "old")
			succeed(t, store, append(slices.Clone(args), "--json="+link)...)
			info, err := os.Lstat(link)
			if err != nil || info.Mode()&fs.ModeSymlink == 0 || !json.Valid(read(t, filepath.Dir(inside), "report.json")) {
				t.Errorf("the link became %v, %v", info, err)
			}
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			got := make(chan []byte, 1)
			go func() {
				f, err := os.Open(fifo)
				if err != nil {
					return
				}
				raw, _ := io.ReadAll(f)
				f.Close()
				got <- raw
			}()
			succeed(t, store, append(slices.Clone(args), "--json="+fifo)...)
			if info, err := os.Lstat(fifo); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
				t.Fatalf("the FIFO became %v, %v", info, err) // and no device is tried
			}
			if raw := <-got; !json.Valid(raw) {
				t.Errorf("the reader of the FIFO got %q", raw)
			}
			before, err := os.Stat(os.DevNull)
			if err != nil {
				t.Fatal(err)
			}
			succeed(t, store, append(slices.Clone(args), "--json="+os.DevNull)...)
			if after, err := os.Stat(os.DevNull); err != nil || !os.SameFile(before, after) || after.Mode() != before.Mode() {
				t.Errorf("%s became %v, %v", os.DevNull, after, err)
			}
			if _, err := os.Stat("/dev/full"); err == nil {
				r := command(t, store, append(slices.Clone(args), "--json=/dev/full")...)
				if r.status != console.ExitUsage || !strings.Contains(r.stderr, "write /dev/full: no space left on device") {
					t.Error(r)
				}
			}
		})
	}
}

// A report goes to a descriptor: into a pipe, to the offset of a file that others write too, into a file without a
// name.
func TestReportsToDescriptors(t *testing.T) {
	store, args := t.TempDir(), keepers["sweep"]
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("before\n"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file.Name()); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	piped := make(chan []byte)
	go func() {
		raw, _ := io.ReadAll(r)
		piped <- raw
	}()
	files := []*os.File{file, w, r}
	for _, name := range []string{"/dev/fd/3", "/proc/self/fd/4"} {
		got := child(t, store, nil, files, append(slices.Clone(args), "--json="+name)...)
		if got.status != console.ExitDone {
			t.Fatalf("%s: %v", name, got) // what replaces a name would replace /dev/stdout
		}
	}
	got := child(t, store, nil, files, append(slices.Clone(args), "--json=/dev/fd/5")...)
	if got.status != console.ExitUsage || !strings.Contains(got.stderr, "not open for writing") {
		t.Errorf("where it reads: %v", got)
	}
	w.Close()
	if raw := <-piped; !json.Valid(raw) {
		t.Errorf("the pipe had %q", raw)
	}
	got = child(t, store, file, nil, append(slices.Clone(args), "--json=/dev/stdout")...)
	if got.status != console.ExitDone {
		t.Error(got)
	}
	raw, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?s)^before\n\{.*\}\nbundle   synthetic.*best parameter sets.*\n\{.*\}\n$`).Match(raw) {
		t.Errorf("the file has %s", raw)
	}
}

// What is not written to the standard output is told once, by the status too, unless that tells of worse.
func TestFullStandardOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	store, data, runs := t.TempDir(), t.TempDir(), t.TempDir()
	writeBars(t, data, []string{"A"}, 60)
	run1, all := filepath.Join(runs, "1"), [][]string{{"--help"}, {"sweep", "--help"}}
	for _, args := range keepers {
		all = append(all, args, append(slices.Clone(args), "--json=-"))
	}
	all = append(all, [][]string{
		append(slices.Clone(keepers["sweep"]), "--out="+run1), {"doctor", run1}, {"doctor", run1, "--format=json"},
		{"bundle", "ingest", "b", data}, {"bundle", "ingest", "c", data, "--json"},
		{"bundle", "list"}, {"bundle", "list", "--json"},
		{"bundle", "show", "b"}, {"bundle", "verify", "b"}, {"bundle", "gc"}, {"bundle", "rm", "c"},
		{"profile", "--assets=2", "--bars=60", "--trials=2", "--duration=1ms", "--out=" + filepath.Join(runs, "p")},
		{"bench", "--filter=^size$", "--runs=1"},
	}...)
	const told = "optcache: write to the standard output: no space left on device\n"
	for _, args := range all {
		var stderr bytes.Buffer
		status := run(t.Context(), append(slices.Clone(args), "--store="+store, "--quiet"), full, &stderr)
		if status != console.ExitUsage || stderr.String() != told {
			t.Errorf("%v: status %d: %s", args, status, &stderr)
		}
	}
	if r, err := rundir.ReadRunFile(run1); err != nil || r.State != rundir.StateDone {
		t.Errorf("%+v, %v", r, err)
	}
	var stderr bytes.Buffer
	args := []string{"sweep", "--assets=2", "--bars=60", "--no-compare", "--strategy=broken",
		"--param=all=true", "--store=" + store, "--quiet"}
	if status := run(t.Context(), args, full, &stderr, Strategy[broken]("broken", "stone")); status != console.ExitFailed || stderr.String() != told {
		t.Errorf("trials that failed: status %d: %s", status, &stderr)
	}
}

// A reader of the standard output who leaves, as head does, ends the command without a word, but only when the
// files are written that were asked for.
func TestClosedStandardOutput(t *testing.T) {
	for name, args := range keepers {
		t.Run(name, func(t *testing.T) {
			store, dir := t.TempDir(), filepath.Join(t.TempDir(), "run")
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			defer w.Close()
			report := "--json=" + filepath.Join(dir, "report.json")
			got := child(t, store, w, nil, append(slices.Clone(args), "--quiet", "--out="+dir, report)...)
			if got.status != console.ExitClosed || got.stderr != "" {
				t.Error(got)
			}
			if after, err := rundir.ReadRunFile(dir); err != nil || after.State != rundir.StateDone {
				t.Errorf("%+v, %v", after, err)
			}
			if !json.Valid(read(t, dir, "report.json")) {
				t.Error("the report is no JSON")
			}
			for _, more := range [][]string{{"bundle", "list"}, {"bundle", "list", "--json"}, {"bundle", "--help"}} {
				if got := child(t, store, w, nil, more...); got.status != console.ExitClosed || got.stderr != "" {
					t.Errorf("%v: %v", more, got)
				}
			}
		})
	}
}

// What a killed writer left in the folder is gone after the next run there.
func TestLeftFilesAreRemoved(t *testing.T) {
	all := map[string][]string{"profile": {"profile", "--assets=2", "--bars=60", "--trials=2", "--duration=1ms"}}
	for name, args := range keepers {
		all[name] = args
	}
	all["compared"] = append(slices.Clone(keepers["sweep"]), "--compare")
	for name, args := range all {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, ".optcache-123", "half a fi")
			succeed(t, t.TempDir(), append(slices.Clone(args), "--out="+dir)...)
			if left, _ := filepath.Glob(filepath.Join(dir, ".optcache-*")); len(left) > 0 {
				t.Errorf("%v is left", left)
			}
		})
	}
}

// The umask says who may read what a run keeps, and a file that is replaced keeps the bits that it has.
func TestUmask(t *testing.T) {
	all := map[string][]string{"profile": {"profile", "--assets=2", "--bars=60", "--trials=2", "--duration=1ms"}}
	for name, args := range keepers {
		all[name] = args
	}
	for name, args := range all {
		t.Run(name, func(t *testing.T) {
			store, dir := t.TempDir(), filepath.Join(t.TempDir(), "run")
			under := func(umask string) {
				t.Helper()
				shell := []string{"-c", "umask " + umask + "; exec \"$@\"", "sh", os.Args[0]}
				c := exec.Command("sh", slices.Concat(shell, args, []string{"--out=" + dir, "--store=" + store})...)
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			modes := func(want fs.FileMode) {
				t.Helper()
				entries, err := os.ReadDir(dir)
				if err != nil || len(entries) < 2 {
					t.Fatal(entries, err)
				}
				for _, e := range entries {
					if info, err := e.Info(); err != nil || info.Mode().Perm() != want {
						t.Errorf("%s has %v, want %v", e.Name(), info.Mode(), want)
					}
				}
			}
			under("077")
			modes(0o600)
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the folder has %v, %v", info.Mode(), err)
			}
			under("022")
			modes(0o600)
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			under("027")
			modes(0o640)
		})
	}
}
