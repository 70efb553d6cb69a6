package policy

// A list is an intrusive ring of entries around a root that is no entry of the
// cache: root.Next is the front, root.Prev the back. An entry is in at most one
// list. Init must be called before anything else.
type list struct {
	root  Entry
	n     int   // entries
	bytes int64 // sum of their sizes
}

func (l *list) init() {
	l.root.Prev, l.root.Next = &l.root, &l.root
	l.n, l.bytes = 0, 0
}

// back returns the last entry, nil if there is none.
func (l *list) back() *Entry { return l.at(l.root.Prev) }

// before returns the entry in front of e, nil if e is the first.
func (l *list) before(e *Entry) *Entry { return l.at(e.Prev) }

func (l *list) at(e *Entry) *Entry {
	if e == &l.root {
		return nil
	}
	return e
}

func (l *list) pushFront(e *Entry) {
	l.link(e, &l.root)
	l.n++
	l.bytes += e.Size
}

func (l *list) remove(e *Entry) {
	l.unlink(e)
	e.Prev, e.Next = nil, nil
	l.n--
	l.bytes -= e.Size
}

func (l *list) moveToFront(e *Entry) {
	if l.root.Next == e {
		return
	}
	l.unlink(e)
	l.link(e, &l.root)
}

// link puts e behind at.
func (l *list) link(e, at *Entry) {
	e.Prev, e.Next = at, at.Next
	at.Next.Prev = e
	at.Next = e
}

func (l *list) unlink(e *Entry) {
	e.Prev.Next = e.Next
	e.Next.Prev = e.Prev
}

// nominate appends entries from the back until their sizes reach need, at least
// one if there is any.
func (l *list) nominate(victims []*Entry, need int64) []*Entry {
	for e := l.back(); e != nil; e = l.before(e) {
		victims = append(victims, e)
		if need -= e.Size; need <= 0 {
			break
		}
	}
	return victims
}
