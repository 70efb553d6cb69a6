package digest

type Digest [20]byte

type Asset struct{ Symbol string }

// Key has a window beside the digest.
//
//optcache:list of=Asset cache=AssetsCache
type Key struct {
	Bundle      string
	Sum         Digest `optcache:"digest"`
	First, Last int64
	Weight      float32
	Phase       complex128
}
