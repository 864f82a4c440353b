package taskchain_test

import (
	"encoding/json"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/taskchain-go/taskchain"

// floors is the packages of the library, each of which may import those before
// it.
var floors = map[string]int{"policy": 0, "builder": 1, "chain": 2, "codec": 3, "report": 3, "runner": 4}

func goJSON(t *testing.T, v any, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, v))
}

func TestImportsGoOneWay(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	require.NoError(t, err)
	seen := 0
	for line := range strings.Lines(string(out)) {
		packages := strings.Fields(line)
		from, isFloor := floors[floor(packages[0])]
		if !isFloor || packages[0] == module+"/chain/chaintest" { // for tests of plans: it stands above all
			continue
		}
		seen++
		for _, imported := range packages[1:] {
			to, isFloor := floors[floor(imported)]
			require.False(t, isFloor && to > from, "%s imports %s", packages[0], imported)
			require.NotContains(t, imported, module+"/examples")
		}
	}
	require.GreaterOrEqual(t, seen, len(floors))
}

// floor is the first part of a path inside the module.
func floor(path string) string {
	inside, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(inside, "/")
	return first
}

func TestTheRootModuleDependsOnLittle(t *testing.T) {
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	goJSON(t, &mod, "mod", "edit", "-json", "go.mod")
	require.NotEmpty(t, mod.Require)
	for _, r := range mod.Require {
		require.True(t, r.Indirect || slices.Contains([]string{
			"github.com/cenkalti/backoff/v4",
			"github.com/samber/lo",
			"github.com/stretchr/testify",
		}, r.Path), "%s belongs in a nested module", r.Path)
	}
}

// A nested module that go.work does not list would be left out of the test
// command.
func TestEveryModuleIsTested(t *testing.T) {
	var dirs []string
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.Name() == "go.mod" {
			dirs = append(dirs, filepath.Dir(path))
		}
		return err
	}))
	require.Contains(t, dirs, ".")
	if len(dirs) == 1 {
		return
	}
	require.FileExists(t, "go.work", "CONTRIBUTING.md says how nested modules are tested")
	var work struct{ Use []struct{ DiskPath string } }
	goJSON(t, &work, "work", "edit", "-json")
	var listed []string
	for _, use := range work.Use {
		listed = append(listed, filepath.Clean(use.DiskPath))
	}
	require.ElementsMatch(t, dirs, listed, "go.work does not list the modules there are")
}
