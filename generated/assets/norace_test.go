//go:build !race

package assets_test

const underRace = false
