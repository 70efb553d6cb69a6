package cachekit_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit"
)

// clearEnv unsets every variable that ConfigFromEnv reads, for one test.
func clearEnv(t *testing.T) {
	for _, prefix := range []string{"OPTCACHE_", "RUSTYBT_"} {
		for _, name := range []string{"CACHE_SIZE_GB", "ENABLE_CACHING", "LRU_MAXSIZE", "ENABLE_BUNDLE_POOLING", "MAX_BUNDLE_POOL_SIZE", "POLICY"} {
			t.Setenv(prefix+name, "")
		}
	}
}

func TestConfigZeroValueIsTheGuide(t *testing.T) {
	var c cachekit.Config
	if got := c.CacheBytes(); got != 2<<30 {
		t.Errorf("cache bytes %d, want 2 GB", got)
	}
	if got := c.AssetLists(); got != 128 {
		t.Errorf("asset lists %d, want 128", got)
	}
	if got := c.PoolSize(); got != 100 {
		t.Errorf("pool size %d, want 100", got)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestConfigPresets(t *testing.T) {
	for _, c := range []struct {
		name  string
		c     cachekit.Config
		bytes int64
		lists int
	}{
		{"MemoryConstrained", cachekit.MemoryConstrained(), 512 << 20, 32},
		{"HighPerformance", cachekit.HighPerformance(), 8 << 30, 512},
	} {
		if c.c.CacheBytes() != c.bytes || c.c.AssetLists() != c.lists || c.c.Validate() != nil {
			t.Errorf("%s: %d bytes, %d lists, %v", c.name, c.c.CacheBytes(), c.c.AssetLists(), c.c.Validate())
		}
	}
}

func TestConfigPoolingOff(t *testing.T) {
	if n := (cachekit.Config{DisableBundlePooling: true, MaxBundlePoolSize: 7}).PoolSize(); n != 0 {
		t.Errorf("pool size %d with pooling off", n)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, c := range []cachekit.Config{
		{CacheSizeGB: -1}, {CacheSizeGB: 1 << 21}, {LRUMaxSize: -1}, {LRUMaxSize: 1<<30 + 1}, {MaxBundlePoolSize: -5}, {Policy: "random"},
	} {
		if c.Validate() == nil {
			t.Errorf("%+v passes", c)
		}
	}
}

func TestConfigFromEnv(t *testing.T) {
	all := cachekit.Config{CacheSizeGB: 0.25, DisableCaching: true, LRUMaxSize: 7, DisableBundlePooling: true, MaxBundlePoolSize: 3, Policy: "lru"}
	for _, prefix := range []string{"OPTCACHE_", "RUSTYBT_"} {
		t.Run(prefix, func(t *testing.T) {
			clearEnv(t)
			t.Setenv(prefix+"CACHE_SIZE_GB", "0.25")
			t.Setenv(prefix+"ENABLE_CACHING", "F")
			t.Setenv(prefix+"LRU_MAXSIZE", "7")
			t.Setenv(prefix+"ENABLE_BUNDLE_POOLING", "0")
			t.Setenv(prefix+"MAX_BUNDLE_POOL_SIZE", "3")
			t.Setenv(prefix+"POLICY", "lru")
			got, err := cachekit.ConfigFromEnv()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(all, got); d != "" {
				t.Error(d)
			}
		})
	}
	t.Run("nothing set", func(t *testing.T) {
		clearEnv(t)
		got, err := cachekit.ConfigFromEnv()
		if err != nil || got != (cachekit.Config{}) {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("our prefix wins", func(t *testing.T) {
		clearEnv(t)
		t.Setenv("RUSTYBT_CACHE_SIZE_GB", "nonsense that is not read")
		t.Setenv("OPTCACHE_CACHE_SIZE_GB", "4")
		got, err := cachekit.ConfigFromEnv()
		if err != nil || got.CacheSizeGB != 4 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestConfigFromEnvBadValues(t *testing.T) {
	for name, values := range map[string][]string{
		"CACHE_SIZE_GB":         {"abc", "NaN", "Inf", "-inf", "0", "-2", "1e300", "1e999", "2GB", " "},
		"ENABLE_CACHING":        {"yes", "on", "2", "tru"},
		"LRU_MAXSIZE":           {"abc", "0", "-5", "1.5", "99999999999999999999", "2147483648", "NaN"},
		"ENABLE_BUNDLE_POOLING": {"enabled"},
		"MAX_BUNDLE_POOL_SIZE":  {"many", "0", "-1", "1e3"},
		"POLICY":                {"LRU2", "best", "lru "},
	} {
		for _, value := range values {
			for _, prefix := range []string{"OPTCACHE_", "RUSTYBT_"} {
				clearEnv(t)
				t.Setenv(prefix+name, value)
				_, err := cachekit.ConfigFromEnv()
				if err == nil {
					t.Errorf("%s%s=%q passes", prefix, name, value)
					continue
				}
				if msg := err.Error(); !strings.Contains(msg, prefix+name) || !strings.Contains(msg, strconv.Quote(value)) || !strings.Contains(msg, "must be") {
					t.Errorf("%s%s=%q: the error does not say what and how: %v", prefix, name, value, err)
				}
			}
		}
	}
}

func TestConfigFromEnvNamesEveryBadVariable(t *testing.T) {
	clearEnv(t)
	t.Setenv("OPTCACHE_CACHE_SIZE_GB", "x")
	t.Setenv("OPTCACHE_LRU_MAXSIZE", "y")
	_, err := cachekit.ConfigFromEnv()
	if err == nil || !strings.Contains(err.Error(), `"x"`) || !strings.Contains(err.Error(), `"y"`) {
		t.Errorf("got %v", err)
	}
}
