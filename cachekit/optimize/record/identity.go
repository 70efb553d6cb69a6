package record

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An Identity says what run a journal belongs to, for a person and for [Journal.Resume]: bundle
// and version ([optimize.View.Identity]), strategy, space, search and its seed, objective.
type Identity []IdentityLine

// An IdentityLine is one of the things that must be the same.
type IdentityLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`

	// Assets, where Value stands for bars, has a digest of those of each asset, by symbol:
	// when Value is another one, it tells which assets are new, gone or changed.
	Assets map[string]string `json:"assets,omitempty"`
}

// equal reports whether two identities say the same, and tell assets alike.
func (id Identity) equal(other Identity) bool {
	return slices.EqualFunc(id, other, func(a, b IdentityLine) bool {
		return a.Name == b.Name && a.Value == b.Value && maps.Equal(a.Assets, b.Assets)
	})
}

// differences returns a line for each thing in which two runs differ.
func (id Identity) differences(other Identity) (lines []string) {
	const none = "not given"
	now := make(map[string]IdentityLine, len(other))
	for _, line := range other {
		now[line.Name] = line
	}
	for _, line := range id {
		is, ok := now[line.Name]
		delete(now, line.Name)
		switch {
		case !ok:
			lines = append(lines, fmt.Sprintf("%s was %s, and is %s", line.Name, line.Value, none))
		case is.Value != line.Value:
			lines = append(lines, fmt.Sprintf("%s was %s, and is %s%s", line.Name, line.Value, is.Value, assetChanges(line.Assets, is.Assets)))
		}
	}
	for _, line := range other {
		if is, ok := now[line.Name]; ok {
			lines = append(lines, fmt.Sprintf("%s was %s, and is %s", line.Name, none, is.Value))
		}
	}
	return lines
}

// assetChanges tells which assets are new, gone or changed; nothing where either side does not tell
// its assets.
func assetChanges(was, is map[string]string) string {
	if len(was) == 0 || len(is) == 0 {
		return ""
	}
	var fresh, gone, changed []string
	for _, s := range slices.Sorted(maps.Keys(is)) {
		switch before, ok := was[s]; {
		case !ok:
			fresh = append(fresh, s)
		case before != is[s]:
			changed = append(changed, s)
		}
	}
	for _, s := range slices.Sorted(maps.Keys(was)) {
		if _, ok := is[s]; !ok {
			gone = append(gone, s)
		}
	}
	var parts []string
	for _, c := range []struct {
		what    string
		symbols []string
	}{{"new", fresh}, {"gone", gone}, {"changed", changed}} {
		if len(c.symbols) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s (%s)", len(c.symbols), c.what, shortList(c.symbols)))
		}
	}
	return fmt.Sprintf("; assets: %s", strings.Join(append(parts, fmt.Sprintf("%d the same", len(is)-len(fresh)-len(changed))), ", "))
}

// shortList lists names, the first ten if there are many.
func shortList(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
