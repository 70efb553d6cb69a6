//go:build !race

package propertytest_test

const underRace = false
