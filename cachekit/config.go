package cachekit

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/bmadventure/optcache/policy"
)

// Config says how much an optimisation workspace caches. The zero value means
// the guide's defaults: 2 GB of cached data, 128 asset lists, a pool of 100 open
// bundles, everything on. What is on by default has a field that turns it off.
//
// A GB is 2^30 bytes.
type Config struct {
	// CacheSizeGB bounds the bytes that all caches together hold, in GB. 0
	// means 2.0. A value that does not fit is computed anew each time.
	CacheSizeGB float64

	// DisableCaching turns the caches off: every trial lists its assets and
	// loads and groups its bars itself.
	DisableCaching bool

	// LRUMaxSize is how many asset lists are kept, one for each version of a
	// bundle. 0 means 128.
	LRUMaxSize int

	// DisableBundlePooling closes every bundle as soon as its last reader is
	// done, instead of keeping it open for the next.
	DisableBundlePooling bool

	// MaxBundlePoolSize is how many bundles the pool keeps open. 0 means 100.
	MaxBundlePoolSize int

	// Policy names who leaves a full cache, as [policy.ByName] takes it: "lru"
	// is what the guide does. Empty means the default of [Options].
	Policy string
}

// The guide's defaults, and the largest values a Config takes: more is a typing
// error rather than a wish.
const (
	defaultCacheSizeGB = 2.0
	defaultLRUMaxSize  = 128
	defaultPoolSize    = 100

	maxCacheSizeGB = 1 << 20 // a petabyte
	maxCount       = 1 << 30

	bytesPerGB = 1 << 30
)

// MemoryConstrained is the guide's configuration for machines with little
// memory: 0.5 GB of cached data, 32 asset lists.
func MemoryConstrained() Config { return Config{CacheSizeGB: 0.5, LRUMaxSize: 32} }

// HighPerformance is the guide's configuration for large sweeps on machines with
// ample memory: 8 GB of cached data, 512 asset lists.
func HighPerformance() Config { return Config{CacheSizeGB: 8, LRUMaxSize: 512} }

// CacheBytes returns the bound on all caches together in bytes, at least 1.
func (c Config) CacheBytes() int64 {
	gb := c.CacheSizeGB
	if gb == 0 {
		gb = defaultCacheSizeGB
	}
	return max(1, int64(float64(gb*bytesPerGB)))
}

// AssetLists returns how many asset lists are kept.
func (c Config) AssetLists() int {
	if c.LRUMaxSize == 0 {
		return defaultLRUMaxSize
	}
	return c.LRUMaxSize
}

// PoolSize returns how many bundles are kept open; 0 if pooling is off.
func (c Config) PoolSize() int {
	switch {
	case c.DisableBundlePooling:
		return 0
	case c.MaxBundlePoolSize == 0:
		return defaultPoolSize
	}
	return c.MaxBundlePoolSize
}

// NewPolicy returns a new policy of the kind that Policy names, for one cache;
// nil for the default. It fails if there is none of that name.
func (c Config) NewPolicy() (policy.Policy, error) {
	if c.Policy == "" {
		return nil, nil
	}
	return policy.ByName(c.Policy)
}

// Validate returns an error that names every field out of its range.
func (c Config) Validate() error {
	var errs []error
	if c.CacheSizeGB != 0 && !validGB(c.CacheSizeGB) {
		errs = append(errs, fmt.Errorf("field CacheSizeGB is %v: must be %s, or 0 for %v", c.CacheSizeGB, wantGB, defaultCacheSizeGB))
	}
	if c.LRUMaxSize != 0 && !validCount(c.LRUMaxSize) {
		errs = append(errs, fmt.Errorf("field LRUMaxSize is %d: must be %s, or 0 for %d", c.LRUMaxSize, wantCount, defaultLRUMaxSize))
	}
	if c.MaxBundlePoolSize != 0 && !validCount(c.MaxBundlePoolSize) {
		errs = append(errs, fmt.Errorf("field MaxBundlePoolSize is %d: must be %s, or 0 for %d", c.MaxBundlePoolSize, wantCount, defaultPoolSize))
	}
	if _, err := c.NewPolicy(); err != nil {
		errs = append(errs, fmt.Errorf("field Policy: %w", err))
	}
	return errors.Join(errs...)
}

// What Validate and ConfigFromEnv say is allowed.
var (
	wantGB    = fmt.Sprintf("a number of GB above 0 and at most %d", maxCacheSizeGB)
	wantCount = fmt.Sprintf("a whole number from 1 to %d", maxCount)
	wantBool  = "a boolean: 1, t, true, 0, f or false"

	wantPolicy = "the name of a policy: adaptive, arc, clock, clocklirs, fifo, gdsf, lirs, lru, planned, s3fifo, sieve or wtinylfu"
)

func validGB(gb float64) bool { return gb > 0 && gb <= maxCacheSizeGB }

func validCount(n int) bool { return n >= 1 && n <= maxCount }

// ConfigFromEnv returns the configuration that the environment asks for.
// Variables that are not set or empty keep their defaults.
//
//	OPTCACHE_CACHE_SIZE_GB          a number above 0, such as 0.5
//	OPTCACHE_ENABLE_CACHING         a boolean as strconv.ParseBool takes it
//	OPTCACHE_LRU_MAXSIZE            a whole number from 1
//	OPTCACHE_ENABLE_BUNDLE_POOLING  a boolean
//	OPTCACHE_MAX_BUNDLE_POOL_SIZE   a whole number from 1
//	OPTCACHE_POLICY                 a name that policy.ByName takes, such as lru
//
// The same names with the prefix RUSTYBT_ are read too; where both are set,
// OPTCACHE_ wins. The error names every variable with a bad value, the value and
// what is allowed.
func ConfigFromEnv() (Config, error) {
	var c Config
	caching, pooling := true, true
	err := errors.Join(
		fromEnv("CACHE_SIZE_GB", &c.CacheSizeGB, parseGB, wantGB),
		fromEnv("ENABLE_CACHING", &caching, parseBool, wantBool),
		fromEnv("LRU_MAXSIZE", &c.LRUMaxSize, parseCount, wantCount),
		fromEnv("ENABLE_BUNDLE_POOLING", &pooling, parseBool, wantBool),
		fromEnv("MAX_BUNDLE_POOL_SIZE", &c.MaxBundlePoolSize, parseCount, wantCount),
		fromEnv("POLICY", &c.Policy, parsePolicy, wantPolicy),
	)
	if err != nil {
		return Config{}, err
	}
	c.DisableCaching, c.DisableBundlePooling = !caching, !pooling
	return c, nil
}

// fromEnv sets field from the variable of that name with the prefix that wins.
func fromEnv[T any](name string, field *T, parse func(string) (T, bool), want string) error {
	for _, prefix := range []string{"OPTCACHE_", "RUSTYBT_"} {
		text := os.Getenv(prefix + name)
		if text == "" {
			continue
		}
		value, ok := parse(text)
		if !ok {
			return fmt.Errorf("%s%s is %q: must be %s", prefix, name, text, want)
		}
		*field = value
		return nil
	}
	return nil
}

func parseGB(s string) (float64, bool) {
	gb, err := strconv.ParseFloat(s, 64)
	return gb, err == nil && validGB(gb)
}

func parseCount(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && validCount(n)
}

func parseBool(s string) (bool, bool) {
	b, err := strconv.ParseBool(s)
	return b, err == nil
}

func parsePolicy(s string) (string, bool) {
	_, err := policy.ByName(s)
	return s, err == nil
}
