// Package e2e has no code: its tests do with the generator what its users do, in
// modules of their own that they make in temporary directories.
package e2e
