// Package output is how results are written: files that appear whole or not at all, tables as CSV, JSON and Parquet,
// and figures that a person reads.
package output

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// ReplaceFile writes the file of a name, as a [Target] does that nobody checked before.
func ReplaceFile(name string, write func(io.Writer) error) error {
	return (&Target{name: name}).Write(write)
}

// WriteJSON writes v to a file, or to the standard output if name is "-".
func WriteJSON(stdout io.Writer, name string, v any) error {
	t := &Target{name: name}
	if name == "-" {
		t.stdout = stdout
	}
	return t.WriteJSON(v)
}

// ReadJSON reads a file that WriteJSON wrote.
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

// WriteWhole writes data as the file of a name, see [ReplaceFile].
func WriteWhole(name string, data []byte) error {
	return ReplaceFile(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
