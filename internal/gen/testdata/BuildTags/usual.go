//go:build !special

package buildtags

type Symbol [8]byte
