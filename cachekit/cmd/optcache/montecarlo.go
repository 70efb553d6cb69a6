package main

type monteCarloCmd struct{}

func (f *family[S]) monteCarlo(c *monteCarloCmd, e *env) error { return nil }
