package directiveintest

//optcache:params
type Params struct{}
