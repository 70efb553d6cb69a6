// Package list emits an immutable list of a type of the user's.
package list
