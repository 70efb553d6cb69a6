package montecarlo

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/optimize/robust"
)

// A Report is what the tests found, in the shape of its JSON. A test that
// was not made is null.
type Report struct {
	Bundle      output.Bundle       `json:"bundle"`
	Strategy    string              `json:"strategy"`
	CostBps     float64             `json:"cost_bps"`
	Params      output.Params       `json:"params"`
	Trial       *int                `json:"trial"`  // best of the search; null with --set
	Trials      int                 `json:"trials"` // of the search; 0 with --set
	Objective   string              `json:"objective"`
	Minimize    bool                `json:"minimize"`
	Performance output.Performance  `json:"performance"`
	Seed        uint64              `json:"seed"`
	Confidence  float64             `json:"confidence"`
	Workers     int                 `json:"workers"`
	Seconds     float64             `json:"seconds"`
	Bootstrap   *distributionReport `json:"bootstrap"`
	Permutation *distributionReport `json:"permutation"`
	Noise       *noiseReport        `json:"noise"`
	Sensitivity *sensitivityReport  `json:"sensitivity"`
	Deflated    *deflatedReport     `json:"deflated_sharpe"`
	Overfitting *overfittingReport  `json:"overfitting"`
	Skipped     []skippedReport     `json:"skipped"`

	title string
}

type distributionReport struct {
	Metric    string        `json:"metric"`
	Observed  output.Number `json:"observed"`
	Samples   int           `json:"samples"`
	Failed    int           `json:"failed"`
	Mean      output.Number `json:"mean"`
	Deviation output.Number `json:"deviation"`
	Median    output.Number `json:"median"`
	Low       output.Number `json:"low"`
	High      output.Number `json:"high"`
	PValue    output.Number `json:"p_value"`
}

func newDistribution(m backtest.Metric, d robust.Distribution) *distributionReport {
	return &distributionReport{
		m.String(), output.Number(d.Observed), d.Samples, d.Failed, output.Number(d.Mean), output.Number(d.StdDev),
		output.Number(d.Median), output.Number(d.Low), output.Number(d.High), output.Number(d.PValue),
	}
}

type noiseReport struct {
	distributionReport
	Degradation output.Number `json:"degradation"` // share of the value that is lost on average
	Worst       output.Number `json:"worst"`       // that all but a twentieth of the samples reach
}

type sensitivityReport struct {
	Objective string        `json:"objective"`
	Base      output.Number `json:"base"`
	Range     output.Number `json:"range"`
	Trials    int           `json:"trials"`
	Failed    int           `json:"failed"`
	Axes      []axisReport  `json:"axes"`
	Pairs     []pairReport  `json:"pairs"`
}

type axisReport struct {
	Name   string            `json:"name"`
	Share  output.Number     `json:"share"` // of the variance along all axes
	Drop   output.Number     `json:"drop"`  // to the neighbours, as a share of the range: near 0 on a plateau, near 1 on a spike
	Points []axisPointReport `json:"points"`
}

type axisPointReport struct {
	Value     any           `json:"value"`
	Objective output.Number `json:"objective"`
}

type pairReport struct {
	A           string        `json:"a"`
	B           string        `json:"b"`
	Interaction output.Number `json:"interaction"`
}

func newSensitivity(objective string, s *robust.SensitivityResult) *sensitivityReport {
	r := &sensitivityReport{objective, output.Number(s.Base), output.Number(s.Range), s.Trials, s.Failed, []axisReport{}, []pairReport{}}
	for _, a := range s.Axes {
		axis := axisReport{a.Name, output.Number(a.Share), output.Number(a.Drop), []axisPointReport{}}
		for _, p := range a.Points {
			axis.Points = append(axis.Points, axisPointReport{p.Value, output.Number(p.Objective)})
		}
		r.Axes = append(r.Axes, axis)
	}
	for _, p := range s.Pairs {
		r.Pairs = append(r.Pairs, pairReport{p.A, p.B, output.Number(p.Interaction)})
	}
	return r
}

// deflatedReport has Sharpe ratios for one bar, not a year.
type deflatedReport struct {
	Trials      int           `json:"trials"`
	Sharpe      output.Number `json:"sharpe"`
	Expected    output.Number `json:"expected"`
	Probability output.Number `json:"probability"`
}

type overfittingReport struct {
	Trials      int           `json:"trials"`
	Splits      int           `json:"splits"`
	Probability output.Number `json:"probability"`
	Loss        output.Number `json:"loss"`
	Slope       output.Number `json:"slope"`
}

type skippedReport struct {
	Test   string `json:"test"`
	Reason string `json:"reason"`
}

