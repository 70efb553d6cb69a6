package policy

// A Sampler is an ordered policy that need not be told of every hit. A cache that
// knows it saves itself the recording of the others.
type Sampler interface {
	Policy

	// Sample returns a mask: Use need be told only of hits on entries whose hash
	// is zero in its bits. More does no harm. The mask may change with every
	// other call.
	Sample() (mask uint64)
}
