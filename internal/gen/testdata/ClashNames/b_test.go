package clashnames

func equalKey() {}
