package main

type walkForwardCmd struct{}

func (f *family[S]) walkForward(c *walkForwardCmd, e *env) error { return nil }
