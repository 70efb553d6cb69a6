package main

import (
	"fmt"
	"strings"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/search"
)

// tunable is a strategy that is at once the parameters of a trial.
type tunable interface {
	comparable
	backtest.Strategy
	fmt.Stringer
}

// A family is all strategies that differ in their parameters alone.
type family[S tunable] struct {
	name  string // as --strategy takes it
	title string
	axes  []parameter[S]
	rule  string // that parameters must keep, or ""
	ok    func(S) bool
	cost  func(*S) *float64
}

// A parameter is a field of S: a whole number or a real one.
type parameter[S any] struct {
	name  string
	usual string // the values that are tried if nobody says otherwise
	whole func(*S) *int
	real  func(*S) *float64
}

// A strategyOf is a family whatever its parameters are.
type strategyOf interface {
	sweep(*sweepCmd, *env) error
	walkForward(*walkForwardCmd, *env) error
	monteCarlo(*monteCarloCmd, *env) error
	names() (strategy string, parameters []string)
}

// strategies are those that the command offers.
var strategies = []strategyOf{crossover, momentum, reversion, breakout}

var crossover = &family[backtest.Crossover]{
	name: "crossover", title: "moving-average crossover",
	axes: []parameter[backtest.Crossover]{
		{name: "fast", usual: "5:50:5", whole: func(c *backtest.Crossover) *int { return &c.Fast }},
		{name: "slow", usual: "20:120:5", whole: func(c *backtest.Crossover) *int { return &c.Slow }},
	},
	rule: "fast < slow", ok: func(c backtest.Crossover) bool { return c.Fast < c.Slow },
	cost: func(c *backtest.Crossover) *float64 { return &c.CostBps },
}

var momentum = &family[backtest.Momentum]{
	name: "momentum", title: "time-series momentum",
	axes: []parameter[backtest.Momentum]{
		{name: "window", usual: "10:120:10", whole: func(m *backtest.Momentum) *int { return &m.Window }},
		{name: "threshold", usual: "0:0.1:0.01", real: func(m *backtest.Momentum) *float64 { return &m.Threshold }},
	},
	cost: func(m *backtest.Momentum) *float64 { return &m.CostBps },
}

var reversion = &family[backtest.Reversion]{
	name: "reversion", title: "mean reversion by z-score",
	axes: []parameter[backtest.Reversion]{
		{name: "window", usual: "10:60:10", whole: func(r *backtest.Reversion) *int { return &r.Window }},
		{name: "entry", usual: "-2.5:-1:0.5", real: func(r *backtest.Reversion) *float64 { return &r.Entry }},
		{name: "exit", usual: "-0.5:1:0.5", real: func(r *backtest.Reversion) *float64 { return &r.Exit }},
	},
	rule: "entry < exit", ok: func(r backtest.Reversion) bool { return r.Entry < r.Exit },
	cost: func(r *backtest.Reversion) *float64 { return &r.CostBps },
}

var breakout = &family[backtest.Breakout]{
	name: "breakout", title: "channel breakout",
	axes: []parameter[backtest.Breakout]{
		{name: "entry", usual: "10:100:10", whole: func(k *backtest.Breakout) *int { return &k.Entry }},
		{name: "exit", usual: "5:50:5", whole: func(k *backtest.Breakout) *int { return &k.Exit }},
	},
	cost: func(k *backtest.Breakout) *float64 { return &k.CostBps },
}

// strategyNamed returns the family of that name.
func strategyNamed(name string) (strategyOf, error) {
	var all []string
	for _, s := range strategies {
		own, _ := s.names()
		if own == name {
			return s, nil
		}
		all = append(all, own)
	}
	return nil, usageError{fmt.Errorf("--strategy %q: must be %s", name, oneOf(all))}
}

// oneOf lists words as "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func (f *family[S]) names() (strategy string, parameters []string) {
	for _, a := range f.axes {
		parameters = append(parameters, a.name)
	}
	return f.name, parameters
}

// An axisSpec is the values of one parameter, as text.
type axisSpec struct {
	Name string `json:"name"`
	Spec string `json:"spec"`
}

// specs returns the values of every parameter: what the flags say, else what is usual.
func (f *family[S]) specs(flags []string) ([]axisSpec, error) {
	_, names := f.names()
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
		if p.whole != nil {
			axes[i], err = wholeAxis(p.name, specs[i].Spec, p.whole)
		} else {
			axes[i], err = realAxis(p.name, specs[i].Spec, p.real)
		}
		if err != nil {
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
	return func(s S) backtest.Strategy {
		*f.cost(&s) = costBps
		return s
	}
}

// point returns the parameters that NAME=VALUE texts name, one for each parameter.
func (f *family[S]) point(flags []string) (s S, err error) {
	specs, err := f.specs(flags)
	if err != nil {
		return s, err
	}
	if len(flags) != len(f.axes) {
		_, names := f.names()
		return s, fmt.Errorf("it needs a value for each of %s", strings.Join(names, ", "))
	}
	for i, p := range f.axes {
		if p.whole != nil {
			*p.whole(&s), err = wholeNumber(specs[i].Spec)
		} else {
			*p.real(&s), err = realNumber(specs[i].Spec)
		}
		if err != nil {
			return s, fmt.Errorf("%s=%s: %w", p.name, specs[i].Spec, err)
		}
	}
	return s, nil
}
