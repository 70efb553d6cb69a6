package packagextest

type Asset struct{ Symbol string }

//optcache:list of=Asset
type Key struct{ Name string }
