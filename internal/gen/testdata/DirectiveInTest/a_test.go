package directiveintest_test

//optcache:list of=Asset
type Key struct{ Name string }
