package proof

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// findings are what came of each property.
type findings map[string]finding

const (
	begins = "<!-- findings: written by go test -run Peers -record -->\n"
	ends   = "<!-- end of findings -->\n"
)

// write puts what was found into README.md.
func write(t *testing.T, readme string, found [][]findings) {
	before, rest, ok := strings.Cut(readme, begins)
	_, after, ok2 := strings.Cut(rest, ends)
	if !ok || !ok2 {
		t.Fatal("README.md has no place for the findings")
	}
	var b strings.Builder
	for i, p := range peers {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n%s%s%s", p.name, p.about, p.table(found[i]), p.lacks(found[i]), p.failures(found[i]))
	}
	if err := os.WriteFile("README.md", []byte(before+begins+"\n"+b.String()+ends+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// table shows all outcomes, a manner a column.
func (p peer) table(found []findings) string {
	var b strings.Builder
	b.WriteString("| property |")
	for _, s := range p.shown {
		fmt.Fprintf(&b, " %s |", s.name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(p.shown)) + "\n")
	for _, property := range properties {
		fmt.Fprintf(&b, "| %s |", property)
		for j := range p.shown {
			fmt.Fprintf(&b, " %s |", found[j][property].outcome)
		}
		b.WriteByte('\n')
	}
	return b.String() + "\n"
}

// lacks says why what cannot be asked cannot be.
func (p peer) lacks(found []findings) string {
	var reasons []string
	of := map[string][]string{}
	for j := range p.shown {
		for _, property := range properties {
			f := found[j][property]
			if f.outcome != unasked {
				continue
			}
			reason := strings.TrimPrefix(f.detail, skipped)
			if !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
			if !slices.Contains(of[reason], property) {
				of[reason] = append(of[reason], property)
			}
		}
	}
	var b strings.Builder
	b.WriteString("What cannot be asked:\n\n")
	for _, reason := range reasons {
		fmt.Fprintf(&b, "- %s: %s\n", strings.Join(of[reason], ", "), reason)
	}
	return b.String() + "\n"
}

// failures tells of each failure what happened and what the library says about it. One that comes in
// several manners is shown once.
func (p peer) failures(found []findings) string {
	var b strings.Builder
	told := map[string]bool{}
	for j, s := range p.shown {
		for _, property := range properties {
			f := found[j][property]
			if f.outcome != fails || told[property+s.judged[property]] {
				continue
			}
			told[property+s.judged[property]] = true
			fmt.Fprintf(&b, "**%s** (%s): %s\n\n```\n%s\n```\n\n", property, s.name, s.judged[property], story(f.detail))
		}
	}
	return b.String()
}

// story is a report without its first line, which says what the property is.
func story(report string) string {
	_, body, _ := strings.Cut(report, "\n\n")
	lines := strings.Split(strings.TrimRight(body, "\n "), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(lines[i], "    "), " ")
	}
	return strings.Join(lines, "\n")
}

// kept are the traces of a property that README.md has of a cache.
func kept(readme, peer, property string) []string {
	_, section, _ := strings.Cut(readme, "\n## "+peer+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var traces []string
	for _, found := range regexp.MustCompile(`OPTCACHE_TRACE='(`+property+`/[^']*)'`).FindAllStringSubmatch(section, -1) {
		traces = append(traces, found[1])
	}
	return traces
}
