package search

import (
	"github.com/bmadventure/optcache/internal/stream"
)

// batches is the part that searches which learn from results share: trials are
// proposed in batches of a fixed size, each from the results of all batches before
// it, in the order of the trials. So it makes no difference to them how many
// trials run at the same time or which ends first.
type batches[P any] struct {
	sampler *sampler[P]
	ledger
	n, batch int
	seed     uint64
	at       [][]uint64 // positions of each trial
	params   []P        // of the trials of the last batch
	first    int        // trial of the last batch

	// propose returns a point for a trial and its positions. It is called when
	// the values of all earlier batches are known.
	propose func(trial int) (P, []uint64)
}

func newBatches[P any](space *Space[P], n int, o Options, batch int) (batches[P], error) {
	if err := o.check(n); err != nil {
		return batches[P]{}, err
	}
	s, err := newSampler(space, o.Seed)
	if err != nil {
		return batches[P]{}, err
	}
	if o.Batch > 0 {
		batch = o.Batch
	}
	return batches[P]{sampler: s, n: n, batch: batch, seed: o.Seed, ledger: ledger{minimize: o.Minimize}}, nil
}

// Len returns the number of trials.
func (b *batches[P]) Len() int { return b.n }

// Ask returns the next trial. It reports false when all of a batch are
// outstanding or told and some of them are not told yet.
func (b *batches[P]) Ask() (t Trial[P], ok bool) {
	next := b.asked()
	if next == b.n {
		return t, false
	}
	if next == b.first+len(b.params) {
		if !b.settled() {
			return t, false
		}
		b.plan(next)
	}
	b.ask()
	return Trial[P]{next, b.params[next-b.first]}, true
}

// plan proposes the trials of the batch that begins with trial first.
func (b *batches[P]) plan(first int) {
	b.first, b.params = first, b.params[:0]
	for trial := first; trial < min(first+b.batch, b.n); trial++ {
		propose := b.propose
		if trial%explore == explore-1 {
			propose = b.random
		}
		p, at := propose(trial)
		b.params, b.at = append(b.params, p), append(b.at, at)
	}
}

// explore is how many trials there are for each that is drawn by chance however
// much is known, so that no search stays on one hill for ever.
const explore = 8

// random proposes a point by chance.
func (b *batches[P]) random(trial int) (P, []uint64) {
	at := make([]uint64, len(b.sampler.space.axes))
	return b.sampler.next(stream.New(b.seed, stream.ForDraw, uint64(trial)), at), at
}
