package policy

// lru evicts the entry whose last use lies furthest back.
//
// A set counts as a use: an entry that comes, the new entry of a replaced key
// included, is the most recently used.
type lru struct {
	recency list // front: most recently used
}

// NewLRU returns a policy that evicts the least recently used entry: exact, in
// the order in which Use and Add name the entries. It admits every newcomer and
// remembers nothing of those who left. On a loop larger than the cache it hits
// nothing.
func NewLRU() Policy {
	p := new(lru)
	p.recency.init()
	return p
}

func (p *lru) Add(e *Entry) { p.recency.pushFront(e) }

func (p *lru) Use(entries []*Entry) {
	for _, e := range entries {
		p.recency.moveToFront(e)
	}
}

func (p *lru) Remove(e *Entry, _ Reason) { p.recency.remove(e) }

func (p *lru) Resize(int64) {}

func (p *lru) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	return p.recency.nominate(victims, need), true
}

func (p *lru) Ordered() bool { return true }
