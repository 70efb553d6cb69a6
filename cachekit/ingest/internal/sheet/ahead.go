package sheet

// A Batch is records that follow each other, or one error.
type Batch struct {
	Lines []int // that each record begins at
	Err   error // what [Sheet.Read] returned after these records, or nil
	Line  int   // of the error

	columns int
	fields  []string
}

// Record returns record i. It may be used until [Ahead.Next] is called again.
func (b *Batch) Record(i int) []string {
	return b.fields[i*b.columns : (i+1)*b.columns : (i+1)*b.columns]
}

// An Ahead reads records on a goroutine of its own, some ahead of those that are asked for. It must be closed, and its
// sheet used by nobody else until then.
type Ahead struct {
	full, empty chan *Batch
	stop        chan struct{}
	last        *Batch
}

// Ahead reads on from where the sheet is.
func (s *Sheet) Ahead() *Ahead {
	const (
		batches = 3 // one is filled while one is read, and one waits
		most    = 1024
		fields  = 16 << 10 // in a batch, where columns are many
	)
	records := min(most, max(1, fields/s.Columns))
	a := &Ahead{full: make(chan *Batch, batches), empty: make(chan *Batch, batches), stop: make(chan struct{})}
	for range batches {
		a.empty <- &Batch{
			columns: s.Columns, fields: make([]string, 0, records*s.Columns), Lines: make([]int, 0, records),
		}
	}
	go s.readAhead(a)
	return a
}

func (s *Sheet) readAhead(a *Ahead) {
	defer close(a.full)
	for {
		var b *Batch
		select {
		case b = <-a.empty:
		case <-a.stop:
			return
		}
		b.fields, b.Lines, b.Err = b.fields[:0], b.Lines[:0], nil
		for len(b.Lines) < cap(b.Lines) && b.Err == nil {
			var record []string
			var line int
			if record, line, b.Err = s.Read(); b.Err != nil {
				b.Line = line
				break
			}
			b.fields, b.Lines = append(b.fields, record...), append(b.Lines, line)
		}
		a.full <- b // there is room for all batches
		if ends(b.Err) {
			return
		}
	}
}

// Next returns what comes next. It is nil after a batch whose error is io.EOF or an [*Error] that is Fatal.
func (a *Ahead) Next() *Batch {
	if a.last != nil {
		a.empty <- a.last
	}
	a.last = <-a.full
	return a.last
}

// Close ends the reading, and returns when the sheet is not used any more.
func (a *Ahead) Close() {
	close(a.stop)
	for range a.full {
	}
}
