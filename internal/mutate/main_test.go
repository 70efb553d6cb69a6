package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample is a module whose tests hold some of its code in place.
var sample = map[string]string{
	"go.mod": "module sample\n\ngo 1.26\n",
	"sample.go": `package sample

// Larger is tested, but for what it says of equal numbers.
func Larger(a, b int) bool {
	return a > b
}

// Sum runs for ever without its step.
func Sum(n int) (sum int) {
	for n > 0 {
		sum += n
		n--
	}
	return sum
}

// Wait waits for ever without its signal.
func Wait() {
	done := make(chan bool, 1)
	done <- true
	<-done
}
`,
	"sample_test.go": `package sample

import "testing"

func TestLarger(t *testing.T) {
	if !Larger(2, 1) || Larger(1, 2) {
		t.Error("2 is larger than 1")
	}
}

func TestSum(t *testing.T) {
	if Sum(3) != 6 {
		t.Error("1 + 2 + 3")
	}
}

func TestWait(t *testing.T) { Wait() }
`,
	"also/also_test.go": `package also

import (
	"sample"
	"testing"
)

func TestEqual(t *testing.T) {
	if sample.Larger(1, 1) {
		t.Error("1 is larger than itself")
	}
}
`,
}

// inSample makes the sample the current folder.
func inSample(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the go command many times")
	}
	folder := t.TempDir()
	for name, content := range sample {
		name = filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
}

// tryIt runs the command and returns its result.
func tryIt(t *testing.T, args ...string) *result {
	t.Helper()
	var out, progress bytes.Buffer
	args = append([]string{"-json", "-grace=1s"}, args...)
	if err := run(t.Context(), args, &out, &progress); err != nil {
		t.Fatalf("mutate %v: %v\n%s", args, err, &progress)
	}
	r := new(result)
	if err := json.Unmarshal(out.Bytes(), r); err != nil {
		t.Fatalf("mutate %v prints %q: %v", args, &out, err)
	}
	return r
}

func TestEveryOutcome(t *testing.T) {
	inSample(t)
	// A bound that is tested on one side, what is tested, and the two ways to wait for ever.
	r := tryIt(t, "-match=return a >= b|return sum => return 0|n-- => *$|done <- true => *$", ".")
	if r.Chosen != 4 || r.Killed != 3 || r.TimedOut != 1 || r.Survived != 1 || r.KilledBy["TestSum"] != 1 {
		t.Errorf("%+v", r)
	}
	if also := tryIt(t, "-match=return a >= b", "-also=./also:TestEqual", "."); also.Killed != 1 {
		t.Errorf("with a suite that tests equal numbers: %+v", also)
	}
}

// TestTogetherFindsTheSame tries what fits into one binary: with the same outcome.
func TestTogetherFindsTheSame(t *testing.T) {
	inSample(t)
	chosen := "-match=return a >= b|return a < b|return sum => return 0|for n >= 0|chan bool, 2"
	one, all := tryIt(t, chosen, "."), tryIt(t, chosen, "-together", ".")
	if one.Killed != all.Killed || one.Survived != all.Survived || one.Killed == 0 || one.Survived == 0 {
		t.Errorf("one by one %+v\ntogether %+v", one, all)
	}
}

