package trials

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"strings"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A Tunable is a strategy that is at once the parameters of a trial. What it may have beside these
// methods: Valid() bool says which combinations of parameters are tried, and Rule() string how
// that is told, such as "fast < slow".
type Tunable[S any] interface {
	comparable
	backtest.Strategy
	WithCost(bps float64) S
}

// A Family is all strategies that differ in their parameters alone.
type Family[S Tunable[S]] struct {
	Name  string // as --strategy takes it
	Title string
	Rules string // their name, with the version
	Axes  []parameter[S]
	rule  string       // that parameters must keep, as text
	ok    func(S) bool // nil: there is no rule
}

// NewFamily returns the family of a strategy whose fields have tags. It calls the methods of S that
// commands call before the first trial, so that what is wrong with them is told at once.
func NewFamily[S Tunable[S]](name, title string) (*Family[S], error) {
	f := &Family[S]{Name: name, Title: cmp.Or(title, name)}
	err := checkName(name)
	if err == nil {
		f.Axes, err = parametersOf[S]()
	}
	if err == nil {
		err = f.ask()
	}
	if err == nil {
		err = f.try()
	}
	if err != nil {
		return nil, fmt.Errorf("strategy %q: %w", name, err)
	}
	return f, nil
}

// checkName refuses what is awkward to say as a flag, or as part of a file's name.
func checkName(name string) error {
	plain := name != ""
	for i, r := range name {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		plain = plain && (letter || i > 0 && (r == '-' || r == '_' || r == '.'))
	}
	if !plain {
		return errors.New("--strategy cannot say its name: take letters, digits, - and _, such as dip-buyer")
	}
	return nil
}

// ask asks the strategy for the name of its rules and for the rule that its parameters must keep.
func (f *Family[S]) ask() error {
	var none S
	if err := guard("Name", func() { f.Rules = none.Name() }); err != nil {
		return err
	}
	if unversioned(f.Rules) == "" || strings.ContainsAny(f.Rules, "\r\n") {
		return fmt.Errorf("method Name returns %q: return a name with a version, such as %q", f.Rules, f.Name+"/1")
	}
	rule, err := ruleOf[S]()
	if !rule || err != nil {
		return err
	}
	f.ok = func(s S) bool { return any(s).(interface{ Valid() bool }).Valid() }
	if r, ok := any(none).(interface{ Rule() string }); ok {
		if err := guard("Rule", func() { f.rule = strings.Join(strings.Fields(r.Rule()), " ") }); err != nil {
			return err
		}
	}
	f.rule = cmp.Or(f.rule, "valid "+f.Name)
	return nil
}

// ruleOf reports whether S has a rule. It refuses methods of another form than those that are called.
func ruleOf[S any]() (bool, error) {
	var none any = *new(S)
	t := reflect.TypeFor[*S]() // which has the methods of S too
	_, named := t.MethodByName("Valid")
	_, told := t.MethodByName("Rule")
	_, valid := none.(interface{ Valid() bool })
	_, text := none.(interface{ Rule() string })
	switch {
	case named && !valid:
		return false, fmt.Errorf("method Valid has another form than func (%s) Valid() bool: give it this one", t.Elem())
	case told && !text:
		return false, fmt.Errorf("method Rule has another form than func (%s) Rule() string: give it this one", t.Elem())
	case told && !valid:
		return false, errors.New("method Rule tells what no method Valid asks: add Valid() bool, or remove Rule")
	}
	return valid, nil
}

// guard calls a method of the user's and returns an error if it panics.
func guard(method string, call func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("method %s panics, %v: make it a pure function of whatever parameters", method, p)
		}
	}()
	call()
	return nil
}

// mostTried is how many combinations of the usual values are tried in the search for one that keeps the rule.
// It is some milliseconds' work, and more than any space needs that a search can find something in.
const mostTried = 1 << 16

// try holds the methods against a combination of the usual values that keeps the rule.
func (f *Family[S]) try() error {
	specs, err := f.specs(nil)
	if err != nil {
		return err
	}
	space, err := f.Space(specs)
	if err != nil {
		return fmt.Errorf("its tags: %w", err)
	}
	var s S
	kept := false
	if err := guard("Valid", func() { s, kept = firstKept(space) }); err != nil {
		return err
	}
	switch {
	case !kept && space.Cells() <= mostTried:
		return fmt.Errorf("method Valid keeps none of the %s of the values in the tags: widen the tags of %s, or mend Valid",
			output.Count(int(space.Cells()), "combination"), strings.Join(f.fields(), ", "))
	case !kept: // one that keeps the rule may be there, and trials will tell
		return nil
	}
	const cost = 7
	var with S
	var got float64
	if err := guard("WithCost", func() { with = s.WithCost(cost) }); err != nil {
		return err
	}
	if err := guard("Cost", func() { got = with.Cost() }); err != nil {
		return err
	}
	if got != cost {
		return fmt.Errorf("method Cost returns %v after WithCost(%v): let WithCost return the strategy with the cost that Cost returns",
			got, float64(cost))
	}
	for _, p := range f.Axes {
		if p.Value(s) != p.Value(with) {
			return fmt.Errorf("method WithCost changes the field %s from %v to %v: let it change the cost alone",
				p.field, p.Value(s), p.Value(with))
		}
	}
	return guard("Series", func() { f.Fields(space) })
}

