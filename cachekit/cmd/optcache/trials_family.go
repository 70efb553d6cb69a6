package main

import (
	"fmt"
	"strings"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/search"
)

// A tunable is a strategy that is at once the parameters of a trial. What it may have beside these
// methods: Valid() bool says which combinations of parameters are tried, and Rule() string how
// that is told, such as "fast < slow".
type tunable[S any] interface {
	comparable
	backtest.Strategy
	WithCost(bps float64) S
}

// A family is all strategies that differ in their parameters alone.
type family[S tunable[S]] struct {
	name  string // as --strategy takes it
	title string
	axes  []parameter[S]
	rule  string // that parameters must keep, or ""
	ok    func(S) bool
}

// newFamily returns the family of a strategy whose fields have tags.
func newFamily[S tunable[S]](name, title string) (*family[S], error) {
	f := &family[S]{name: name, title: title}
	var err error
	if f.axes, err = parametersOf[S](); err != nil {
		return nil, fmt.Errorf("strategy %q: %w", name, err)
	}
	var none any = *new(S)
	if _, ok := none.(interface{ Valid() bool }); ok {
		f.rule = "valid " + name
		f.ok = func(s S) bool { return any(s).(interface{ Valid() bool }).Valid() }
		if r, ok := none.(interface{ Rule() string }); ok {
			f.rule = r.Rule()
		}
	}
	specs, err := f.specs(nil)
	if err == nil {
		_, err = f.space(specs)
	}
	if err != nil {
		return nil, fmt.Errorf("strategy %q: its tags: %w", name, err)
	}
	return f, nil
}

// An axisSpec is the values of one parameter, as text.
type axisSpec struct {
	Name string `json:"name"`
	Spec string `json:"spec"`
}

func (f *family[S]) names() (parameters []string) {
	for _, a := range f.axes {
		parameters = append(parameters, a.name)
	}
	return parameters
}

// A paramHelp is a parameter, for the help.
type paramHelp struct{ name, usual string }

// help returns the parameters.
func (f *family[S]) help() []paramHelp {
	all := make([]paramHelp, len(f.axes))
	for i, a := range f.axes {
		all[i] = paramHelp{a.name, a.usual}
	}
	return all
}

// specs returns the values of every parameter: what the flags say, else what is usual.
func (f *family[S]) specs(flags []string) ([]axisSpec, error) {
	names := f.names()
	specs := make([]axisSpec, len(f.axes))
	for i, a := range f.axes {
		specs[i] = axisSpec{a.name, a.usual}
	}
	given := make(map[string]bool)
	for _, flag := range flags {
		name, spec, ok := strings.Cut(flag, "=")
		name = strings.TrimSpace(name)
		if !ok {
			return nil, fmt.Errorf("--param %q: must be NAME=VALUES, such as %s=%s", flag, f.axes[0].name, f.axes[0].usual)
		}
		at := -1
		for i, n := range names {
			if n == name {
				at = i
			}
		}
		switch {
		case at < 0:
			return nil, fmt.Errorf("--param %q: the strategy %s has no parameter %q: it has %s", flag, f.name, name, strings.Join(names, ", "))
		case given[name]:
			return nil, fmt.Errorf("--param %q: %s is given twice: give all of its values at once, such as %s=5|8|13", flag, name, name)
		}
		given[name] = true
		specs[at].Spec = strings.TrimSpace(spec)
	}
	return specs, nil
}

// space returns the space of the values of every parameter.
func (f *family[S]) space(specs []axisSpec) (*search.Space[S], error) {
	axes := make([]search.Axis[S], len(specs))
	for i, p := range f.axes {
		var err error
		if axes[i], err = p.axis(specs[i].Spec); err != nil {
			return nil, fmt.Errorf("--param %s=%s: %w", p.name, specs[i].Spec, err)
		}
	}
	space, err := search.NewSpace(axes...)
	if err != nil {
		return nil, fmt.Errorf("--param: %w", err)
	}
	if f.rule != "" {
		space.Where(f.rule, f.ok)
	}
	return space, nil
}

// strategy returns what makes the strategy of a trial's parameters.
func (f *family[S]) strategy(costBps float64) func(S) backtest.Strategy {
	return func(s S) backtest.Strategy { return s.WithCost(costBps) }
}

// point returns the parameters that NAME=VALUE texts name, one for each parameter.
func (f *family[S]) point(flags []string) (s S, err error) {
	specs, err := f.specs(flags)
	if err != nil {
		return s, err
	}
	if len(flags) != len(f.axes) {
		names := f.names()
		return s, fmt.Errorf("it needs a value for each of %s", strings.Join(names, ", "))
	}
	for i, p := range f.axes {
		if err := p.set(&s, specs[i].Spec); err != nil {
			return s, fmt.Errorf("%s=%s: %w", p.name, specs[i].Spec, err)
		}
	}
	return s, nil
}
