package main

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A progress tells how far a long command came: as a bar on a terminal, as log
// lines elsewhere. It is not for concurrent use.
type progress struct {
	log   *slog.Logger
	bar   *progressbar.ProgressBar // nil off a terminal
	phase string
	base  int // steps of the phases before
	done  int
	total int
	began time.Time
	last  time.Time // of the last log line
}

// logEvery is how often a running phase logs a line.
const logEvery = 5 * time.Second

// newProgress returns a progress of total steps.
func (e *env) newProgress(total int) *progress {
	p := &progress{log: e.log, total: total, began: time.Now(), last: time.Now()}
	if !e.quiet && isTerminal(e.stderr) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(e.stderr),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(65*time.Millisecond),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// start begins a phase.
func (p *progress) start(phase string) {
	p.phase, p.base = phase, p.done
	if p.bar != nil {
		p.bar.Describe(phase)
		return
	}
	p.log.Debug(phase)
}

// step tells how many trials of the phase are done.
func (p *progress) step(done, _ int) {
	p.done = p.base + done
	if p.bar != nil {
		_ = p.bar.Set(p.done) // a bar that cannot be drawn is no reason to stop
		return
	}
	if time.Since(p.last) >= logEvery {
		p.last = time.Now()
		p.log.Info(p.phase, "trials", p.done, "of", p.total, "left", p.left())
	}
}

// left estimates how long the rest takes, if it goes on as it went.
func (p *progress) left() time.Duration {
	if p.done == 0 {
		return 0
	}
	per := time.Since(p.began) / time.Duration(p.done)
	return (per * time.Duration(p.total-p.done)).Round(time.Second)
}

// finish clears the bar.
func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
