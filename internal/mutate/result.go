package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// A result counts what became of the mutants.
type result struct {
	Package    string   `json:"package"`
	Seed       uint64   `json:"seed"`
	Chosen     int      `json:"chosen"` // to be tried
	Killed     int      `json:"killed"` // those that took too long among them
	TimedOut   int      `json:"timed_out"`
	Survived   int      `json:"survived"`
	Equivalent int      `json:"equivalent"`
	Broken     int      `json:"broken"`
	Share      float64  `json:"share"` // killed of those that were killed or survived, 0 to 1
	Low        float64  `json:"low"`   // ends of the interval that holds the share of
	High       float64  `json:"high"`  // all mutants with 95 % confidence, if this is a sample
	Survivors  []Mutant `json:"survivors"`

	KilledBy map[string]int `json:"killed_by"` // mutants by the test that failed first

	mu sync.Mutex
}

// add counts the outcome of a mutant. It may be called concurrently.
func (r *result) add(m Mutant, o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch o {
	case killed:
		r.Killed++
	case clocked:
		r.Killed++
		r.TimedOut++
	case equivalent:
		r.Equivalent++
	case broken:
		r.Broken++
	case survived:
		r.Survived++
		r.Survivors = append(r.Survivors, m)
	}
	r.Share, r.Low, r.High = share(r.Killed, r.Killed+r.Survived)
}

// share returns the share of k in n with the ends of its interval of 95 %
// confidence (E. B. Wilson, "Probable inference, the law of succession, and
// statistical inference", J. American Statistical Association 22, 1927).
func share(k, n int) (p, low, high float64) {
	if n == 0 {
		return 0, 0, 1
	}
	const z = 1.959963984540054
	p, size := float64(k)/float64(n), float64(n)
	middle := p + float64(z*z)/(2*size)
	width := z * math.Sqrt(float64(p*(1-p))/size+float64(z*z)/(4*float64(size*size)))
	scale := 1 + float64(z*z)/size
	return p, (middle - width) / scale, (middle + width) / scale
}

// tell tells of a survivor, and of the progress now and then.
func (r *result) tell(w io.Writer, m Mutant, o outcome, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := r.Killed + r.Survived + r.Equivalent + r.Broken
	if o == survived || o == clocked {
		fmt.Fprintf(w, "%s: %v (%v)\n", o, m, took.Round(100*time.Millisecond))
	}
	if done%20 == 0 || done == r.Chosen {
		fmt.Fprintf(w, "%d of %d tried, %d killed, %d survived\n", done, r.Chosen, r.Killed, r.Survived)
	}
}

func (r *result) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

func (r *result) writeText(w io.Writer) error {
	slices.SortFunc(r.Survivors, func(a, b Mutant) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	var b strings.Builder
	for _, m := range r.Survivors {
		fmt.Fprintf(&b, "%s:%d: %s\n\t- %s\n\t+ %s\n", m.File, m.Line, m.Kind, m.From, m.To)
	}
	fmt.Fprintf(&b, "%s: of %d mutants %d killed (%d took too long), %d survived, %d equivalent, %d do not compile\n",
		r.Package, r.Chosen, r.Killed, r.TimedOut, r.Survived, r.Equivalent, r.Broken)
	fmt.Fprintf(&b, "killed of those that count: %.1f %% (as a sample: %.1f to %.1f %% of all, 95 %% confidence)\n",
		100*r.Share, 100*r.Low, 100*r.High)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}
