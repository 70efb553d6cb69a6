package propertytest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A Failure is a property that a cache does not have, with the shortest trace that was
// found to show it. Its Error is the report.
type Failure struct {
	Property string
	Trace    string // as Suite.Traces and OPTCACHE_TRACE take it; "" if there is none
	Steps    int    // of the trace
	Case     int    // the first random trace that failed, counted from 1; 0 if it was not a random one
	report   string
}

// Error returns the report: the trace, with what happened at each of its steps, what
// was expected, and how to play it again.
func (f *Failure) Error() string { return f.report }

// report tells of a trace that failed; the cache that stood still there is asked nothing of the kind again.
func (p *prepared[K, V]) report(t *testing.T, prop *property, tr trace, v verdict, origin string) *Failure {
	if v.ending.hung && prop.concurrent {
		p.still = prop.name
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s; here it is not so:\n\n", prop.name, prop.explanation)
	capacity := fmt.Sprintf("capacity %d", tr.capacity)
	if tr.capacity >= p.ample(prop) {
		capacity += ", which is room for all"
	}
	fmt.Fprintf(&b, "    %s (%s)\n", capacity, origin)
	for _, k := range tr.keys() {
		fmt.Fprintf(&b, "    k%d = %s\n", k, brief(p.universe[k]))
	}
	if prop.concurrent {
		b.WriteString("    at: when a step begins; load: how long a load that it causes takes; leave: after how long its caller leaves; in ms\n")
	}
	width := 0
	for _, s := range tr.steps {
		width = max(width, len(s.String()))
	}
	for i, s := range tr.steps {
		line := ""
		if i < len(v.lines) {
			line = strings.TrimLeft(v.lines[i], ", ")
		}
		mark := ""
		if i == v.violation.step {
			mark = "   <-- here"
		}
		fmt.Fprintf(&b, "    %2d  %-*s  %s%s\n", i+1, width, s, line, mark)
	}
	where := ""
	if v.violation.step >= 0 && v.violation.step < len(tr.steps) {
		where = fmt.Sprintf("step %d: ", v.violation.step+1)
	}
	fmt.Fprintf(&b, "\n    %s%s\n", where, v.violation.what)
	if v.violation.diff != "" {
		fmt.Fprintf(&b, "    difference (-wanted +came):\n%s\n", indent(v.violation.diff))
	}
	fmt.Fprintf(&b, "\n    to play it again: %s='%s' go test -run '%s'\n", traceVariable, tr.text(), pattern(t.Name()))
	return &Failure{Property: prop.name, Trace: tr.text(), Steps: len(tr.steps), report: b.String()}
}

// keys are the keys that the trace mentions.
func (t trace) keys() []int {
	var all []int
	for _, s := range t.steps {
		all = append(all, s.mentions()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// pattern is what go test -run takes to run the test of this name.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

func indent(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return "        " + strings.Join(lines, "\n        ")
}
