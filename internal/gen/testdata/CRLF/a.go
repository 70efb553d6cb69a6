package crlf

type Asset struct{ Symbol string }

// Key has lines that end as they do on Windows.
//
//optcache:list of=Asset cache=AssetsCache
type Key struct {
	Name string `optcache:""`
}
