//go:build !unix

package output

import (
	"errors"
	"io/fs"
	"os"
)

func descriptorOf(string) (int, bool) { return 0, false } // no file is named so

func descriptorPlace(int) (place, error) { return place{}, errors.ErrUnsupported }

func mayWrite(string) error { return nil }

func mayReplace(string, fs.FileInfo) error { return nil }

func keepOwner(*os.File, fs.FileInfo) {}

func isNoFolder(error) bool { return false } // it says that the file is not there
