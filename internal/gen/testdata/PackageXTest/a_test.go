package packagextest_test

import (
	"testing"

	"example.com/cases/packagextest"
)

func TestList(t *testing.T) {
	if packagextest.NewAssetList(nil).Len() != 0 {
		t.Error("not empty")
	}
}
