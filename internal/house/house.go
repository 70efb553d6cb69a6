// Package house has no code: its tests keep the rules of this repository that
// the compiler does not, such as which package may import which.
package house
