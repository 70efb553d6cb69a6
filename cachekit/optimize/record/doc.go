// Package record keeps the results of trials in a folder: an append-only, checksummed [Journal] that a run
// which was killed goes on from, and the [Identity] that tells one run from another.
package record
