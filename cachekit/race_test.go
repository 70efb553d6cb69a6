//go:build race

package cachekit

const underRace = true
