package predeclared

func len(s string) int { return 0 }

func min(a, b int) int { return a }

type Asset struct{ Symbol string }

//optcache:list of=Asset
type Key struct{ Name string }
