package trials

import (
	"fmt"
	"strings"

	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
)

// A Named has something for each strategy, in the order in which they were added: what a command
// does with it.
type Named[T any] struct {
	names []string
	all   map[string]T
	rules map[string]string // names by those of the rules, without their version
}

// Add adds what there is for a strategy, whose rules have that name.
func (n *Named[T]) Add(name, rules string, t T) {
	if n.all == nil {
		n.all, n.rules = make(map[string]T), make(map[string]string)
	}
	n.names, n.all[name], n.rules[unversioned(rules)] = append(n.names, name), t, name
}

// unversioned returns the name of rules without the version: crossover of crossover/1.
func unversioned(rules string) string {
	name, _, _ := strings.Cut(rules, "/")
	return name
}

// OtherRules returns the strategy whose rules have that name, in whatever version, if there is one.
func (n *Named[T]) OtherRules(rules string) (name string, ok bool) {
	name, ok = n.rules[unversioned(rules)]
	return name, ok
}

// Of returns what there is for the strategy of that name; the usual one if it is empty.
func (n *Named[T]) Of(name string) (t T, err error) {
	if name == "" {
		name = UsualStrategy
	}
	t, ok := n.all[name]
	if !ok {
		return t, console.Usage(fmt.Errorf("--strategy %q: must be %s", name, output.OneOf(n.names)))
	}
	return t, nil
}

// OfRules returns what there is for the strategy whose rules have that name, in whatever version.
func (n *Named[T]) OfRules(rules string) (t T, err error) {
	name, ok := n.rules[unversioned(rules)]
	if !ok {
		return t, console.Usage(fmt.Errorf("its strategy is %q, and this program has %s", unversioned(rules), output.OneOf(n.names)))
	}
	return n.all[name], nil
}