// firstKept returns the parameters of a cell that keeps the rules, if one is found: of all cells, or of some that
// are spread evenly over more.
func firstKept[S any](space *search.Space[S]) (s S, ok bool) {
	cells := space.Cells()
	for i := range min(cells, mostTried) {
		cell := i
		if cells > mostTried {
			cell, _ = bits.Mul64(i*goldenRatio, cells)
		}
		if s, ok = space.At(cell); ok {
			return s, true
		}
	}
	return s, false
}

// goldenRatio times 0, 1, 2 ... modulo 2^64 is spread as evenly as such a sequence can be, wherever it ends.
const goldenRatio = 0x9E3779B97F4A7C15

// An AxisSpec is the values of one parameter, as text.
type AxisSpec struct {
	Name string `json:"name"`
	Spec string `json:"spec"`
}

func (f *Family[S]) names() (parameters []string) {
	for _, a := range f.Axes {
		parameters = append(parameters, a.Name)
	}
	return parameters
}

// fields are the parameters as the fields of S.
func (f *Family[S]) fields() (names []string) {
	for _, a := range f.Axes {
		names = append(names, a.field)
	}
	return names
}

// Help tells the parameters with the values that are tried by default, as --param takes them, and the rule:
// "fast=5:50:5 slow=20:120:5, fast < slow".
func (f *Family[S]) Help() string {
	params := make([]string, len(f.Axes))
	for i, a := range f.Axes {
		params[i] = a.Name + "=" + a.usual
		if strings.ContainsAny(a.usual, " |") { // which a shell would part
			params[i] = `"` + params[i] + `"`
		}
	}
	help := strings.Join(params, " ")
	if f.ok != nil {
		help += ", " + f.rule
	}
	return help
}

// mostFields is how many combinations of words are asked for the columns that they read.
const mostFields = 1 << 12

// Fields returns the columns that trials of a space read. They may differ with parameters that are words or truth
// values, such as the name of an average, and not with numbers.
func (f *Family[S]) Fields(space *search.Space[S]) bundle.Fields {
	var s S
	fields := backtest.Fields(s)
	at := make([]uint64, len(f.Axes))
	for i := range uint64(mostFields) {
		for k := range f.Axes {
			at[k] = 0
			if f.Axes[k].Kind == output.Text {
				n := space.Axes()[k].Len()
				at[k], i = i%n, i/n
			}
		}
		if i > 0 { // all combinations were there
			break
		}
		s, _ = space.Build(at)
		fields |= backtest.Fields(s)
	}
	return fields
}

// specs returns the values of every parameter: what the flags say, else what is usual.
func (f *Family[S]) specs(flags []string) ([]AxisSpec, error) {
	names := f.names()
	specs := make([]AxisSpec, len(f.Axes))
	for i, a := range f.Axes {
		specs[i] = AxisSpec{a.Name, a.usual}
	}
	given := make(map[string]bool)
	for _, flag := range flags {
		name, spec, ok := strings.Cut(flag, "=")
		name = strings.TrimSpace(name)
		if !ok {
			return nil, fmt.Errorf("--param %q: must be NAME=VALUES, such as %s=%s", flag, f.Axes[0].Name, f.Axes[0].usual)
		}
		at := -1
		for i, n := range names {
			if n == name {
				at = i
			}
		}
		switch {
		case at < 0:
			return nil, fmt.Errorf("--param %q: the strategy %s has no parameter %q: it has %s", flag, f.Name, name, strings.Join(names, ", "))
		case given[name]:
			return nil, fmt.Errorf("--param %q: %s is given twice: give all of its values at once, such as %s=5|8|13", flag, name, name)
		}
		given[name] = true
		specs[at].Spec = strings.TrimSpace(spec)
	}
	return specs, nil
}

// Space returns the space of the values of every parameter.
func (f *Family[S]) Space(specs []AxisSpec) (*search.Space[S], error) {
	axes := make([]search.Axis[S], len(specs))
	for i, p := range f.Axes {
		var err error
		if axes[i], err = p.axis(specs[i].Spec); err != nil {
			return nil, fmt.Errorf("--param %s=%s: %w", p.Name, specs[i].Spec, err)
		}
	}
	space, err := search.NewSpace(axes...)
	if err != nil {
		return nil, fmt.Errorf("--param: %w", err)
	}
	if f.ok != nil {
		space.Constrain(f.rule, f.ok)
	}
	return space, nil
}

// Strategy returns what makes the strategy of a trial's parameters.
func (f *Family[S]) Strategy(costBps float64) func(S) backtest.Strategy {
	return func(s S) backtest.Strategy { return s.WithCost(costBps) }
}

// Point returns the parameters that NAME=VALUE texts name, one for each parameter.
func (f *Family[S]) Point(flags []string) (s S, err error) {
	specs, err := f.specs(flags)
	if err != nil {
		return s, err
	}
	if len(flags) != len(f.Axes) {
		names := f.names()
		return s, fmt.Errorf("it needs a value for each of %s", strings.Join(names, ", "))
	}
	for i, p := range f.Axes {
		if err := p.set(&s, specs[i].Spec); err != nil {
			return s, fmt.Errorf("%s=%s: %w", p.Name, specs[i].Spec, err)
		}
	}
	return s, nil
}
