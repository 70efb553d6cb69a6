//go:build special

package buildtags

type Symbol string
