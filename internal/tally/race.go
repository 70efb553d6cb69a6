//go:build race

package tally

const underRace = true
