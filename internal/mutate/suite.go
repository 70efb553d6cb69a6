package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A suite is the tests of one package that are run against mutants.
type suite struct {
	pattern string // of the package
	tests   string // regular expression that chooses them, "": all

	folder string
	order  *order
	// What the compiler makes of the original: the linked tests, and the listing of the
	// package. Functions that no test reaches are in the latter alone.
	binary, listing [sha256.Size]byte
	busy            float64       // processors that the tests keep busy, at least 1
	grace           time.Duration // that a mutant gets beyond its share of time
	clock           time.Duration // time that it may take by the clock
}

// What a mutant may take, as a multiple of what the original takes: processor time for the tests that are run in
// one go, and time by the clock. The clock is generous: it is for those who wait for ever, and
// other work may slow the machine down. Options add a grace to both.
const (
	spendFactor = 4
	clockFactor = 10
	clockGrace  = 6 // times the grace

	memoryKiB = 4 << 20 // a mutant may allocate without end
)

var (
	errBuild = errors.New("does not build")
	errTests = errors.New("a test fails")
	errClock = errors.New("the tests take too long")
)

// find finds the folder of the package.
func (s *suite) find(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", "--", s.pattern).Output()
	if err != nil {
		return fmt.Errorf("finding package %s: %w", s.pattern, err)
	}
	s.folder = strings.TrimSpace(string(out))
	return nil
}

// prepare builds and measures the suite as it is.
func (s *suite) prepare(ctx context.Context, scratch string, grace time.Duration) error {
	if err := s.find(ctx); err != nil {
		return err
	}
	binary, err := s.build(ctx, scratch, "")
	if err != nil {
		return fmt.Errorf("building the tests of %s: %w", s.pattern, err)
	}
	defer os.Remove(binary)
	if s.binary, err = hashOf(binary); err != nil {
		return err
	}
	if s.listing, err = s.list(ctx, ""); err != nil {
		return err
	}
	return s.measure(ctx, binary, grace)
}

// measure runs the tests of the original, says what mutants may take, and puts the tests in order.
func (s *suite) measure(ctx context.Context, binary string, grace time.Duration) error {
	cmd := exec.CommandContext(ctx, "go", "tool", "test2json", binary, "-test.v=test2json", "-test.short", "-test.run="+s.tests)
	cmd.Dir = s.folder
	start := time.Now()
	out, failed := cmd.Output()
	s.clock = clockFactor*time.Since(start) + clockGrace*grace
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.busy, s.grace = max(1, used.Seconds()/time.Since(start).Seconds()), grace
	tests, said, err := passed(out)
	switch {
	case failed != nil:
		return fmt.Errorf("running the tests of %s as they are: %w; mend them first\n%s", s.pattern, failed, said)
	case err != nil:
		return fmt.Errorf("reading what the tests of %s say: %w", s.pattern, err)
	}
	if len(tests) == 0 {
		return fmt.Errorf("running the tests of %s: none passes that matches %q", s.pattern, s.tests)
	}
	s.order = newOrder(tests)
	return nil
}

// passed returns the tests that passed, by what go tool test2json says, and what was said beside.
func passed(events []byte) (tests []passedTest, said string, err error) {
	var b strings.Builder
	for d := json.NewDecoder(bytes.NewReader(events)); d.More(); {
		var e struct {
			Action, Test, Output string
			Elapsed              float64
		}
		if err := d.Decode(&e); err != nil {
			return nil, "", err
		}
		if e.Action == "pass" && e.Test != "" && !strings.Contains(e.Test, "/") {
			tests = append(tests, passedTest{e.Test, e.Elapsed})
		}
		if !strings.HasPrefix(e.Output, "=== ") && !strings.HasPrefix(strings.TrimSpace(e.Output), "--- PASS") {
			b.WriteString(e.Output)
		}
	}
	return tests, b.String(), nil
}

