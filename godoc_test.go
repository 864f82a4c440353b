package taskchain_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A surface is what the packages export, nested modules included.
type surface struct {
	names []exportedName
	shown map[string]bool // names and methods that stand in the code of an Example
}

// An exportedName is a name that users can type: "runner.NewSync", "runner.Handle.Wait".
type exportedName struct {
	dir, name string
	doc       string
	called    bool // a function or method
}

// packageDirs are the folders of the packages that others can import.
func packageDirs(t *testing.T) []string {
	t.Helper()
	dirs := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains([]string{"internal", "testdata", "examples", "scripts", ".git"}, d.Name()) {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, ".go") || filepath.Dir(path) == "." {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly)
		if err == nil && file.Name.Name != "main" {
			dirs[filepath.Dir(path)] = true
		}
		return err
	}))
	return slices.Sorted(maps.Keys(dirs))
}

func surfaceOf(t *testing.T) surface {
	t.Helper()
	s := surface{shown: map[string]bool{}}
	for _, dir := range append(packageDirs(t), ".") {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, entry := range entries {
			if !strings.HasSuffix(entry.Name(), ".go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, entry.Name()), nil, parser.ParseComments|parser.SkipObjectResolution)
			require.NoError(t, err)
			if strings.HasSuffix(entry.Name(), "_test.go") {
				s.readExamples(file)
				continue
			}
			for _, decl := range file.Decls {
				s.readDecl(dir, decl)
			}
		}
	}
	return s
}

func (s *surface) add(dir, name string, called bool, docs ...*ast.CommentGroup) {
	e := exportedName{dir: dir, name: filepath.Base(dir) + "." + name, called: called}
	for _, doc := range docs {
		e.doc += doc.Text()
	}
	s.names = append(s.names, e)
}

func (s *surface) readDecl(dir string, decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if !d.Name.IsExported() {
			return
		}
		if d.Recv == nil {
			s.add(dir, d.Name.Name, true, d.Doc)
		} else if receiver := receiverOf(d); ast.IsExported(receiver) {
			s.add(dir, receiver+"."+d.Name.Name, true, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() {
					s.add(dir, spec.Name.Name, false, d.Doc, spec.Doc)
				}
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					if name.IsExported() {
						s.add(dir, name.Name, false, d.Doc, spec.Doc, spec.Comment)
					}
				}
			}
		}
	}
}

func receiverOf(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	for {
		switch of := t.(type) {
		case *ast.StarExpr:
			t = of.X
		case *ast.IndexExpr:
			t = of.X
		case *ast.IndexListExpr:
			t = of.X
		case *ast.Ident:
			return of.Name
		default:
			return ""
		}
	}
}

// readExamples notes what stands in the code of the Examples, be it typed in them
// or in what their file declares for them.
func (s *surface) readExamples(file *ast.File) {
	var examples bool
	for _, decl := range file.Decls {
		if d, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(d.Name.Name, "Example") {
			examples = true
		}
	}
	if !examples {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := selector.X.(*ast.Ident); ok {
				s.shown[x.Name+"."+selector.Sel.Name] = true
			}
			s.shown["."+selector.Sel.Name] = true
		}
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				s.shown["."+key.Name] = true
			}
		}
		return true
	})
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	all := surfaceOf(t)
	require.Greater(t, len(all.names), 200)
	var lacking []string
	for _, e := range all.names {
		if e.doc == "" {
			lacking = append(lacking, e.name)
		}
	}
	require.Empty(t, lacking, "no doc comment")
}

var sentinel = regexp.MustCompile(`^Err[A-Z]`)

// The documentation of a package reads as a page: what to take, how that looks,
// what the zero values are, what may be done at once, what failure looks like.
func TestPackageDocsReadAsAPage(t *testing.T) {
	for _, dir := range packageDirs(t) {
		var page string
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.PackageClauseOnly)
			require.NoError(t, err)
			page += file.Doc.Text()
		}
		require.True(t, strings.HasPrefix(page, "Package "+filepath.Base(dir)+" "), dir)
		for what, pattern := range map[string]string{
			"a decision":       `For most\s+uses|need\s+nothing of it|one\s+test is enough`,
			"an example":       `(?m)^\t\S`,
			"the zero value":   `(?i)\bzero\b`,
			"concurrency":      `concurren|goroutines|at\s+once|at the same time`,
			"what failure is":  `error|fail|panic`,
			"more than a line": `(?s)\n\n.*\n\n`,
		} {
			require.Regexp(t, pattern, page, "the documentation of %s lacks %s", dir, what)
		}
	}
}

// askedFor are methods that interfaces of others ask for: nobody calls them by
// hand.
var askedFor = strings.Fields("Error Unwrap Is As String MarshalText UnmarshalText MarshalJSON UnmarshalJSON Retryable")

// toolkits are packages for authors of runners and stores, whose package docs show
// how they are used.
var toolkits = []string{"runner/engine", "runner/runnertest", "runner/storetest"}

// What is called, and errors that are asked for, are shown. What a comment says to
// be for authors of runners is not for everybody.
func TestEverythingUsersTypeIsShownInAnExample(t *testing.T) {
	all := surfaceOf(t)
	authors := map[string]bool{}
	for _, e := range all.names {
		if regexp.MustCompile(`(?s)for\s+authors\s+of\s+runners|package\s+codec\s+is\s+made\s+of`).MatchString(e.doc) {
			authors[e.name] = true
		}
	}
	for _, name := range forAuthors(t, "chain") {
		authors["chain."+name] = true
	}
	var lacking []string
	for _, e := range all.names {
		parts := strings.Split(e.name, ".")
		receiver, method := strings.Join(parts[:2], "."), len(parts) == 3
		if slices.Contains(toolkits, e.dir) || authors[e.name] || authors[receiver] || method && slices.Contains(askedFor, parts[2]) {
			continue
		}
		if !e.called && !sentinel.MatchString(parts[1]) {
			continue // types and constants are seen where they are used
		}
		if seen := all.shown[e.name] || method && all.shown["."+parts[2]]; !seen {
			lacking = append(lacking, e.name)
		}
	}
	require.Empty(t, lacking, "no Example")
}

// forAuthors are the names that a package's doc says to be for authors of runners.
func forAuthors(t *testing.T, dir string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "doc.go"))
	require.NoError(t, err)
	paragraphs := strings.Split(strings.ReplaceAll(string(text), "\n// ", "\n"), "\n//\n")
	for _, p := range paragraphs {
		if regexp.MustCompile(`are\s+for\s+authors\s+of\s+runners`).MatchString(p) {
			for _, found := range regexp.MustCompile(`\[(\w+)\]`).FindAllStringSubmatch(p, -1) {
				names = append(names, found[1])
			}
		}
	}
	require.NotEmpty(t, names)
	return names
}
