//gen: tags=special

package buildtags

type Asset struct{ Symbol Symbol }

//optcache:list of=Asset
type Key struct{ Name string }
