// Package output is how results are written: files that appear whole or not at all, tables as CSV, JSON and Parquet,
// and figures that a person reads.
package output

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ReplaceFile writes a file that appears whole or not at all.
func ReplaceFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".optcache-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, withoutPath(err))
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", name, withoutPath(err))
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<16)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// withoutPath returns what the system says, without the name of a file that nobody asked for.
func withoutPath(err error) error {
	if path := new(fs.PathError); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// WriteJSON writes v to a file, or to the standard output if name is "-". A
// file appears whole or not at all.
func WriteJSON(stdout io.Writer, name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write the results as JSON: %w", err)
	}
	text = append(text, '\n')
	if name == "-" {
		_, err := stdout.Write(text)
		return err
	}
	return ReplaceFile(name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// ReadJSON reads a file that writeJSON wrote.
func ReadJSON(name string, v any) error {
	raw, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// WriteWhole writes a file that appears whole or not at all.
func WriteWhole(name string, data []byte) error {
	return ReplaceFile(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
