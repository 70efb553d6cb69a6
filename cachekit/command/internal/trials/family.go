package trials

import (
	"fmt"
	"strings"

	"github.com/bmadventure/optcache/cachekit/backtest"
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
	Axes  []parameter[S]
	rule  string // that parameters must keep, or ""
	ok    func(S) bool
}

// NewFamily returns the family of a strategy whose fields have tags.
func NewFamily[S Tunable[S]](name, title string) (*Family[S], error) {
	f := &Family[S]{Name: name, Title: title}
	var err error
	if f.Axes, err = parametersOf[S](); err != nil {
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
		_, err = f.Space(specs)
	}
	if err != nil {
		return nil, fmt.Errorf("strategy %q: its tags: %w", name, err)
	}
	return f, nil
}

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

// A ParamHelp is a parameter, for the help.
type ParamHelp struct{ name, usual string }

// Help returns the parameters.
func (f *Family[S]) Help() []ParamHelp {
	all := make([]ParamHelp, len(f.Axes))
	for i, a := range f.Axes {
		all[i] = ParamHelp{a.Name, a.usual}
	}
	return all
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
	if f.rule != "" {
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