// build builds the tests, with an overlay if one is named, and returns the file.
func (s *suite) build(ctx context.Context, scratch, overlay string) (binary string, err error) {
	f, err := os.CreateTemp(scratch, "*.test")
	if err != nil {
		return "", err
	}
	f.Close()
	// Without symbols and build ID the binary depends on the code alone.
	if _, err := s.compile(ctx, overlay, "-ldflags=-s -w -buildid=", "-o", f.Name()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// list returns the hash of what the compiler makes of the package and its tests, function by function.
func (s *suite) list(ctx context.Context, overlay string) (hash [sha256.Size]byte, err error) {
	out, err := s.compile(ctx, overlay, "-gcflags=-S", "-o", os.DevNull)
	if err != nil {
		return hash, err
	}
	return sha256.Sum256(out), nil
}

// compile has the go command build the tests and returns what it says.
func (s *suite) compile(ctx context.Context, overlay string, flags ...string) (out []byte, err error) {
	args := append([]string{"test", "-c", "-vet=off"}, flags...)
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	out, err = exec.CommandContext(ctx, "go", append(args, s.pattern)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %w\n%s", errBuild, err, out)
	}
	return out, nil
}

// try builds and runs the tests on a mutant. The error says what killed it; it is nil if nothing did.
// A mutant whose tests are the same is not run: it is the same as the original unless it differs where no
// test gets. One that was tried together with others is not run again.
func (s *suite) try(ctx context.Context, scratch, overlay string, tried bool) (same bool, err error) {
	binary, err := s.build(ctx, scratch, overlay)
	if err != nil {
		return false, err
	}
	defer os.Remove(binary)
	hash, err := hashOf(binary)
	if err != nil {
		return false, err
	}
	if hash == s.binary {
		listing, err := s.list(ctx, overlay)
		return listing == s.listing, err
	}
	if tried {
		return false, nil
	}
	return false, s.runAll(ctx, binary, 0)
}

// runAll runs the tests, stage by stage.
func (s *suite) runAll(ctx context.Context, binary string, mutant int) error {
	for _, stage := range s.order.stages() {
		if err := s.run(ctx, binary, stage, mutant); err != nil {
			return err
		}
	}
	return nil
}

// run runs some of the tests of a binary, of several mutants together on the one of that number. A mutant may
// not take much more time than the original, nor all the memory.
func (s *suite) run(ctx context.Context, binary string, what stage, mutant int) error {
	ctx, cancel := context.WithTimeout(ctx, s.clock)
	defer cancel()
	limits := fmt.Sprintf(`ulimit -t %d; ulimit -d %d; exec "$@"`, 1+int(spendFactor*s.busy*what.seconds+s.grace.Seconds()), memoryKiB)
	cmd := exec.CommandContext(ctx, "sh", "-c", limits, "sh", binary,
		"-test.short", "-test.failfast", "-test.timeout=0", "-test.run="+what.tests)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), fmt.Sprint("MUTANT=", mutant))
	cmd.WaitDelay = 10 * time.Second // for what a test started and did not wait for
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errClock
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() < 0: // by a signal: it spent too much
		return errClock
	case errors.As(err, &exit):
		s.order.note(out.Bytes())
		return errTests
	}
	return fmt.Errorf("running the tests of %s: %w", s.pattern, err)
}

func hashOf(name string) (hash [sha256.Size]byte, err error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return hash, fmt.Errorf("reading the test binary: %w", err)
	}
	return sha256.Sum256(content), nil
}

// overlay writes the file that a mutant changes and what the go command wants to know of it, and returns
// the name of the latter.
func (p *pkg) overlay(m Mutant, folder string) (string, error) {
	changed := filepath.Join(folder, m.File)
	if err := os.WriteFile(changed, m.edit.apply(p.file(m).source), 0o600); err != nil {
		return "", fmt.Errorf("writing a mutant: %w", err)
	}
	return writeOverlay(folder, map[string]string{filepath.Join(p.folder, m.File): changed})
}

// writeOverlay writes what the go command wants to know of files that stand for others, and returns the name.
func writeOverlay(folder string, replace map[string]string) (string, error) {
	content, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("writing an overlay: %w", err)
	}
	name := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		return "", fmt.Errorf("writing an overlay: %w", err)
	}
	return name, nil
}
