// Package directive parses what a user of the generator writes: comments like
//
//	//optcache:grouped by=Symbol cache=BarsCache
//
// and, for the fields of parameters, tags like `optcache:"5:50:5"`.
package directive

import (
	"fmt"
	"strings"
)

// Prefix begins each directive.
const Prefix = "//optcache:"

// A Directive is one parsed comment. Columns count bytes from the start of the
// comment, from 0.
type Directive struct {
	Name string
	Args []Arg
}

// An Arg is key=value, or a key alone.
type Arg struct {
	Key, Value string
	Column     int
}

// A Fault is what is wrong with a comment or tag, and at which byte of it.
type Fault struct {
	Column int
	Text   string
}

func (f *Fault) Error() string { return f.Text }

func fault(column int, format string, args ...any) *Fault {
	return &Fault{column, fmt.Sprintf(format, args...)}
}

// An argument says what a directive takes.
type argument struct {
	key      string
	word     bool // stands alone, without a value
	required bool
	values   []string // what it may be, nil for any
}

var known = map[string][]argument{
	"grouped": {
		{key: "by", required: true},
		{key: "order", values: []string{"sorted", "seen"}},
		{key: "name"},
		{key: "cache"},
		{key: "key"},
		{key: "clone", word: true},
	},
	"list": {
		{key: "of", required: true},
		{key: "by"},
		{key: "name"},
		{key: "cache"},
		{key: "clone", word: true},
	},
	"params": {
		{key: "name"},
	},
}

// Parse returns the directive in the text of a comment. It returns nil and no
// faults if the comment is none, and all that is wrong with it otherwise.
func Parse(comment string) (*Directive, []*Fault) {
	rest, ok := strings.CutPrefix(comment, Prefix)
	if !ok {
		return nil, almost(comment)
	}
	words := split(rest, len(Prefix))
	if len(words) == 0 || words[0].Column != len(Prefix) {
		return nil, []*Fault{fault(0, "a directive without a name: %s", oneOf(names()))}
	}
	d := &Directive{Name: words[0].Key}
	arguments, ok := known[d.Name]
	if !ok {
		return nil, []*Fault{fault(0, "unknown directive optcache:%s%s: %s", d.Name, Suggest(d.Name, names()), oneOf(names()))}
	}
	faults := d.parse(words[1:], arguments)
	for _, a := range arguments {
		if _, ok := d.arg(a.key); a.required && !ok {
			faults = append(faults, fault(0, "optcache:%s needs %s=", d.Name, a.key))
		}
	}
	return d, faults
}

// almost says what is wrong with a comment that its author takes for a directive.
func almost(comment string) []*Fault {
	text, ok := strings.CutPrefix(comment, "//")
	if !ok {
		return nil
	}
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	if name, ok := strings.CutPrefix(word, "optcache:"); ok && known[name] != nil {
		return []*Fault{fault(0, "a directive has no space after //: write //optcache:%s", name)}
	}
	return nil
}

// parse adds words to the arguments of d.
func (d *Directive) parse(words []Arg, arguments []argument) (faults []*Fault) {
	for _, w := range words {
		key, value, assigned := strings.Cut(w.Key, "=")
		w.Key, w.Value = key, value
		a := find(arguments, key)
		switch {
		case a == nil:
			faults = append(faults, fault(w.Column, "unknown argument %q of optcache:%s%s: %s", key, d.Name, Suggest(key, keys(arguments)), oneOf(keys(arguments))))
			continue
		case d.has(key):
			faults = append(faults, fault(w.Column, "%s is given twice", key))
			continue
		case a.word && assigned:
			faults = append(faults, fault(w.Column, "%s stands alone: write %s without =", key, key))
		case !a.word && value == "":
			faults = append(faults, fault(w.Column, "%s has no value: write %s=...", key, key))
		case a.values != nil && !contains(a.values, value):
			faults = append(faults, fault(w.Column, "%s=%s%s: %s", key, value, Suggest(value, a.values), oneOf(a.values)))
		}
		d.Args = append(d.Args, w)
	}
	return faults
}

func (d *Directive) arg(key string) (Arg, bool) {
	for _, a := range d.Args {
		if a.Key == key {
			return a, true
		}
	}
	return Arg{}, false
}

func (d *Directive) has(key string) bool { _, ok := d.arg(key); return ok }

// split cuts s at white space into words, each in the Key of an Arg.
func split(s string, column int) (words []Arg) {
	for i := 0; i < len(s); {
		if isSpace(s[i]) {
			i++
			continue
		}
		start := i
		for i < len(s) && !isSpace(s[i]) {
			i++
		}
		words = append(words, Arg{Key: s[start:i], Column: column + start})
	}
	return words
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

func find(arguments []argument, key string) *argument {
	for i := range arguments {
		if arguments[i].key == key {
			return &arguments[i]
		}
	}
	return nil
}

func keys(arguments []argument) []string {
	var list []string
	for _, a := range arguments {
		list = append(list, a.key)
	}
	return list
}

func names() []string { return []string{"grouped", "list", "params"} }

func contains(list []string, s string) bool {
	for _, t := range list {
		if t == s {
			return true
		}
	}
	return false
}

func oneOf(list []string) string {
	if len(list) == 1 {
		return "must be " + list[0]
	}
	last := len(list) - 1
	return "must be " + strings.Join(list[:last], ", ") + " or " + list[last]
}
