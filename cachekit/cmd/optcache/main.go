// Command optcache sweeps a strategy over market data with and without caches,
// proves that both give the same results, and keeps the bundles of market data
// that sweeps run on.
//
// It is package [github.com/bmadventure/optcache/cachekit/command] with the strategies that come along;
// optcache --help tells what it does.
package main

import "github.com/bmadventure/optcache/cachekit/command"

func main() { command.Main() }
