package policy

// A sketch estimates how often hashes were seen lately: a count-min sketch of
// four rows of four-bit counters that are halved once in a while.
//
// G. Cormode, S. Muthukrishnan, "An improved data stream summary: the count-min
// sketch and its applications", J. Algorithms 55(1), 2005; the halving is from
// G. Einziger, R. Friedman, B. Manes, "TinyLFU: a highly efficient cache
// admission policy", ACM Transactions on Storage 13(4), 2017.
type sketch struct {
	words []uint64 // 16 counters each; a power of two of them
	seen  int      // since the last halving
}

const (
	sketchRows   = 4
	sketchMax    = 15 // where a counter stops
	sketchWindow = 10 // sightings for each word before all are halved
)

// grow makes room for n hashes. The counts so far are kept: a hash finds them
// where a larger sketch looks for it.
func (s *sketch) grow(n int) {
	if len(s.words) == 0 {
		s.words = make([]uint64, 16)
	}
	for len(s.words) < n {
		s.words = append(s.words, s.words...)
	}
}

// see counts a sighting of hash.
func (s *sketch) see(hash uint64) {
	for row := range uint64(sketchRows) {
		word, shift := s.counter(hash, row)
		if s.words[word]>>shift&sketchMax < sketchMax {
			s.words[word] += 1 << shift
		}
	}
	if s.seen++; s.seen >= sketchWindow*len(s.words) {
		s.seen /= 2
		for i, w := range s.words {
			s.words[i] = w >> 1 & 0x7777777777777777
		}
	}
}

// estimate returns how often hash was seen lately: never too little, at most
// sketchMax.
func (s *sketch) estimate(hash uint64) int {
	least := uint64(sketchMax)
	for row := range uint64(sketchRows) {
		word, shift := s.counter(hash, row)
		least = min(least, s.words[word]>>shift&sketchMax)
	}
	return int(least)
}

// counter returns where the counter of hash in a row is: each row has four of
// the sixteen counters of a word.
func (s *sketch) counter(hash, row uint64) (word, shift uint64) {
	h := (hash + row) * 0x9e3779b97f4a7c15
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h >> 32 & uint64(len(s.words)-1), (row<<2 | h&3) << 2
}
