package main

import (
	"fmt"
	"strings"
)

// A named has something for each strategy, in the order in which they were added: what a command
// does with it.
type named[T any] struct {
	names []string
	all   map[string]T
	rules map[string]string // names by those of the rules, without their version
}

// add adds what there is for a strategy, whose rules have that name.
func (n *named[T]) add(name, rules string, t T) {
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

// of returns what there is for the strategy of that name; the usual one if it is empty.
func (n *named[T]) of(name string) (t T, err error) {
	if name == "" {
		name = usualStrategy
	}
	t, ok := n.all[name]
	if !ok {
		return t, usage(fmt.Errorf("--strategy %q: must be %s", name, oneOf(n.names)))
	}
	return t, nil
}

// ofRules returns what there is for the strategy whose rules have that name, in whatever version.
func (n *named[T]) ofRules(rules string) (t T, err error) {
	name, ok := n.rules[unversioned(rules)]
	if !ok {
		return t, usage(fmt.Errorf("its strategy is %q, and this program has %s", unversioned(rules), oneOf(n.names)))
	}
	return n.all[name], nil
}