// report begins the report.
func (m *monteCarlo[S]) report(head output.Bundle) *Report {
	r := &Report{
		Bundle:   head,
		Strategy: m.StrategyName(), CostBps: m.CostBps, Params: m.Space.Params(m.subject), Trials: len(m.out),
		Objective: m.Objective, Minimize: m.Minimize, Seed: m.Seed, Confidence: m.cmd.Confidence, Workers: m.Workers,
		Performance: output.Performance(backtest.Measure(m.returns, m.segments.PeriodsPerYear())),
		Skipped:     []skippedReport{}, title: m.Family.Title,
	}
	if m.trial >= 0 {
		r.Trial = &m.trial
	}
	return r
}

// print writes the report for people.
func (r *Report) print(w io.Writer) {
	r.Bundle.Print(w)
	var params []string
	for _, p := range r.Params {
		params = append(params, p.Name+" "+output.Shown(p.Value))
	}
	from := "as given"
	if r.Trial != nil {
		from = fmt.Sprintf("trial %d, the best of %d by %s", *r.Trial, r.Trials, r.Objective)
	}
	fmt.Fprintf(w, "subject  %s, %s: %s\n", r.title, strings.Join(params, ", "), from)
	p := backtest.Performance(r.Performance)
	fmt.Fprintf(w, "         total return %.4f, sharpe %.4f, max drawdown %.4f\n\n", output.Fixed(p.TotalReturn), output.Fixed(p.Sharpe), output.Fixed(p.MaxDrawdown))
	r.printDistributions(w)
	r.printVerdicts(w)
	r.printSensitivity(w)
	for _, s := range r.Skipped {
		fmt.Fprintf(w, "left out: %s: %s\n", s.Test, s.Reason)
	}
}

func (r *Report) printDistributions(w io.Writer) {
	if r.Bootstrap == nil && r.Permutation == nil && r.Noise == nil {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-12s\tmetric\tobserved\tmean\tmedian\t%v %% interval\tp-value\tsamples\t\n", "test", 100*r.Confidence)
	row := func(name string, d *distributionReport) {
		fmt.Fprintf(t, "%-12s\t%s\t%.4f\t%.4f\t%.4f\t%.4f to %.4f\t%.4f\t%d\t\n", name, strings.ReplaceAll(d.Metric, "_", " "),
			output.Fixed(d.Observed), output.Fixed(d.Mean), output.Fixed(d.Median), output.Fixed(d.Low), output.Fixed(d.High), output.Fixed(d.PValue), d.Samples)
	}
	if r.Bootstrap != nil {
		row(testBootstrap, r.Bootstrap)
	}
	if r.Permutation != nil {
		row(testPermutation, r.Permutation)
	}
	if r.Noise != nil {
		row(testNoise, &r.Noise.distributionReport)
	}
	t.Flush()
	fmt.Fprintln(w)
}

func (r *Report) printVerdicts(w io.Writer) {
	if n := r.Noise; n != nil && !math.IsNaN(float64(n.Degradation)) {
		fmt.Fprintf(w, "noise takes %.1f %% of the %s on average; 95 %% of the samples keep at least %.4f\n", 100*output.Fixed(n.Degradation), n.Metric, output.Fixed(n.Worst))
	}
	if d := r.Deflated; d != nil {
		fmt.Fprintf(w, "deflated Sharpe ratio: %.4f is the probability that the true one is above %.4f a bar, which the best of %d lucky trials is expected to have; it was %.4f\n",
			output.Fixed(d.Probability), output.Fixed(d.Expected), d.Trials, output.Fixed(d.Sharpe))
	}
	if o := r.Overfitting; o != nil {
		fmt.Fprintf(w, "overfitting: in %.1f %% of %d splits of the time the best of %d trials in one half is not above the median in the other, in %.1f %% it loses money there\n",
			100*float64(o.Probability), o.Splits, o.Trials, 100*float64(o.Loss))
	}
}

func (r *Report) printSensitivity(w io.Writer) {
	s := r.Sensitivity
	if s == nil {
		return
	}
	fmt.Fprintf(w, "\nsensitivity of the %s, %s around %.4f, range %.4f\n", s.Objective, output.Count(s.Trials, "trial"), output.Fixed(s.Base), output.Fixed(s.Range))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "parameter\tshare of the variance\tdrop to the neighbours\t")
	for _, a := range s.Axes {
		fmt.Fprintf(t, "%s\t%.4f\t%.4f\t\n", a.Name, output.Fixed(a.Share), output.Fixed(a.Drop))
	}
	t.Flush()
	for _, p := range s.Pairs {
		fmt.Fprintf(w, "%s and %s together: interaction %.4f of the range\n", p.A, p.B, output.Fixed(p.Interaction))
	}
}