// TestInterrupted stops in the middle: what was found until then is the result.
func TestInterrupted(t *testing.T) {
	inSample(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, progress bytes.Buffer
	stopper := writerFunc(func(text []byte) (int, error) {
		cancel() // as soon as there is something to tell
		return progress.Write(text)
	})
	if err := run(ctx, []string{"-json", "-grace=1s", "-n=16", "."}, &out, stopper); err != nil {
		t.Fatal(err)
	}
	var r result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Tried == 0 || r.Tried >= r.Chosen || r.Survived+r.TimedOut == 0 {
		t.Errorf("%v, %d of %d were tried:\n%s", err, r.Tried, r.Chosen, &progress)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }

func TestSameBinaryIsEquivalent(t *testing.T) {
	inSample(t)
	name := filepath.Join("same.go")
	if err := os.WriteFile(name, []byte("package sample\n\n// Zero adds nothing.\nfunc Zero(n int) int {\n\treturn n + 0\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := tryIt(t, "-match=^same.go.*return n - 0", ".")
	if r.Chosen != 1 || r.Equivalent != 1 {
		t.Errorf("n + 0 and n - 0: %+v", r)
	}
}

func TestListAndSample(t *testing.T) {
	inSample(t)
	list := func(args ...string) []string {
		var out bytes.Buffer
		if err := run(t.Context(), append([]string{"-list"}, args...), &out, &out); err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(out.String()), "\n")
	}
	all, some, same, other := list("."), list("-n=5", "."), list("-n=5", "."), list("-n=5", "-seed=2", ".")
	if len(all) < 10 || len(some) != 5 || strings.Join(some, "\n") != strings.Join(same, "\n") || strings.Join(some, "\n") == strings.Join(other, "\n") {
		t.Errorf("%d mutants; samples\n%q\n%q\n%q", len(all), some, same, other)
	}
	for _, line := range some {
		if !strings.Contains(strings.Join(all, "\n"), line) {
			t.Errorf("%s is in the sample and not in the whole", line)
		}
	}
}

func TestBadCommandLines(t *testing.T) {
	for want, args := range map[string][]string{
		"names 0 packages": nil,
		"names 2 packages": {"a", "b"},
		"-p of 1 or more":  {"-p=0", "."},
		"-n of 0 or more":  {"-n=-1", "."},
		"leave one out":    {"-together", "-also=./x", "."},
		"reading -match":   {"-match=(", "."},
	} {
		_, err := parse(args, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("mutate %q: %v, want something with %q", args, err, want)
		}
	}
}

func TestErrorsSayWhatToChange(t *testing.T) {
	inSample(t)
	for want, args := range map[string][]string{
		"matches \"nowhere\"":      {"-match=nowhere", "."},
		"means 2 packages":         {"./..."},
		"loading package ./gone":   {"./gone"},
		"none passes that matches": {"-match=shift bound", "-also=./also:Gone", "."},
	} {
		var out bytes.Buffer
		err := run(t.Context(), args, &out, &out)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("mutate %q: %v, want something with %q", args, err, want)
		}
	}
}

// TestFailingTestsAreNotMutated checks that tests which fail as they are cannot kill anything.
func TestFailingTestsAreNotMutated(t *testing.T) {
	inSample(t)
	if err := os.WriteFile("bad_test.go", []byte("package sample\n\nimport \"testing\"\n\nfunc TestBad(t *testing.T) { t.Error(\"one is two\") }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := run(t.Context(), []string{"."}, &out, &out)
	if err == nil || !strings.Contains(err.Error(), "mend them first") || !strings.Contains(err.Error(), "one is two") || strings.Contains(err.Error(), "Action") {
		t.Errorf("mutate with a test that fails: %v", err)
	}
}

func TestTextNamesSurvivors(t *testing.T) {
	r := result{Package: "p", Chosen: 2}
	r.add(Mutant{File: "b.go", Line: 3, Kind: "flip", From: "x = true", To: "x = false"}, survived)
	r.add(Mutant{}, killed)
	var out bytes.Buffer
	if err := r.writeText(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"b.go:3: flip\n\t- x = true\n\t+ x = false\n", "1 killed", "1 survived", "50.0 %"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the result has no %q:\n%s", want, &out)
		}
	}
	out.Reset()
	r.tell(&out, Mutant{File: "b.go"}, survived, time.Second)
	if !strings.Contains(out.String(), "survived: b.go") || !strings.Contains(out.String(), "2 of 2 tried") {
		t.Errorf("progress: %q", &out)
	}
}
