package directiveintest

type Asset struct{ Symbol string }
