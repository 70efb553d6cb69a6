package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Name, Dir, Export                string
	GoFiles, CgoFiles, TestGoFiles, XTestGoFiles []string
	ImportMap                                    map[string]string
	Module                                       *struct{ Path, Dir string }
	Error                                        *struct{ Err string }
	DepOnly                                      bool
}

const listFields = "ImportPath,Name,Dir,Export,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,ImportMap,Module,Error,DepOnly"

// goList runs `go list` in dir and returns the packages with all that they
// import. Packages that do not compile are returned too, without export data.
func goList(ctx context.Context, dir, tags string, env []string, patterns ...string) ([]*listed, error) {
	args := []string{"list", "-e", "-export", "-deps", "-json=" + listFields}
	if tags != "" {
		args = append(args, "-tags="+tags)
	}
	out, err := run(ctx, dir, env, append(append(args, "--"), patterns...)...)
	if err != nil {
		return nil, err
	}
	var all []*listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(listed)
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading what go list printed: %w", err)
		}
		all = append(all, p)
	}
}

// run runs the go command in dir and returns what it printed.
func run(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	if env != nil {
		cmd.Env = append(os.Environ(), env...)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s in %s: %w\n%s", args[0], dir, err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

// importPath returns the import path of a folder that has no package yet.
func importPath(ctx context.Context, dir string, env []string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return pathBelow(ctx, at, dir, env)
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("finding the import path of %s: there is no go.mod in it or above: run `go mod init` first", dir)
		}
	}
}

// pathBelow returns the import path of dir in the module whose go.mod lies in root.
func pathBelow(ctx context.Context, root, dir string, env []string) (string, error) {
	out, err := run(ctx, root, env, "mod", "edit", "-json")
	if err != nil {
		return "", err
	}
	var mod struct{ Module struct{ Path string } }
	if err := json.Unmarshal(out, &mod); err != nil {
		return "", fmt.Errorf("reading %s: %w", filepath.Join(root, "go.mod"), err)
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return "", err
	}
	if rel == "." {
		return mod.Module.Path, nil
	}
	return mod.Module.Path + "/" + filepath.ToSlash(rel), nil
}
